//! The engine: everything of Campanile that is neither HTTP nor a database.

mod build;
mod changes;
mod inbox;
mod leave;
mod operate;
mod publish;
mod reached;
mod shown;
mod stream;
mod upkeep;

pub use build::EngineBuilder;
pub use changes::{Changes, LoggedEvent};
pub use leave::ShutdownOptions;
pub use operate::PublishRecord;
pub use publish::{EngineError, PublishKey, Receipt};

use crate::{
    Clock, Definitions, DraftLimits, Metrics, RetentionOptions, SseOptions,
    bus::Bus,
    channel::Lanes,
    hub::Hub,
    store::{Done, Store, StoreError, StoreResult},
};
use leave::Leaving;
use operate::Revocations;
use publish::InFlight;
use reached::Reached;
use shown::Shown;
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};

/// The engine of one node. Cheap to clone; clones are the same engine. Its background work ends with the last of them.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    bus: Option<Arc<dyn Bus>>,
    hub: Arc<Hub>,
    clock: Arc<dyn Clock>,
    definitions: Definitions,
    limits: DraftLimits,
    retention: RetentionOptions,
    channels: Arc<Lanes>,
    reached: Arc<Reached>,
    shown: Shown,
    revocations: Revocations,
    /// Keys of publishes that are under way.
    in_flight: InFlight,
    leaving: Leaving,
    upkeep: Vec<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.upkeep.iter().for_each(JoinHandle::abort);
    }
}

impl Engine {
    /// An engine over this store, with every other setting at its default.
    pub fn builder(store: Arc<dyn Store>) -> EngineBuilder {
        EngineBuilder::new(store)
    }

    /// What the engine counts.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.hub.metrics
    }

    /// The store beneath.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// The wall clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// How streams behave.
    #[must_use]
    pub fn sse(&self) -> &SseOptions {
        &self.inner.hub.options
    }

    /// How much one publish may hold.
    #[must_use]
    pub fn limits(&self) -> &DraftLimits {
        &self.inner.limits
    }

    /// What is known of notification types.
    #[must_use]
    pub fn definitions(&self) -> &Definitions {
        &self.inner.definitions
    }

    /// Streams open now, on this node.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.hub.connections()
    }

    /// Refuses new streams from now on and ends the open ones one by one, evenly over the window. Everything else goes on.
    pub fn drain(&self, window: Duration) {
        self.inner.hub.begin_drain(window, false);
    }

    /// The same where nobody new comes because a successor has the door already: those who are inside and still open a stream get one, and
    /// its end in the window.
    pub fn hand_over(&self, window: Duration) {
        self.inner.hub.begin_drain(window, true);
    }

    /// Whether [`Engine::drain`] or [`Engine::hand_over`] was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.hub.drain().is_some()
    }

    /// Waits until no stream is open. Cancel safe.
    pub async fn drained(&self) {
        self.inner.hub.all_closed().await;
    }

    /// Ends the background work, closes the store (what was acknowledged is in it; later calls fail), and gives channels the time that
    /// [`ShutdownOptions::channels`] allows for what waits in their queues; what is left is counted as `abandoned`. Once more does nothing.
    ///
    /// # Cancel safety
    ///
    /// Dropped half-way, the store closes all the same, and channels go on.
    pub async fn shutdown(&self) {
        self.inner.upkeep.iter().for_each(JoinHandle::abort);
        self.inner.leaving.over();
        self.inner.store.close().await;
        self.inner.channels.close(self.shutdown_options().channels).await;
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("connections", &self.connections()).finish_non_exhaustive()
    }
}

/// Waits for a write that was handed to the store. Whoever stops waiting changes nothing: `announce` runs with the commit.
async fn committed<T: Send + 'static>(
    submit: impl FnOnce(Done<T>),
    announce: impl FnOnce(&T) + Send + 'static,
) -> StoreResult<T> {
    let (answer, answered) = oneshot::channel();
    submit(Box::new(move |result| {
        if let Ok(value) = &result {
            announce(value);
        }
        // Nobody waits any more: the write stands all the same.
        let _ = answer.send(result);
    }));
    answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the store dropped a write".into())))
}
