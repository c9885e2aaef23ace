//! The axum routers of Campanile: the stream, the inbox, publishing, health and metrics, over one engine.
//!
//! [`Http`] makes the routers. They answer as the protocol says, errors included: every error is a [`Problem`] with a stable [`Code`], and
//! `failure` is the one place that turns the engine's errors into them. There is no engine here and no listener.
//!
//! ```
//! use campanile_core::{Engine, store::MemoryStore};
//! use campanile_http::{ApiKey, Credentials, Http, HttpOptions, Jwt, JwtOptions};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::builder(Arc::new(MemoryStore::default())).start();
//! let credentials = Credentials::default()
//!     .with_jwt(Jwt::hs256(b"thirty-two bytes, and never these", JwtOptions::default())?)
//!     .with_api_keys([ApiKey::of_secret("billing", "drawn-at-random")]);
//! let http = Http::new(engine, credentials, HttpOptions::default())?;
//! let app: axum::Router = axum::Router::new()
//!     .nest("/notifications", http.user_router())
//!     .nest("/api", http.api_router())
//!     .merge(http.ops_router());
//! # drop(app); Ok(()) }
//! ```

mod accept;
mod auth;
mod body;
pub mod demo;
mod envelope;
mod failure;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod hosts;
mod idempotency;
mod json;
mod linger;
mod moment;
#[cfg(feature = "utoipa")]
pub mod openapi;
mod origin;
mod problem;
mod prometheus;
mod query;
mod rate;
mod routes;
mod session_body;
mod state;
mod tickets;

pub use auth::{
    Algorithm, ApiKey, ApiKeyError, AuthError, Authenticate, Credentials, Jwt, JwtOptions, KeyFault, KeySource,
    KeysError, MIN_SECRET_BYTES, MintError, SCOPE_ADMIN, SCOPE_PUBLISH, SecretTooShort, TokenFault, TokenOptions,
    UnknownAlgorithm, is_cookie_name, mint_token,
};
#[cfg(feature = "jwks-url")]
pub use auth::{JwksUrl, JwksUrlError};
pub use hosts::LOCALHOST;
pub use origin::is_origin;
pub use problem::{Code, Problem};
pub use state::{Http, HttpOptions};
