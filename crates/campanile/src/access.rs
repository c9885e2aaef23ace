//! Who may use the routes, and how they behave.

use crate::{BuildError, Builder};
use campanile_core::Engine;
use campanile_http::{Algorithm, ApiKey, Authenticate, Credentials, Http, HttpOptions, Jwt, JwtOptions, KeySource};
use std::sync::Arc;

/// What was given of credentials.
#[derive(Default)]
pub(crate) struct Access {
    secret: Option<Vec<u8>>,
    keys: Vec<KeySource>,
    algorithms: Vec<Algorithm>,
    jwt: JwtOptions,
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
    pub(crate) fn checked(&mut self) -> Result<Checked, BuildError> {
        let mut credentials = Credentials::default().with_api_keys(std::mem::take(&mut self.api_keys));
        let tokens = self.secret.is_some() || !self.keys.is_empty();
        if tokens {
            credentials = credentials.with_jwt(self.tokens()?);
        } else if self.authenticate.is_none() {
            return Err(BuildError::NoCredentials);
        }
        if let Some(authenticate) = self.authenticate.take() {
            credentials = credentials.with_authenticate(authenticate);
        }
        Ok(Checked { credentials, http: std::mem::take(&mut self.http) })
    }

    fn tokens(&mut self) -> Result<Jwt, BuildError> {
        let mut jwt = Jwt::new(self.jwt.clone()).with_algorithms(std::mem::take(&mut self.algorithms));
        if let Some(secret) = &self.secret {
            jwt = jwt.with_secret(secret).map_err(|_| BuildError::ShortSecret)?;
        }
        Ok(self.keys.drain(..).fold(jwt, Jwt::with_keys))
    }
}

impl Checked {
    pub(crate) fn routes(self, engine: Engine) -> Result<Http, BuildError> {
        Http::new(engine, self.credentials, self.http).map_err(|error| BuildError::Origin(error.to_string()))
    }
}

impl Builder {
    /// The application's own way to know its users, instead of tokens. An `async fn(&Parts) -> Result<Identity, AuthError>` is one.
    #[must_use]
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.access.authenticate = Some(Arc::new(authenticate));
        self
    }

    /// Takes tokens (HS256) signed with this secret of at least 32 bytes: of users, and of applications by their scopes.
    #[must_use]
    pub fn jwt_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.access.secret = Some(secret.as_ref().to_vec());
        self
    }

    /// Takes tokens signed for the public keys of this place (RS256, ES256, EdDSA), too.
    #[must_use]
    pub fn public_keys(mut self, keys: KeySource) -> Self {
        self.access.keys.push(keys);
        self
    }

    /// Takes tokens by these algorithms only. Default: all that there are keys for.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.access.algorithms = algorithms.into_iter().collect();
        self
    }

    /// What tokens must say.
    #[must_use]
    pub fn jwt_options(mut self, options: JwtOptions) -> Self {
        self.access.jwt = options;
        self
    }

    /// Keys for [`Campanile::api_router`](crate::Campanile::api_router).
    #[must_use]
    pub fn api_keys(mut self, keys: impl IntoIterator<Item = ApiKey>) -> Self {
        self.access.api_keys = keys.into_iter().collect();
        self
    }

    /// How the routes behave: CORS, limits, the cookie's name, keys of administrators.
    #[must_use]
    pub fn http(mut self, options: HttpOptions) -> Self {
        self.access.http = options;
        self
    }
}
