//! Who is asking: a user of the stream and the inbox, or an application that publishes.

mod authenticate;
mod bearer;
mod caller;
mod claims;
mod cookie;
mod jwt;
mod key;
mod keys;
mod mint;

pub use authenticate::{AuthError, Authenticate};
pub(crate) use caller::{ApiCaller, Caller, admit, invalid as invalid_credentials};
pub use cookie::is_cookie_name;
pub use jwt::{Jwt, JwtOptions, MIN_SECRET_BYTES, SecretTooShort, TokenFault};
pub use key::{ApiKey, ApiKeyError};
pub use keys::{Algorithm, KeyFault, KeySource, KeysError, UnknownAlgorithm};
#[cfg(feature = "jwks-url")]
pub use keys::{JwksUrl, JwksUrlError};
pub use mint::{MintError, TokenOptions, mint_token};
#[cfg(feature = "fuzzing")]
pub(crate) use {
    bearer::{Authorization, read as read_authorization},
    cookie::read as read_cookie,
    keys::{in_jwks as keys_in_jwks, in_pem as keys_in_pem, max_age as keys_max_age},
};

use campanile_core::{Identity, Tenant};
use std::sync::Arc;

/// The scope that publishing, signals and reading what became of them need.
pub const SCOPE_PUBLISH: &str = "notifications:publish";
/// The scope for everything else of the application's API; it includes publishing.
pub const SCOPE_ADMIN: &str = "notifications:admin";

/// How users prove who they are.
#[derive(Clone)]
pub(crate) enum Users {
    /// Not at all: every request is 401.
    Nobody,
    /// By tokens that the credentials' verifier takes.
    Tokens(Arc<Jwt>),
    /// As the application decides.
    Custom(Arc<dyn Authenticate>),
}

/// All credentials that are accepted. The default accepts none.
#[derive(Clone, Default)]
pub struct Credentials {
    jwt: Option<Arc<Jwt>>,
    custom: Option<Arc<dyn Authenticate>>,
    api_keys: Arc<[ApiKey]>,
}

impl std::fmt::Debug for Credentials {
    /// Says what there is, never what it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.api_keys.iter().map(ApiKey::name).collect();
        f.debug_struct("Credentials")
            .field("jwt", &self.jwt.is_some())
            .field("custom", &self.custom.is_some())
            .field("api_keys", &names)
            .finish()
    }
}

impl Credentials {
    /// Accepts tokens: of users, and of applications by their scopes.
    #[must_use]
    pub fn with_jwt(mut self, jwt: Jwt) -> Self {
        self.jwt = Some(Arc::new(jwt));
        self
    }

    /// Lets the application decide who its users are, instead of tokens. Tokens still work for the application's API.
    #[must_use]
    pub fn with_authenticate(mut self, custom: Arc<dyn Authenticate>) -> Self {
        self.custom = Some(custom);
        self
    }

    /// Accepts these keys for the application's API, with all scopes.
    #[must_use]
    pub fn with_api_keys(mut self, keys: impl IntoIterator<Item = ApiKey>) -> Self {
        self.api_keys = keys.into_iter().collect();
        self
    }

    /// Whether nothing at all is accepted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.jwt.is_none() && self.custom.is_none() && self.api_keys.is_empty()
    }

    pub(crate) fn users(&self) -> Users {
        match (&self.custom, &self.jwt) {
            (Some(custom), _) => Users::Custom(custom.clone()),
            (None, Some(jwt)) => Users::Tokens(jwt.clone()),
            (None, None) => Users::Nobody,
        }
    }

    pub(crate) fn jwt(&self) -> Option<&Jwt> {
        self.jwt.as_deref()
    }

    /// The key with this text, compared in constant time with every one there is.
    pub(crate) fn api_key(&self, text: &[u8]) -> Option<&ApiKey> {
        if text.len() > jwt::MAX_TOKEN_BYTES {
            return None; // Nobody's key: not worth a megabyte's hash.
        }
        let digest = key::digest(text);
        self.api_keys.iter().fold(None, |found, key| if key.matches(&digest) { Some(key) } else { found })
    }
}

/// What a good token says.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) tenant: Tenant,
    pub(crate) scopes: Box<str>,
    /// Whose it is, for what is kept per credential: the same for all tokens of one subject of one issuer.
    pub(crate) credential: String,
    /// The user it names, if it names one: revoking that user's tokens revokes this one.
    pub(crate) identity: Option<Identity>,
}

impl Token {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.split(' ').any(|has| has == scope)
    }
}
