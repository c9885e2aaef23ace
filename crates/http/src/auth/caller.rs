//! Finding out who asks, in the contract's order, and refusing in its words.

use super::{
    ApiKey, AuthError, Jwt, SCOPE_ADMIN, Token, TokenFault, Users,
    bearer::{self, Authorization},
    cookie,
};
use crate::{Code, Http, Problem, failure, query};
use campanile_core::{Fault, Identity, Tenant};
use http::{HeaderValue, header::WWW_AUTHENTICATE, request::Parts};

/// A user who asks.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
}

/// Where a user's credentials came from.
struct Found {
    identity: Identity,
    /// The browser sent them by itself, as it does with cookies: whose page asks must be checked.
    ambient: bool,
}

impl Caller {
    /// The user behind a request: a bearer token, else a cookie. Cookies from a foreign page are refused.
    pub(crate) async fn of(http: &Http, parts: &Parts) -> Result<Self, Problem> {
        let found = find(http, parts).await?;
        if found.ambient {
            http.origins().check_ambient(parts)?;
        }
        Ok(Self { identity: found.identity })
    }
}

async fn find(http: &Http, parts: &Parts) -> Result<Found, Problem> {
    let authorization = bearer::read(&parts.headers);
    match http.credentials().users() {
        Users::Nobody => Err(missing()),
        Users::Tokens(jwt) => by_token(http, &jwt, &authorization, parts).await,
        Users::Custom(custom) => {
            let ambient = authorization == Authorization::Absent;
            let identity = custom.authenticate(parts).await.map_err(refused)?;
            Ok(Found { identity, ambient })
        }
    }
}

async fn by_token(http: &Http, jwt: &Jwt, authorization: &Authorization<'_>, parts: &Parts) -> Result<Found, Problem> {
    let (token, ambient) = match authorization {
        Authorization::Bearer(token) => (*token, false),
        Authorization::Unusable => return Err(invalid("The Authorization header must be one bearer token.")),
        Authorization::Absent => (cookie::read(&parts.headers, http.cookie()).ok_or_else(missing)?, true),
    };
    let identity = jwt.identity(token, http.now()).await.map_err(bad_token)?;
    Ok(Found { identity, ambient })
}

/// An application that asks.
#[derive(Debug)]
pub(crate) enum ApiCaller {
    /// By the key of this name: all scopes, any tenant.
    Key(String),
    /// By a token: its scopes, its tenant.
    Token(Token),
}

impl ApiCaller {
    /// The application behind a request: a key or a token, never a cookie or a ticket. It needs this scope, or the administrator's.
    pub(crate) async fn of(http: &Http, parts: &Parts, scope: &'static str) -> Result<Self, Problem> {
        let token = match (bearer::read(&parts.headers), api_key(parts)?) {
            (Authorization::Bearer(token), _) => token,
            (Authorization::Unusable, _) => return Err(invalid("The Authorization header must be one bearer token.")),
            (Authorization::Absent, Some(key)) => {
                return by_key(http, key).ok_or_else(|| invalid("The key is not valid."));
            }
            (Authorization::Absent, None) => return Err(missing()),
        };
        if let Some(caller) = by_key(http, token) {
            return Ok(caller);
        }
        let jwt = http.credentials().jwt().ok_or_else(|| invalid("The key is not valid."))?;
        let token = jwt.application(token, http.now()).await.map_err(bad_token)?;
        if token.has_scope(scope) || token.has_scope(SCOPE_ADMIN) { Ok(Self::Token(token)) } else { Err(lacks(scope)) }
    }

    /// Whose request it is, for what is kept per credential.
    pub(crate) fn credential(&self) -> String {
        match self {
            Self::Key(name) => format!("key {name:?}"),
            Self::Token(token) => token.credential.clone(),
        }
    }

