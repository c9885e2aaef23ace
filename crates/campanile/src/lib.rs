//! Notifications for axum applications: published once, kept in each recipient's inbox, delivered live over Server-Sent Events to every
//! open tab, with nothing lost and nothing repeated across reconnects.
//!
//! [`Campanile::builder`] puts an engine over a store; [`Campanile::router`] is what an application mounts for its users, and
//! [`Campanile::publisher`] is what its code publishes with. There is no listener here, and nothing global.
//!
//! ```
//! use campanile::{AudienceDraft, Campanile, Draft, MemoryStore};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let campanile = Campanile::builder()
//!     .store(MemoryStore::default()) // or Sqlite::open("app-notifications.db")?
//!     .jwt_secret("thirty-two bytes or more, and never these")
//!     .build()
//!     .await?;
//!
//! let app: axum::Router = axum::Router::new().nest("/notifications", campanile.router());
//! # drop(app);
//!
//! let publisher = campanile.publisher(); // cheap to clone: for your handlers' state
//! let draft = Draft { title: Some("Invoice approved".into()), ..Draft::new("invoices.approved", AudienceDraft::users(["u1"])) };
//! let receipt = publisher.publish(&draft).await?; // on disk, and on its way
//! assert_eq!(receipt.recipients, 1);
//! # Ok(()) }
//! ```
//!
//! At the end of the application call [`Campanile::shutdown`]: streams never end by themselves, so a graceful shutdown of axum alone
//! would wait for them for ever.

mod build;
mod once;
mod publisher;

pub use build::{BuildError, Builder};
pub use publisher::Publisher;

pub use campanile_core::{
    AudienceDraft, Clock, ConnectionLimitPolicy, Definition, Definitions, Draft, DraftLimits, Engine, EngineError,
    Fault, HeartbeatForm, Identity, Json, NotificationId, Receipt, Recipient, RetentionOptions, Severity, SignalDraft,
    SseOptions, SystemClock, Tenant, Timestamp, Topic, TypeName, TypesPolicy, UserId, WhoError,
    channel::{Channel, DeliveryBatch, Outcome},
    store::{MemoryStore, Store, StoreError},
};
pub use campanile_http::{ApiKey, ApiKeyError, AuthError, Authenticate, JwtOptions, TokenOptions, mint_token};
#[cfg(feature = "sqlite")]
pub use campanile_sqlite::{OpenError, Sqlite, SqliteOptions};

#[cfg(feature = "utoipa")]
pub use campanile_http::openapi;

use axum::Router;
use campanile_http::Http;
use std::time::Duration;

/// Campanile within an application. Cheap to clone; clones are the same.
#[derive(Clone, Debug)]
pub struct Campanile {
    http: Http,
}

impl Campanile {
    /// Begins to put one together.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The users' routes: the stream, the inbox, its log by long poll, tickets. Nest it, usually under `/notifications`; it needs no state.
    pub fn router(&self) -> Router {
        self.http.user_router()
    }

    /// The routes for other applications: publishing and signals over HTTP, topics, connections, revocations. Nest it, usually under `/api`.
    pub fn api_router(&self) -> Router {
        self.http.api_router()
    }

    /// `/health/live` and `/health/ready`; merge it.
    pub fn ops_router(&self) -> Router {
        self.http.ops_router()
    }

    /// `/openapi.json`, which answers this document: [`openapi::document`], or your own with ours in it. Merge it.
    #[cfg(feature = "utoipa")]
    pub fn openapi_router(&self, document: &utoipa::openapi::OpenApi) -> Router {
        self.http.openapi_router(document)
    }

    /// `/metrics`; merge it into a router that only the operator reaches.
    pub fn metrics_router(&self) -> Router {
        self.http.metrics_router()
    }

    /// What code publishes with.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.engine().clone())
    }

    /// The engine beneath.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.http.engine()
    }

    /// Refuses new streams from now on, and ends the open ones at random moments of the window, each with the word to come back. Readiness
    /// fails. Everything else goes on.
    pub fn drain(&self, window: Duration) {
        self.http.fail_readiness();
        self.engine().drain(window);
    }

    /// Drains, waits until every stream has ended (but not much longer than the window), and closes the store.
    ///
    /// Cancel safety: dropped half-way, the drain goes on and the store stays open.
    pub async fn shutdown(&self, window: Duration) {
        self.drain(window);
        let grace = window.saturating_add(Duration::from_secs(1));
        // Streams that hang on after the window are cut by the application's own end.
        let _ = tokio::time::timeout(grace, self.engine().drained()).await;
        self.engine().shutdown().await;
    }
}
