//! Tokens (RFC 7519; RFC 8725). Which key and which algorithm check a token is decided here, the signature is checked by the library, what
//! a token says by `claims`.

use super::{
    AuthError, Token,
    claims::Claims,
    keys::{Algorithm, Key, KeySource},
};
use campanile_core::{Identity, Timestamp};
use futures_util::future::join_all;
use jsonwebtoken::Header;
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest token that is looked at: longer ones cost work and mean nothing good.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The shortest secret: as long as the hash (RFC 7518, 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

const NAME_IDENTIFIER: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

/// What a token must say. The default asks for `exp` and a user, and allows 30 s of leeway.
///
/// ```
/// use campanile_http::JwtOptions;
///
/// let options = JwtOptions { tenant_claim: Some("org".into()), audience: Some("bell".into()), ..JwtOptions::default() };
/// ```
#[derive(Clone, Debug)]
pub struct JwtOptions {
    /// How far clocks may differ. It only admits requests: a stream ends at `exp` itself.
    pub leeway: Duration,
    /// Where the user is found: the first of these claims that is there.
    pub user_claims: Vec<String>,
    /// Where the tenant is found; without it everybody is in `default`, with it a token must have it.
    pub tenant_claim: Option<String>,
    /// The issuer a token must name.
    pub issuer: Option<String>,
    /// The audience a token must name, alone or among others.
    pub audience: Option<String>,
}

impl Default for JwtOptions {
    fn default() -> Self {
        Self {
            leeway: Duration::from_secs(30),
            user_claims: vec!["sub".into(), NAME_IDENTIFIER.into()],
            tenant_claim: None,
            issuer: None,
            audience: None,
        }
    }
}

/// The secret is too short to sign anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret must have at least {MIN_SECRET_BYTES} bytes")]
pub struct SecretTooShort;

pub(crate) fn check_secret(secret: &[u8]) -> Result<(), SecretTooShort> {
    if secret.len() < MIN_SECRET_BYTES { Err(SecretTooShort) } else { Ok(()) }
}

/// What is wrong with a token, as far as its sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFault {
    /// It is no token of ours: form, algorithm, signature, or a claim of the wrong kind.
    #[error("The token is not valid.")]
    Invalid,
    /// Its time is over.
    #[error("The token has expired.")]
    Expired,
    /// It names no user.
    #[error("User identifier claim not found.")]
    NoUser,
    /// It names a user that cannot be one.
    #[error("The user identifier claim must be a string of 1 to 256 bytes without control characters.")]
    BadUser,
    /// It names no tenant, where one is needed.
    #[error("Tenant claim not found.")]
    NoTenant,
    /// It tells a client who has logged in, and opens nothing.
    #[error("The token is an ID token: the access token is needed.")]
    IdToken,
    /// The key it names may exist, and cannot be had now.
    #[error("The keys that tokens are checked with are not available.")]
    Unavailable,
}

impl From<TokenFault> for AuthError {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::NoUser => Self::NoUser,
            TokenFault::Unavailable => Self::Unavailable,
            _ => Self::Invalid,
        }
    }
}

/// Checks tokens.
#[derive(Clone)]
pub struct Jwt {
    secret: Option<Key>,
    sources: Vec<KeySource>,
    /// Those of the keys, while empty.
    algorithms: Vec<Algorithm>,
    options: JwtOptions,
}

impl std::fmt::Debug for Jwt {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What became of a token with the keys there are.
enum Tried {
    Opened(Map<String, Value>),
    /// The key it names did not sign it.
    Forged,
    /// No key here did; another one may have.
    UnknownKey,
}

impl Jwt {
    /// A verifier that has no keys yet, and so takes no token.
    #[must_use]
    pub fn new(options: JwtOptions) -> Self {
        Self { secret: None, sources: Vec::new(), algorithms: Vec::new(), options }
    }

    /// A verifier for tokens signed with this secret.
    ///
    /// # Errors
    ///
    /// [`SecretTooShort`] below 32 bytes.
    pub fn hs256(secret: &[u8], options: JwtOptions) -> Result<Self, SecretTooShort> {
        Self::new(options).with_secret(secret)
    }

