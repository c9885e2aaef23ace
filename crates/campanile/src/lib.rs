//! Notifications for axum applications: published once, kept in each recipient's inbox, delivered live over Server-Sent Events to every
//! open tab, with nothing lost and nothing repeated across reconnects.
//!
//! ```no_run
//! # #[cfg(all(feature = "axum", feature = "sqlite"))]
//! # mod example {
//! use campanile::{AuthError, Campanile, Identity, NotificationType, Sqlite, UserId};
//! # #[derive(Clone)] struct Session { user: String }
//!
//! #[derive(serde::Serialize)]
//! struct InvoiceApproved { invoice_id: u64 }
//!
//! impl NotificationType for InvoiceApproved {
//!     type Data = Self;
//!     const NAME: &'static str = "invoices.approved";
//!
//!     fn data(&self) -> &Self { self }
//!     fn title(&self) -> Option<String> { Some(format!("Invoice {} approved", self.invoice_id)) }
//! }
//!
//! // Who your users are, as your own middleware has found out.
//! async fn my_users(parts: &axum::http::request::Parts) -> Result<Identity, AuthError> {
//!     let session = parts.extensions.get::<Session>().ok_or(AuthError::Missing)?;
//!     Ok(Identity::of(UserId::new(&session.user)?))
//! }
//!
//! # async fn example(my_routes: axum::Router) -> Result<(), Box<dyn std::error::Error>> {
//! let campanile = Campanile::builder()
//!     .store(Sqlite::open("app-notifications.db")?)
//!     .authenticate(my_users)
//!     .build()
//!     .await?;
//! let app = my_routes.nest("/notifications", campanile.router());
//!
//! let publisher = campanile.publisher(); // cheap to clone: for your handlers' state
//! publisher.publish(&InvoiceApproved { invoice_id: 42 }).to_users(["u1"]).await?; // on disk, and on its way
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! campanile.serve(listener, app).with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or(()) }).await?;
//! # Ok(()) }
//! # }
//! ```
//!
//! [`Campanile::builder`] puts an engine over a store. What an application mounts are routers ([`Campanile::router`] and its neighbours), what
//! its code publishes with is a [`Publisher`]. Nothing is global.
//!
//! # The ideas
//!
//! Each user has a log: every change of the inbox is one entry, written in the transaction of the change. The stream is that log, live, and an event's id
//! is a place in it; so a page that comes back gets what it missed, once, in order, and the inbox and the stream never disagree. [Concepts] says it in
//! a page. What is published takes the [channels] that its type asks for; the log and the stream are two of them, a [`Channel`] of yours is another.
//! Who a user is, your application decides ([`Authenticate`]), or tokens do ([credentials]). Signals ([`Publisher::signal`]) go to open
//! streams only and are never kept.
//!
//! The [quick start] leads from `cargo new` to a bell in a page; the [examples] are whole applications.
//!
//! [Concepts]: https://github.com/campanile-rs/campanile/blob/main/docs/guide/src/concepts.md
//! [channels]: https://github.com/campanile-rs/campanile/blob/main/docs/guide/src/channels.md
//! [credentials]: https://github.com/campanile-rs/campanile/blob/main/docs/guide/src/credentials.md
//! [quick start]: https://github.com/campanile-rs/campanile/blob/main/docs/guide/src/quick-start-crate.md
//! [examples]: https://github.com/campanile-rs/campanile/tree/main/examples
//!
//! # Leaving
//!
//! Streams never end by themselves, so a graceful shutdown of axum alone would wait for them for ever. [`Campanile::serve`] does it all: when
//! its signal comes, or the token of [`Builder::shutdown`], streams are ended with the word to come back, requests under way are answered,
//! channels get a moment for their queues, and the store is closed. Under another server it is two lines:
//!
//! ```no_run
//! # #[cfg(feature = "axum")]
//! # async fn example(campanile: campanile::Campanile, listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
//! // .shutdown(signal) was given to the builder
//! axum::serve(listener, app).with_graceful_shutdown(campanile.drained()).await?;
//! campanile.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `axum` (default) | the routers, [`serve`], [`Authenticate`]. Without it there is no HTTP here: an engine with its publisher, channels and stores |
//! | `sqlite` (default) | [`Sqlite`], the embedded store |
//! | `utoipa` | the OpenAPI document of the routes |
//! | `jwks-url` | keys for tokens from a URL |
//! | `client` | `client`: an event source that reconnects and resumes |
//! | `contract` | `contract`: suites of tests for authors of channels and stores |

// Where they are not in this build, they are in the documentation of all of it.
#![cfg_attr(
    not(feature = "axum"),
    doc = "\n\n\
[`Authenticate`]: https://docs.rs/campanile/latest/campanile/trait.Authenticate.html\n\
[`Campanile::router`]: https://docs.rs/campanile/latest/campanile/struct.Campanile.html#method.router\n\
[`Campanile::serve`]: https://docs.rs/campanile/latest/campanile/struct.Campanile.html#method.serve\n\
[`serve`]: https://docs.rs/campanile/latest/campanile/fn.serve.html"
)]
#![cfg_attr(
    not(feature = "sqlite"),
    doc = "\n\n[`Sqlite`]: https://docs.rs/campanile/latest/campanile/struct.Sqlite.html"
)]

mod build;
mod campanile;
#[cfg(feature = "contract")]
pub mod contract;
mod once;
mod publish;
mod publisher;
mod typed;

#[cfg(feature = "axum")]
mod access;
#[cfg(feature = "axum")]
mod routers;
#[cfg(feature = "axum")]
mod serve;
#[cfg(feature = "axum")]
mod tokens;

pub use build::{BuildError, Builder};
pub use campanile::Campanile;
pub use publish::{Publish, Publishable, Unaddressed};
pub use publisher::Publisher;
pub use typed::NotificationType;

/// The whole engine: what a [`Store`], a [`Bus`] or a reader of its log needs beyond what is named here.
pub use campanile_core as core;
pub use campanile_core::{
    AudienceDraft, BoxFuture, Clock, ConnectionLimitPolicy, Definition, Definitions, Draft, DraftLimits, Engine,
    EngineError, Fault, HeartbeatForm, IN_APP, Identity, Json, JsonError, NotificationId, OptionFault, OptionFaults,
    Receipt, Recipient, RetentionOptions, SSE, Severity, ShutdownOptions, SignalDraft, SseOptions, SystemClock, Tenant,
    Timestamp, Topic, TypeName, TypeNameError, TypesPolicy, UnknownId, UnknownSeverity, UserId, WhoError,
    bus::{Bus, MemoryBus},
    channel::{Channel, ChannelOptions, DeliveryBatch, Outcome},
    store::{MemoryStore, Store, StoreError},
};
#[cfg(feature = "sqlite")]
pub use campanile_sqlite::{OpenError, Sqlite, SqliteOptions};

/// Typed event streams as responses, the format itself, and (feature `client`) a client: all of `campanile-sse`.
pub use campanile_sse as sse;
#[cfg(feature = "client")]
pub use campanile_sse::client;

#[cfg(feature = "jwks-url")]
pub use campanile_http::{JwksUrl, JwksUrlError};
#[cfg(feature = "axum")]
pub use {
    campanile_http::{
        Algorithm, ApiKey, ApiKeyError, AuthError, Authenticate, HttpOptions, JwtOptions, KeyFault, KeySource,
        KeysError, MintError, SecretTooShort, TokenOptions, mint_token,
    },
    campanile_live::{LiveOptions, bind, listeners_from_env},
    serve::{Serve, serve},
};

#[cfg(feature = "utoipa")]
pub use campanile_http::openapi;
