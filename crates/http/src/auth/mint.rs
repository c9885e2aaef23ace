//! Making tokens, for trying things out and for tests.

use super::jwt::{SecretTooShort, check_secret};
use jsonwebtoken::{EncodingKey, Header};
use std::time::Duration;

/// What a token says. The default is a user's token for one hour.
///
/// ```
/// use campanile_http::TokenOptions;
///
/// let options = TokenOptions { user: Some("u1".into()), ..TokenOptions::default() };
/// ```
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// The user (`sub`); a token of an application may do without.
    pub user: Option<String>,
    /// How long it is good.
    pub ttl: Duration,
    /// Space-separated scopes of the application's API.
    pub scope: Option<String>,
    /// The tenant claim's name and value.
    pub tenant: Option<(String, String)>,
    /// The issuer (`iss`).
    pub issuer: Option<String>,
    /// The audience (`aud`).
    pub audience: Option<String>,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self { user: None, ttl: Duration::from_secs(3600), scope: None, tenant: None, issuer: None, audience: None }
    }
}

/// Why no token was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The secret would not be accepted either.
    #[error(transparent)]
    Secret(#[from] SecretTooShort),
    /// It could not be signed.
    #[error("the token could not be signed: {0}")]
    Sign(String),
}

/// Makes an HS256 token.
///
/// # Errors
///
/// [`MintError::Secret`] for a secret that a server would refuse.
pub fn mint_token(secret: &[u8], now: campanile_core::Timestamp, options: &TokenOptions) -> Result<String, MintError> {
    check_secret(secret)?;
    let issued = now.as_millis() / 1000;
    let mut claims = serde_json::Map::new();
    claims.insert("iat".into(), issued.into());
    claims.insert("exp".into(), (now.plus(options.ttl).as_millis() / 1000).into());
    let texts =
        [("sub", &options.user), ("scope", &options.scope), ("iss", &options.issuer), ("aud", &options.audience)];
    for (name, value) in texts {
        if let Some(value) = value {
            claims.insert(name.into(), value.clone().into());
        }
    }
    if let Some((claim, tenant)) = &options.tenant {
        claims.insert(claim.clone(), tenant.clone().into());
    }
    let signed = jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret));
    signed.map_err(|error| MintError::Sign(error.to_string()))
}
