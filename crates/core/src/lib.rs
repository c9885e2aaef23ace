//! The engine of Campanile: what a notification is, where it is kept, and how it reaches every open stream.
//!
//! Words (`Draft` → `Notification`, `Change`, `Cursor`, …) are pure values that cannot hold what the contract forbids. The engine stores
//! and announces them; a [`Session`] is one open stream, handing out bytes that are ready for the wire. Everything outside is behind a
//! port: [`store::Store`], [`bus::Bus`], [`Channel`](channel::Channel), [`Clock`]. There is no HTTP and no SQL here.

pub mod bus;
pub mod channel;
mod definition;
mod engine;
mod faults;
pub mod frame;
mod hub;
mod metrics;
mod options;
#[cfg(feature = "utoipa")]
mod schema;
pub mod store;
mod words;

/// A future on the heap, as object-safe ports answer: what `Box::pin(async move { … })` makes.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub use definition::{Definition, Definitions, IN_APP, SSE, TypesPolicy};
pub use engine::{
    Changes, Engine, EngineBuilder, EngineError, LoggedEvent, PublishKey, PublishRecord, Receipt, ShutdownOptions,
};
pub use faults::{OptionFault, OptionFaults};
pub use hub::{
    Chunk, Connection, EndReason, Identity, Offered, OpenError, OpenRequest, ResetReason, Resume, Session,
    SessionStats, Step, Takeover, Transport,
};
pub use metrics::{Deliveries, Metrics, Outcomes, StoreMetrics};
pub use options::{ConnectionLimitPolicy, HeartbeatForm, RetentionOptions, SseOptions};
pub use words::*;
