//! What a token says, strictly typed and by the injected clock (RFC 7519, 4). A claim of the wrong kind is a fault, never "not there".

use super::{JwtOptions, Token, TokenFault};
use campanile_core::{Identity, Recipient, Tenant, Timestamp, UserId};
use serde_json::{Map, Value};

/// What only ID tokens have (OpenID Connect Core 1.0, 2 and 3.3.2.11).
const OF_ID_TOKENS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// The claims of a token whose signature is good, and which is good here and now.
pub(super) struct Claims {
    claims: Map<String, Value>,
    expires_at: Timestamp,
    issued_at: Option<Timestamp>,
}

impl Claims {
    /// Checks what has nothing to do with who it is.
    pub(super) fn checked(
        claims: Map<String, Value>,
        options: &JwtOptions,
        now: Timestamp,
    ) -> Result<Self, TokenFault> {
        let expires_at = moment(&claims, "exp")?.ok_or(TokenFault::Invalid)?;
        let issued_at = moment(&claims, "iat")?;
        let not_before = moment(&claims, "nbf")?;
        if now.minus(options.leeway) >= expires_at {
            return Err(TokenFault::Expired);
        }
        if not_before.is_some_and(|from| from > now.plus(options.leeway)) {
            return Err(TokenFault::Invalid);
        }
        check_parties(&claims, options)?;
        check_purpose(&claims)?;
        Ok(Self { claims, expires_at, issued_at })
    }

    /// The user it stands for.
    pub(super) fn identity(&self, options: &JwtOptions) -> Result<Identity, TokenFault> {
        let user = self.user(options)?;
        Ok(self.identity_of(self.tenant(options)?, user))
    }

    fn identity_of(&self, tenant: Tenant, user: UserId) -> Identity {
        let recipient = Recipient::new(tenant, user);
        Identity { recipient, expires_at: Some(self.expires_at), issued_at: self.issued_at }
    }

    /// What it allows in the application's API.
    pub(super) fn application(&self, options: &JwtOptions) -> Result<Token, TokenFault> {
        let scopes = match self.claims.get("scope") {
            None | Some(Value::Null) => "",
            Some(Value::String(scopes)) => scopes,
            Some(_) => return Err(TokenFault::Invalid),
        };
        let tenant = self.tenant(options)?;
        let identity = self.user(options).ok().map(|user| self.identity_of(tenant.clone(), user));
        Ok(Token { tenant, scopes: scopes.into(), credential: self.credential(), identity })
    }

    /// Whose token it is, whichever of theirs: issuer and subject.
    fn credential(&self) -> String {
        let part = |name| self.claims.get(name).and_then(Value::as_str).unwrap_or_default();
        // Quoted, so that no two pairs are written alike.
        format!("token {:?} {:?}", part("iss"), part("sub"))
    }

    /// A claim that is there but cannot be a user ends the search: a token never slides to another identity.
    fn user(&self, options: &JwtOptions) -> Result<UserId, TokenFault> {
        let mut candidates = options.user_claims.iter().filter_map(|name| self.claims.get(name));
        match candidates.find(|value| !value.is_null()) {
            None => Err(TokenFault::NoUser),
            Some(Value::String(user)) if user.is_empty() => Err(TokenFault::NoUser),
            Some(Value::String(user)) => UserId::new(user).map_err(|_| TokenFault::BadUser),
            Some(_) => Err(TokenFault::BadUser),
        }
    }

    fn tenant(&self, options: &JwtOptions) -> Result<Tenant, TokenFault> {
        let Some(claim) = &options.tenant_claim else { return Ok(Tenant::default()) };
        let tenant = self.claims.get(claim).and_then(Value::as_str).ok_or(TokenFault::NoTenant)?;
        Tenant::new(tenant).map_err(|_| TokenFault::NoTenant)
    }
}

fn check_parties(claims: &Map<String, Value>, options: &JwtOptions) -> Result<(), TokenFault> {
    let issuer = options.issuer.as_deref();
    let from_issuer = issuer.is_none() || claims.get("iss").and_then(Value::as_str) == issuer;
    let for_audience = options.audience.as_deref().is_none_or(|ours| names(claims.get("aud"), ours));
    if from_issuer && for_audience { Ok(()) } else { Err(TokenFault::Invalid) }
}

fn names(audience: Option<&Value>, ours: &str) -> bool {
    match audience {
        Some(Value::String(one)) => one == ours,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(ours)),
        _ => false,
    }
}

/// A provider signs other tokens with the same key: ID tokens are for the client that logged somebody in (RFC 9068, 5).
fn check_purpose(claims: &Map<String, Value>) -> Result<(), TokenFault> {
    let said_so = claims.get("typ").and_then(Value::as_str) == Some("ID");
    let is_id_token = said_so || OF_ID_TOKENS.iter().any(|claim| claims.contains_key(*claim));
    if is_id_token { Err(TokenFault::IdToken) } else { Ok(()) }
}

/// A time claim: whole seconds, not negative.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, TokenFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| *seconds >= 0).ok_or(TokenFault::Invalid)?;
    Ok(Some(Timestamp::from_seconds(seconds)))
}
