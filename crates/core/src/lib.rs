//! The engine of Campanile: what a notification is, where it is kept, and how it reaches every open stream.

mod definition;
mod metrics;
mod options;
pub mod store;
mod words;

pub use definition::{Definition, Definitions, TypesPolicy};
pub use metrics::{Metrics, StoreMetrics};
pub use options::{ConnectionLimitPolicy, HeartbeatForm, RetentionOptions, SseOptions};
pub use words::*;
