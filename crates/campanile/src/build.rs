//! Putting it together: what is given, what is missing, what contradicts.

use crate::Campanile;
use campanile_core::{
    Definitions, DraftLimits, Engine, RetentionOptions, SseOptions,
    channel::Channel,
    store::{Store, StoreError},
};
use campanile_http::{ApiKey, Authenticate, Credentials, Http, HttpOptions, Jwt, JwtOptions, OriginError};
use std::sync::Arc;

/// Why nothing was built.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no store: one in memory is only taken if it is asked for.
    #[error("no store is given: use .store(…)")]
    NoStore,
    /// Nobody could ever open a stream.
    #[error("no credentials are given: use .authenticate(…) or .jwt_secret(…)")]
    NoCredentials,
    /// The secret for tokens is too short.
    #[error("the secret for tokens must have at least {} bytes", campanile_http::MIN_SECRET_BYTES)]
    ShortSecret,
    /// A listed origin is none.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A [`Campanile`] in the making. Everything but the store and the credentials has a default: the protocol's.
#[derive(Default)]
pub struct Builder {
    store: Option<Arc<dyn Store>>,
    sse: SseOptions,
    retention: RetentionOptions,
    types: Definitions,
    limits: DraftLimits,
    secret: Option<Vec<u8>>,
    jwt: JwtOptions,
    authenticate: Option<Arc<dyn Authenticate>>,
    api_keys: Vec<ApiKey>,
    channels: Vec<Arc<dyn Channel>>,
    http: HttpOptions,
}

impl std::fmt::Debug for Builder {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("sse", &self.sse).field("retention", &self.retention).finish_non_exhaustive()
    }
}

impl Builder {
    /// Where inboxes and logs are kept. Required.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// How streams behave.
    #[must_use]
    pub fn sse(mut self, sse: SseOptions) -> Self {
        self.sse = sse;
        self
    }

    /// How long things are kept.
    #[must_use]
    pub fn retention(mut self, retention: RetentionOptions) -> Self {
        self.retention = retention;
        self
    }

    /// What is known of notification types.
    #[must_use]
    pub fn types(mut self, types: Definitions) -> Self {
        self.types = types;
        self
    }

    /// How much one publish may hold.
    #[must_use]
    pub fn limits(mut self, limits: DraftLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes tokens (HS256) signed with this secret of at least 32 bytes: of users, and of applications by their scopes.
    #[must_use]
    pub fn jwt_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.secret = Some(secret.as_ref().to_vec());
        self
    }

    /// What tokens must say.
    #[must_use]
    pub fn jwt_options(mut self, options: JwtOptions) -> Self {
        self.jwt = options;
        self
    }

    /// The application's own way to know its users, instead of tokens.
    #[must_use]
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Some(Arc::new(authenticate));
        self
    }

    /// Keys for [`Campanile::api_router`].
    #[must_use]
    pub fn api_keys(mut self, keys: impl IntoIterator<Item = ApiKey>) -> Self {
        self.api_keys = keys.into_iter().collect();
        self
    }

    /// Origins, such as `https://app.example`, whose pages may read answers and use cookies.
    #[must_use]
    pub fn cors_origins<S: Into<String>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        self.http.cors_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// How many streams and long polls one user may open in a minute. Default 600.
    #[must_use]
    pub fn connects_per_minute(mut self, connects: u32) -> Self {
        self.http.connects_per_minute = connects;
        self
    }

    /// How many changes of the inbox one user may ask for in a minute. Default 600.
    #[must_use]
    pub fn changes_per_minute(mut self, changes: u32) -> Self {
        self.http.changes_per_minute = changes;
        self
    }

    /// Adds a way of delivery beside the inbox and the stream.
    #[must_use]
    pub fn channel(mut self, channel: impl Channel) -> Self {
        self.channels.push(Arc::new(channel));
        self
    }

    /// Checks everything, asks the store whether it is there, and starts the engine's background work on the current runtime.
    ///
    /// # Errors
    ///
    /// [`BuildError`] says what is missing or wrong. Nothing was started then.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled.
    pub async fn build(self) -> Result<Campanile, BuildError> {
        let credentials = self.credentials()?;
        let store = self.store.ok_or(BuildError::NoStore)?;
        store.check().await?;
        let mut engine =
            Engine::builder(store).sse(self.sse).retention(self.retention).definitions(self.types).limits(self.limits);
        for channel in self.channels {
            engine = engine.channel(channel);
        }
        Ok(Campanile { http: Http::new(engine.start(), credentials, self.http)? })
    }

    fn credentials(&self) -> Result<Credentials, BuildError> {
        let mut credentials = Credentials::default().with_api_keys(self.api_keys.iter().cloned());
        if let Some(secret) = &self.secret {
            let jwt = Jwt::hs256(secret, self.jwt.clone()).map_err(|_| BuildError::ShortSecret)?;
            credentials = credentials.with_jwt(jwt);
        }
        if let Some(authenticate) = &self.authenticate {
            credentials = credentials.with_authenticate(Arc::clone(authenticate));
        }
        let users = self.secret.is_some() || self.authenticate.is_some();
        if users { Ok(credentials) } else { Err(BuildError::NoCredentials) }
    }
}
