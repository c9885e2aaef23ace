//! Tokens made by this program, as its own configuration wants them.

use crate::{
    config::{Auth, Secret},
    failure::Failure,
};
use campanile_core::Timestamp;
use campanile_http::{Algorithm, TokenOptions, mint_token};
use std::time::Duration;

/// What a token is to say.
#[derive(Clone, Default, Debug)]
pub(crate) struct Wish {
    pub(crate) user: Option<String>,
    pub(crate) ttl: Duration,
    pub(crate) scope: Option<String>,
    /// `None`: the tenant `default`, where tokens must name one.
    pub(crate) tenant: Option<String>,
}

/// The claim that names the tenant where the configuration names none.
const TENANT_CLAIM: &str = "tenant";

/// The claim that tokens made here name the user in.
const USER_CLAIM: &str = "sub";

/// Makes a token that a server with this configuration takes.
///
/// # Errors
///
/// The configuration looks for users where tokens made here do not have them, or the secret is too short.
pub(crate) fn token(auth: &Auth, secret: &Secret, now: Timestamp, wish: Wish) -> Result<String, Failure> {
    if wish.user.is_some() && !auth.user_claims.iter().any(|claim| claim == USER_CLAIM) {
        return Err(Failure::Runtime(
            "auth.user_claims does not have `sub`, and tokens made here name the user there: let your application make them".into(),
        ));
    }
    if !auth.allows(Algorithm::Hs256) {
        return Err(Failure::Runtime(
            "auth.algorithms does not list HS256, which tokens made here are signed by: let whoever has the private key make them".into(),
        ));
    }
    let options = TokenOptions {
        user: wish.user,
        ttl: wish.ttl,
        scope: wish.scope,
        tenant: tenant(auth, wish.tenant),
        issuer: auth.issuer.clone(),
        audience: auth.audience.clone(),
    };
    mint_token(secret.expose().as_bytes(), now, &options)
        .map_err(|error| Failure::Runtime(format!("cannot make a token: {error}; use another secret")))
}

fn tenant(auth: &Auth, wished: Option<String>) -> Option<(String, String)> {
    match (&auth.tenant_claim, wished) {
        (Some(claim), wished) => Some((claim.clone(), wished.unwrap_or_else(|| "default".into()))),
        (None, Some(tenant)) => Some((TENANT_CLAIM.into(), tenant)),
        (None, None) => None,
    }
}
