//! Suites of tests for authors of channels, stores and buses: what an implementation of the trait has to do, as one test for each sentence.
//! (Feature `contract`; for `dev-dependencies`, with tokio's `macros` and `rt-multi-thread`.)
//!
//! ```
//! use campanile::{BoxFuture, Channel, DeliveryBatch, Outcome, contract::channel::Subject};
//!
//! struct Pager;
//!
//! impl Channel for Pager {
//!     fn name(&self) -> &str { "pager" }
//!
//!     fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
//!         let page = |user: &str| match user {
//!             "nobody" => Outcome::Skipped("no pager".into()),
//!             _ => Outcome::Delivered { reached: 1 },
//!         };
//!         Box::pin(async move { batch.recipients.iter().map(|to| page(to.user.as_str())).collect() })
//!     }
//! }
//!
//! // Eight tests. The suite needs to know whom the channel reaches, and whom it does not.
//! campanile::contract::channel_contract!(Subject::new(Pager, ["anna", "ben"], ["nobody"]));
//!
//! // Sixty-odd, each over an empty store of its own; what the second one of the pair holds lives as long.
//! mod store {
//!     campanile::contract::store_contract!((std::sync::Arc::new(campanile::MemoryStore::default()), ()));
//! }
//! ```

/// What every [`Bus`](crate::Bus) passes.
pub use campanile_core::bus::contract as bus;
/// The functions behind [`channel_contract!`], and what they need to know of a channel.
pub use campanile_core::channel::contract as channel;
/// The functions behind [`store_contract!`].
pub use campanile_core::store::contract as store;

pub use campanile_core::{channel_contract, store_contract};
