//! Who may use the routes, and how they behave.

use crate::{BuildError, Builder, tokens::Tokens};
use campanile_core::{Engine, OptionFaults};
use campanile_http::{Algorithm, ApiKey, Authenticate, Credentials, Http, HttpOptions, JwtOptions, KeySource};
use campanile_live::LiveStats;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// What was given of credentials.
#[derive(Default)]
pub(crate) struct Access {
    tokens: Tokens,
    authenticate: Option<Arc<dyn Authenticate>>,
    api_keys: Vec<ApiKey>,
    http: HttpOptions,
}

/// What was given, if it is enough.
pub(crate) struct Checked {
    credentials: Credentials,
    http: HttpOptions,
}

impl Access {
    /// What contradicts, or has no effect.
    pub(crate) fn faults(&self) -> OptionFaults {
        let mut faults = self.http.faults();
        self.tokens.check(&mut faults);
        for clash in ApiKey::clashes(&self.api_keys) {
            faults.add("api_keys", clash);
        }
        faults
    }

    pub(crate) fn checked(self) -> Result<Checked, BuildError> {
        let mut credentials = Credentials::default().with_api_keys(self.api_keys);
        if self.tokens.are_taken() {
            credentials = credentials.with_jwt(self.tokens.verifier()?);
        } else if self.authenticate.is_none() {
            return Err(BuildError::NoCredentials);
        }
        if let Some(authenticate) = self.authenticate {
            credentials = credentials.with_authenticate(authenticate);
        }
        Ok(Checked { credentials, http: self.http })
    }
}

impl Checked {
    pub(crate) fn routes(self, engine: Engine, stats: Arc<LiveStats>) -> Result<Http, BuildError> {
        let mut registry = Registry::with_prefix("campanile");
        campanile_live::register(&mut registry, [("application", stats)]);
        Ok(Http::with_registry(engine, self.credentials, self.http, registry)?)
    }
}

impl Builder {
    /// The application's own way to know its users, instead of tokens. An `async fn(&Parts) -> Result<Identity, AuthError>` is one.
    ///
    /// ```
    /// use axum::http::request::Parts;
    /// use campanile::{AuthError, Campanile, Identity, UserId};
    ///
    /// # #[derive(Clone)] struct Session { user: String }
    /// // The session that the application's own middleware leaves in the request.
    /// async fn my_users(parts: &Parts) -> Result<Identity, AuthError> {
    ///     let session = parts.extensions.get::<Session>().ok_or(AuthError::Missing)?;
    ///     Ok(Identity::of(UserId::new(&session.user)?))
    /// }
    ///
    /// let builder = Campanile::builder().authenticate(my_users);
    /// ```
    #[must_use]
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.access.authenticate = Some(Arc::new(authenticate));
        self
    }

    /// Takes tokens (HS256) signed with this secret of at least 32 bytes: of users, and of applications by their scopes.
    ///
    /// ```
    /// # let secret_from_a_vault = [7; 32];
    /// let builder = campanile::Campanile::builder().jwt_secret(secret_from_a_vault);
    /// ```
    #[must_use]
    pub fn jwt_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.access.tokens.secret = Some(secret.as_ref().to_vec());
        self
    }

    /// Takes tokens signed for the public keys of this place (RS256, ES256, EdDSA), too.
    ///
    /// ```
    /// use campanile::{Campanile, KeySource};
    ///
    /// # fn example() -> Result<(), campanile::KeysError> {
    /// let builder = Campanile::builder().public_keys(KeySource::jwks_file("/etc/my-application/keys.json")?);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn public_keys(mut self, keys: KeySource) -> Self {
        self.access.tokens.keys.push(keys);
        self
    }

    /// Takes tokens by these algorithms only. Default: all that there are keys for.
    ///
    /// ```
    /// use campanile::{Algorithm, Campanile};
    ///
    /// let builder = Campanile::builder().algorithms([Algorithm::Es256, Algorithm::EdDsa]);
    /// ```
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.access.tokens.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// What tokens must say.
    ///
    /// ```
    /// use campanile::{Campanile, JwtOptions};
    ///
    /// let audience = Some("https://app.example".into());
    /// let builder = Campanile::builder().jwt_options(JwtOptions { audience, ..JwtOptions::default() });
    /// ```
    #[must_use]
    pub fn jwt_options(mut self, options: JwtOptions) -> Self {
        self.access.tokens.options = Some(options);
        self
    }

    /// Keys for [`Campanile::api_router`](crate::Campanile::api_router).
    ///
    /// ```
    /// use campanile::{ApiKey, Campanile};
    ///
    /// let digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"; // of what billing sends
    /// let builder = Campanile::builder().api_keys([ApiKey::parse(&format!("billing:{digest}"))?]);
    /// # Ok::<(), campanile::ApiKeyError>(())
    /// ```
    #[must_use]
    pub fn api_keys(mut self, keys: impl IntoIterator<Item = ApiKey>) -> Self {
        self.access.api_keys = keys.into_iter().collect();
        self
    }

    /// How the routes behave: CORS, limits, the cookie's name, keys of administrators.
    ///
    /// ```
    /// use campanile::{Campanile, HttpOptions};
    ///
    /// let cors_origins = vec!["https://app.example".into()];
    /// let builder = Campanile::builder().http(HttpOptions { cors_origins, ..HttpOptions::default() });
    /// ```
    #[must_use]
    pub fn http(mut self, options: HttpOptions) -> Self {
        self.access.http = options;
        self
    }
}
