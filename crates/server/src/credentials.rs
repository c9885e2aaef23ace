//! From the configuration to what the routes accept.

use crate::{
    config::{Auth, Config, Key, keys},
    failure::Failure,
};
use campanile_http::{Credentials, Jwt, JwtOptions, KeySource, KeysError};

/// All credentials that are configured. Files are read here once more, and then whenever they change.
///
/// # Errors
///
/// A file that was good a moment ago is not any more, or nothing can be fetched from here at all.
pub(crate) fn accepted(config: &Config) -> Result<Credentials, Failure> {
    let credentials = Credentials::default().with_api_keys(config.api_keys.iter().cloned());
    if config.auth.takes_tokens() { Ok(credentials.with_jwt(jwt(&config.auth)?)) } else { Ok(credentials) }
}

/// Says what is allowed and probably not meant.
pub(crate) fn warn(config: &Config) {
    let auth = &config.auth;
    if !auth.takes_tokens() {
        tracing::warn!("no keys for tokens are configured: applications can publish, but no user can open a stream");
    }
    if auth.has_public_keys() && auth.audience.is_none() {
        tracing::warn!(
            "auth.audience is not set: tokens that the same issuer made for other services are accepted, too"
        );
    }
}

fn jwt(auth: &Auth) -> Result<Jwt, Failure> {
    let mut jwt = Jwt::new(options(auth)).with_algorithms(auth.algorithms.iter().copied());
    if let Some(secret) = &auth.jwt_secret {
        jwt = jwt
            .with_secret(secret.expose().as_bytes())
            .map_err(|error| failure(keys::JWT_SECRET, &error.to_string()))?;
    }
    Ok(sources(auth)?.into_iter().fold(jwt, Jwt::with_keys))
}

fn sources(auth: &Auth) -> Result<Vec<KeySource>, Failure> {
    let pem = auth.public_key_file.as_ref().map(|file| (keys::PUBLIC_KEY_FILE, KeySource::pem_file(&file.path)));
    let jwks = auth.jwks_file.as_ref().map(|file| (keys::JWKS_FILE, KeySource::jwks_file(&file.path)));
    let remote = auth.jwks_url.as_ref().map(|url| (keys::JWKS_URL, KeySource::jwks_url(url)));
    [pem, jwks, remote].into_iter().flatten().map(|(key, source)| opened(key, source)).collect()
}

fn opened(key: &Key, source: Result<KeySource, KeysError>) -> Result<KeySource, Failure> {
    source.map_err(|error| failure(key, &error.to_string()))
}

fn failure(key: &Key, reason: &str) -> Failure {
    Failure::Runtime(format!("{}: {reason}", key.name))
}

fn options(auth: &Auth) -> JwtOptions {
    JwtOptions {
        leeway: auth.leeway,
        user_claims: auth.user_claims.clone(),
        tenant_claim: auth.tenant_claim.clone(),
        issuer: auth.issuer.clone(),
        audience: auth.audience.clone(),
    }
}
