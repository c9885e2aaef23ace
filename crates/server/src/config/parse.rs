//! The rules of single values. Each function answers with what is wrong, in words that finish the sentence "the value …".

use super::{
    meant::{KeyFile, Secret, StoreUrl},
    published,
};
use campanile_http::{Algorithm, ApiKey, JwksUrl, KeySource, KeysError, MIN_SECRET_BYTES, is_cookie_name, is_origin};
use std::{net::SocketAddr, path::PathBuf};

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".into())
}

/// A path to put in front: `/live`, without a `/` at its end. Empty: none.
pub(crate) fn base_path(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let segment =
        |segment: &str| !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(allowed);
    match text.strip_prefix('/') {
        _ if text.is_empty() => Ok(String::new()),
        Some(path) if path.split('/').all(segment) => Ok(text.to_owned()),
        _ => Err("must begin with / and not end with it, and hold letters, digits and -._~ only, such as /live".into()),
    }
}

/// A host name or address as it stands in `Host`, without a port.
pub(super) fn host(text: &str) -> Result<String, String> {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let valid = bracketed.map_or_else(|| text.chars().all(name), |ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
    if valid && !text.is_empty() {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("must be a host name without scheme and port, such as campanile.example".into())
    }
}

pub(super) fn jwt_secret(text: &str) -> Result<Secret, String> {
    if text.len() < MIN_SECRET_BYTES {
        return Err(format!(
            "has {} bytes and needs at least {MIN_SECRET_BYTES}; `openssl rand -hex 32` makes a good one",
            text.len()
        ));
    }
    if text.contains("-----BEGIN ") {
        return Err(
            "is a key in PEM and not a secret: a public key belongs into a file for auth.public_key_file".into()
        );
    }
    if published::is_published_secret(text) {
        return Err(
            "is an example from the documentation, which everybody knows; `openssl rand -hex 32` makes a new one"
                .into(),
        );
    }
    Ok(Secret::new(text))
}

/// A file with public keys in PEM, which must be readable now.
pub(super) fn pem_file(text: &str) -> Result<KeyFile, String> {
    key_file(text, KeySource::pem_file)
}

/// A file with a key set, which must be readable now.
pub(super) fn jwks_file(text: &str) -> Result<KeyFile, String> {
    key_file(text, KeySource::jwks_file)
}

fn key_file(text: &str, open: impl Fn(PathBuf) -> Result<KeySource, KeysError>) -> Result<KeyFile, String> {
    let source = open(text.into()).map_err(|error| format!("{text} {error}"))?;
    Ok(KeyFile { path: text.into(), algorithms: source.algorithms().unwrap_or_default() })
}

pub(super) fn jwks_url(text: &str) -> Result<JwksUrl, String> {
    JwksUrl::parse(text).map_err(|error| error.to_string())
}

pub(super) fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().map_err(|error: campanile_http::UnknownAlgorithm| error.to_string())
}

/// `name:SHA-256-of-the-key-in-hex`.
pub(super) fn api_key(text: &str) -> Result<ApiKey, String> {
    let key = ApiKey::parse(text).map_err(|error| error.to_string())?;
    if key.name().len() > 64 || !key.name().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must begin with a name of 1 to 64 visible ASCII characters".into());
    }
    if published::is_published_key(key.sha256()) {
        return Err(format!(
            "{} is an example from the documentation, which everybody knows; make a new key",
            key.name()
        ));
    }
    Ok(key)
}

/// An origin as browsers write it: scheme, host and perhaps a port, nothing more.
pub(super) fn origin(text: &str) -> Result<String, String> {
    if is_origin(text) {
        return Ok(text.to_owned());
    }
    Err("must be an origin as browsers send it, such as https://app.example or http://localhost:3000: \
         lower case, no path, no wildcard, no default port"
        .into())
}

/// A cookie's name (RFC 6265: a token).
pub(super) fn cookie(text: &str) -> Result<String, String> {
    if is_cookie_name(text) {
        Ok(text.to_owned())
    } else {
        Err("must be a cookie's name: letters, digits and !#$%&'*+-.^_`|~".into())
    }
}

pub(super) fn claim(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty".into()) } else { Ok(text.to_owned()) }
}

pub(super) fn store_url(text: &str) -> Result<StoreUrl, String> {
    match text.split_once(':') {
        Some(("memory", "")) => Ok(StoreUrl::Memory),
        Some(("sqlite", rest)) => {
            match rest.strip_prefix("//") {
                Some(path) if !path.is_empty() => Ok(StoreUrl::Sqlite(path.into())),
                _ => Err("must name a file, such as sqlite://campanile.db or sqlite:///var/lib/campanile/campanile.db"
                    .into()),
            }
        }
        Some(("postgres" | "postgresql", _)) => Err("postgres:// is not in this build".into()),
        _ => Err("must be sqlite://PATH or memory:".into()),
    }
}