    /// The user whom the token names, if one does.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Key(_) => None,
            Self::Token(token) => token.identity.as_ref(),
        }
    }

    /// What this caller asks with to act on a tenant: nothing if that is what it acts on anyway.
    pub(crate) fn query_for(&self, tenant: &Tenant) -> String {
        match self {
            Self::Key(_) if *tenant != Tenant::default() => format!("?tenant={}", query::encode(tenant.as_str())),
            _ => String::new(),
        }
    }

    /// The tenant it acts on: what the query or the body names, for a token only its own.
    pub(crate) fn tenant(&self, parts: &Parts, in_body: Option<&str>) -> Result<Tenant, Problem> {
        let in_query = query::only(parts.uri.query(), "tenant")?;
        let asked = match (&in_query, in_body) {
            (Some(query), Some(body)) if **query != *body.as_bytes() => {
                return Err(vec![Fault::new("/tenant", "must be the one of the query, if both name one")].into());
            }
            (Some(query), _) => Some(("/query/tenant", std::str::from_utf8(query).unwrap_or_default())),
            (None, body) => body.map(|tenant| ("/tenant", tenant)),
        };
        match (self, asked) {
            (Self::Token(token), None) => Ok(token.tenant.clone()),
            (Self::Token(token), Some((_, asked))) if asked == token.tenant.as_str() => Ok(token.tenant.clone()),
            (Self::Token(_), Some(_)) => Err(Problem::new(Code::ForeignTenant, "A token acts on its own tenant only.")),
            (Self::Key(_), None) => Ok(Tenant::default()),
            (Self::Key(_), Some((pointer, asked))) => {
                Tenant::new(asked).map_err(|why| vec![Fault::new(pointer, why.to_string())].into())
            }
        }
    }
}

fn by_key(http: &Http, text: &[u8]) -> Option<ApiCaller> {
    http.credentials().api_key(text).map(|key| ApiCaller::Key(key.name().to_owned()))
}

/// The `X-Api-Key` header; two of them are none.
fn api_key(parts: &Parts) -> Result<Option<&[u8]>, Problem> {
    let mut keys = parts.headers.get_all("x-api-key").iter();
    match (keys.next(), keys.next()) {
        (key, None) => Ok(key.map(HeaderValue::as_bytes)),
        _ => Err(invalid("There must be one X-Api-Key header.")),
    }
}

/// Lets in whoever has one of these keys, by `Authorization: Bearer` or `X-Api-Key`; everybody if there are none.
pub(crate) fn admit(keys: &[ApiKey], parts: &Parts) -> Result<(), Problem> {
    if keys.is_empty() {
        return Ok(());
    }
    let given = match bearer::read(&parts.headers) {
        Authorization::Bearer(key) => Some(key),
        Authorization::Unusable => return Err(invalid("The Authorization header must be one bearer token.")),
        Authorization::Absent => api_key(parts)?,
    };
    let digest = super::key::digest(given.ok_or_else(missing)?);
    let known = keys.iter().fold(false, |known, key| known | key.matches(&digest));
    if known { Ok(()) } else { Err(invalid("The key is not valid.")) }
}

fn challenge(problem: Problem, challenge: &'static str) -> Problem {
    problem.with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// 401 for no credentials: the challenge names no error then (RFC 6750, 3.1).
pub(crate) fn missing() -> Problem {
    let problem = Problem::new(Code::CredentialsMissing, "The request has no credentials.");
    challenge(problem, r#"Bearer realm="campanile""#)
}

/// 401 for credentials that were given and are not good.
pub(crate) fn invalid(detail: &'static str) -> Problem {
    unusable(Problem::new(Code::CredentialsInvalid, detail))
}

fn unusable(problem: Problem) -> Problem {
    challenge(problem, r#"Bearer realm="campanile", error="invalid_token""#)
}

fn bad_token(fault: TokenFault) -> Problem {
    let code = match fault {
        TokenFault::Unavailable => {
            return failure::unavailable(Code::AuthUnavailable, "Credentials cannot be checked now.");
        }
        TokenFault::NoUser | TokenFault::BadUser => Code::UserClaimMissing,
        TokenFault::NoTenant => Code::TenantClaimMissing,
        TokenFault::Invalid | TokenFault::Expired | TokenFault::IdToken => Code::CredentialsInvalid,
    };
    unusable(Problem::new(code, fault.to_string()))
}

fn refused(error: AuthError) -> Problem {
    match error {
        AuthError::Missing => missing(),
        AuthError::Invalid => invalid("The credentials are not valid."),
        AuthError::NoUser => bad_token(TokenFault::NoUser),
        AuthError::Unavailable => bad_token(TokenFault::Unavailable),
    }
}

/// 403 for a good token that does not allow this (RFC 6750, 3.1).
fn lacks(scope: &'static str) -> Problem {
    let problem = Problem::new(Code::InsufficientScope, format!("The token needs the scope {scope}."));
    let challenge = format!(r#"Bearer realm="campanile", error="insufficient_scope", scope="{scope}""#);
    match HeaderValue::try_from(challenge) {
        Ok(value) => problem.with_header(WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}
