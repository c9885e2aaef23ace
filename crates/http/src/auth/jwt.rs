//! Tokens signed with a shared secret (HS256). The library checks the signature; the claims are checked here, strictly typed and by the
//! injected clock (RFC 7519; RFC 8725).

use super::{AuthError, Token};
use campanile_core::{Identity, Recipient, Tenant, Timestamp, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde_json::{Map, Value};
use std::{collections::HashSet, time::Duration};

/// The longest token that is looked at: longer ones cost work and mean nothing good.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The shortest secret: as long as the hash (RFC 7518, 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

const NAME_IDENTIFIER: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

/// What a token must say. The default asks for `exp` and a user, and allows 30 s of leeway.
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
}

impl From<TokenFault> for AuthError {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::NoUser => Self::NoUser,
            _ => Self::Invalid,
        }
    }
}

/// Checks tokens.
#[derive(Clone)]
pub struct Jwt {
    key: DecodingKey,
    validation: Validation,
    options: JwtOptions,
}

impl std::fmt::Debug for Jwt {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Jwt {
    /// A verifier for tokens signed with this secret.
    ///
    /// # Errors
    ///
    /// [`SecretTooShort`] below 32 bytes.
    pub fn hs256(secret: &[u8], options: JwtOptions) -> Result<Self, SecretTooShort> {
        check_secret(secret)?;
        // The signature and its algorithm only: the claims are ours, see `claims`.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims = HashSet::new();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Ok(Self { key: DecodingKey::from_secret(secret), validation, options })
    }

    /// The user a token stands for.
    ///
    /// # Errors
    ///
    /// [`TokenFault`] says as much as its sender may know.
    pub fn identity(&self, token: &[u8], now: Timestamp) -> Result<Identity, TokenFault> {
        let claims = self.claims(token, now)?;
        let user = self.user(&claims)?;
        let recipient = Recipient::new(self.tenant(&claims)?, user);
        Ok(Identity { recipient, expires_at: Some(expiry(&claims)?), issued_at: moment(&claims, "iat")? })
    }

    /// What a token allows in the application's API.
    pub(crate) fn application(&self, token: &[u8], now: Timestamp) -> Result<Token, TokenFault> {
        let claims = self.claims(token, now)?;
        let scopes = match claims.get("scope") {
            None | Some(Value::Null) => "",
            Some(Value::String(scopes)) => scopes,
            Some(_) => return Err(TokenFault::Invalid),
        };
        let tenant = self.tenant(&claims)?;
        let user = self.user(&claims).ok();
        let (expires_at, issued_at) = (Some(expiry(&claims)?), moment(&claims, "iat")?);
        let identity =
            user.map(|user| Identity { recipient: Recipient::new(tenant.clone(), user), expires_at, issued_at });
        Ok(Token { tenant, scopes: scopes.into(), credential: credential(&claims), identity })
    }

    fn claims(&self, token: &[u8], now: Timestamp) -> Result<Map<String, Value>, TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::Invalid);
        }
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &self.key, &self.validation)
            .map_err(|_| TokenFault::Invalid)?;
        check_header(&decoded.header)?;
        self.check_time(&decoded.claims, now)?;
        self.check_parties(&decoded.claims)?;
        Ok(decoded.claims)
    }

    fn check_time(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), TokenFault> {
        if now.minus(self.options.leeway) >= expiry(claims)? {
            return Err(TokenFault::Expired);
        }
        match moment(claims, "nbf")? {
            Some(from) if from > now.plus(self.options.leeway) => Err(TokenFault::Invalid),
            _ => Ok(()),
        }
    }

    fn check_parties(&self, claims: &Map<String, Value>) -> Result<(), TokenFault> {
        let issuer = self.options.issuer.as_deref();
        let from_issuer = issuer.is_none() || claims.get("iss").and_then(Value::as_str) == issuer;
        let for_audience = self.options.audience.as_deref().is_none_or(|ours| names(claims.get("aud"), ours));
        if from_issuer && for_audience { Ok(()) } else { Err(TokenFault::Invalid) }
    }

    /// A claim that is there but cannot be a user ends the search: a token never slides to another identity.
    fn user(&self, claims: &Map<String, Value>) -> Result<UserId, TokenFault> {
        let mut candidates = self.options.user_claims.iter().filter_map(|name| claims.get(name));
        match candidates.find(|value| !value.is_null()) {
            None => Err(TokenFault::NoUser),
            Some(Value::String(user)) if user.is_empty() => Err(TokenFault::NoUser),
            Some(Value::String(user)) => UserId::new(user).map_err(|_| TokenFault::BadUser),
            Some(_) => Err(TokenFault::BadUser),
        }
    }

    fn tenant(&self, claims: &Map<String, Value>) -> Result<Tenant, TokenFault> {
        let Some(claim) = &self.options.tenant_claim else { return Ok(Tenant::default()) };
        let tenant = claims.get(claim).and_then(Value::as_str).ok_or(TokenFault::NoTenant)?;
        Tenant::new(tenant).map_err(|_| TokenFault::NoTenant)
    }
}

/// Whose token it is, whichever of theirs: issuer and subject.
fn credential(claims: &Map<String, Value>) -> String {
    let part = |name| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    // Quoted, so that no two pairs are written alike.
    format!("token {:?} {:?}", part("iss"), part("sub"))
}

/// An unknown critical extension, or a token made for another purpose (RFC 8725, 3.11), is none of ours. A missing `typ` is usual.
fn check_header(header: &Header) -> Result<(), TokenFault> {
    let ours = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
    };
    let understood = header.crit.is_none() && header.zip.is_none() && header.typ.as_deref().is_none_or(ours);
    if understood { Ok(()) } else { Err(TokenFault::Invalid) }
}

fn expiry(claims: &Map<String, Value>) -> Result<Timestamp, TokenFault> {
    moment(claims, "exp")?.ok_or(TokenFault::Invalid)
}

/// A time claim: whole seconds, not negative. Anything else there is a fault, never "not there".
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, TokenFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| *seconds >= 0).ok_or(TokenFault::Invalid)?;
    Ok(Some(Timestamp::from_seconds(seconds)))
}

fn names(audience: Option<&Value>, ours: &str) -> bool {
    match audience {
        Some(Value::String(one)) => one == ours,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(ours)),
        _ => false,
    }
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