    /// Takes tokens signed with this secret (HS256), too. No other key is ever used for HS256.
    ///
    /// # Errors
    ///
    /// [`SecretTooShort`] below 32 bytes.
    pub fn with_secret(mut self, secret: &[u8]) -> Result<Self, SecretTooShort> {
        check_secret(secret)?;
        self.secret = Some(Key::secret(secret));
        Ok(self)
    }

    /// Takes tokens signed for the public keys of this place (RS256, ES256, EdDSA), too.
    #[must_use]
    pub fn with_keys(mut self, source: KeySource) -> Self {
        self.sources.push(source);
        self
    }

    /// Takes these algorithms only, whatever the keys could do; without any, all that there are keys for.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// The user a token stands for. It may wait for keys to be fetched, a few seconds at most.
    ///
    /// # Errors
    ///
    /// [`TokenFault`] says as much as its sender may know.
    pub async fn identity(&self, token: &[u8], now: Timestamp) -> Result<Identity, TokenFault> {
        self.claims(token, now).await?.identity(&self.options)
    }

    /// What a token allows in the application's API.
    pub(crate) async fn application(&self, token: &[u8], now: Timestamp) -> Result<Token, TokenFault> {
        self.claims(token, now).await?.application(&self.options)
    }

    async fn claims(&self, token: &[u8], now: Timestamp) -> Result<Claims, TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenFault::Invalid)?;
        check_header(&header)?;
        let algorithm = Algorithm::claimed(header.alg).filter(|claimed| self.takes(*claimed));
        let opened = match algorithm.ok_or(TokenFault::Invalid)? {
            Algorithm::Hs256 => self.secret.as_ref().and_then(|secret| secret.open(token)).ok_or(TokenFault::Invalid),
            by_public_key => self.open(token, by_public_key, header.kid.as_deref()).await,
        };
        Claims::checked(opened?, &self.options, now)
    }

    fn takes(&self, algorithm: Algorithm) -> bool {
        self.algorithms.is_empty() || self.algorithms.contains(&algorithm)
    }

    /// Opens a token with a public key; with one that is new, if there is one.
    async fn open(
        &self,
        token: &[u8],
        algorithm: Algorithm,
        name: Option<&str>,
    ) -> Result<Map<String, Value>, TokenFault> {
        self.sources.iter().for_each(KeySource::keep_reading);
        let mut tried = self.try_known(token, algorithm, name);
        if matches!(tried, Tried::UnknownKey) {
            join_all(self.sources.iter().map(|source| source.look_again(algorithm, name))).await;
            tried = self.try_known(token, algorithm, name);
        }
        match tried {
            Tried::Opened(opened) => Ok(opened),
            Tried::UnknownKey if self.sources.iter().any(KeySource::is_in_doubt) => Err(TokenFault::Unavailable),
            Tried::UnknownKey | Tried::Forged => Err(TokenFault::Invalid),
        }
    }

    /// The key that the token names decides alone. Keys without a name are tried in turn.
    fn try_known(&self, token: &[u8], algorithm: Algorithm, name: Option<&str>) -> Tried {
        let sets: Vec<_> = self.sources.iter().filter_map(KeySource::keys).collect();
        let named = name.and_then(|name| sets.iter().find_map(|set| set.named(algorithm, name)));
        if let Some(key) = named {
            return key.open(token).map_or(Tried::Forged, Tried::Opened);
        }
        let mut others = sets.iter().flat_map(|set| set.to_try(algorithm, name));
        others.find_map(|key| key.open(token)).map_or(Tried::UnknownKey, Tried::Opened)
    }
}

/// An unknown critical extension, a token within a token, or one made for another purpose (RFC 8725, 3.11) is none of ours. A missing `typ`
/// is usual: RFC 7519 leaves it out at will, and large providers do.
fn check_header(header: &Header) -> Result<(), TokenFault> {
    let ours = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
    };
    let plain = header.crit.is_none() && header.zip.is_none() && header.enc.is_none() && header.cty.is_none();
    if plain && header.typ.as_deref().is_none_or(ours) { Ok(()) } else { Err(TokenFault::Invalid) }
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
