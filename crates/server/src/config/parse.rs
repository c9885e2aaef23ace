//! The rules of single values. Each function answers with what is wrong, in words that finish the sentence "the value …".

use super::meant::{ApiKey, Secret, StoreUrl};
use super::published;
use std::net::SocketAddr;

/// HS256 signs with a 32 byte hash; a shorter secret is weaker than that (RFC 7518 section 3.2).
const MIN_JWT_SECRET_BYTES: usize = 32;

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".into())
}

/// A path to put in front: `/live`, without a `/` at its end. Empty: none.
pub(super) fn base_path(text: &str) -> Result<String, String> {
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
    if text.len() < MIN_JWT_SECRET_BYTES {
        return Err(format!(
            "has {} bytes and needs at least {MIN_JWT_SECRET_BYTES}; `openssl rand -hex 32` makes a good one",
            text.len()
        ));
    }
    if published::is_published_secret(text) {
        return Err(
            "is an example from the documentation, which everybody knows; `openssl rand -hex 32` makes a new one"
                .into(),
        );
    }
    Ok(Secret::new(text))
}

/// `name:SHA-256-of-the-key-in-hex`.
pub(super) fn api_key(text: &str) -> Result<ApiKey, String> {
    const FORM: &str = "must be name:SHA-256-of-the-key-in-hex";
    let (name, hex) = text.split_once(':').ok_or(FORM)?;
    let visible = |c: char| c.is_ascii_graphic();
    if name.is_empty() || name.len() > 64 || !name.chars().all(visible) {
        return Err(format!("{FORM}, and the name has 1 to 64 visible ASCII characters"));
    }
    let sha256 = sha256(hex).ok_or(format!("{FORM}, and the hash has 64 hexadecimal digits"))?;
    if published::is_published_key(&sha256) {
        return Err(format!("{name} is an example from the documentation, which everybody knows; make a new key"));
    }
    Ok(ApiKey { name: name.to_owned(), sha256 })
}

fn sha256(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// An origin as browsers write it: scheme, host and perhaps a port, nothing more.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(host) && !default_port(text) => Ok(text.to_owned()),
        _ => Err("must be an origin as browsers send it, such as https://app.example or http://localhost:3000: \
                  lower case, no path, no wildcard, no default port"
            .into()),
    }
}

fn default_port(origin: &str) -> bool {
    (origin.starts_with("https://") && origin.ends_with(":443"))
        || (origin.starts_with("http://") && origin.ends_with(":80"))
}

/// A cookie's name (RFC 6265: a token).
pub(super) fn cookie(text: &str) -> Result<String, String> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !text.is_empty() && text.chars().all(token) {
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
