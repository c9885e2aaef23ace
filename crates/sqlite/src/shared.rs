//! What the callers and the threads of one store share.

use crate::{checkpoint::Checkpoints, options::SqliteOptions, queue::Queue, write::Write};
use campanile_core::StoreMetrics;
use rusqlite::Connection;
use tokio::sync::watch;

/// Something to be read.
pub(crate) type Read = Box<dyn FnOnce(&Connection) + Send>;

/// Queues, options, counters, and whether it is over.
pub(crate) struct Shared {
    pub(crate) options: SqliteOptions,
    pub(crate) generation: u64,
    pub(crate) writes: Queue<Box<dyn Write>>,
    pub(crate) reads: Queue<Read>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) metrics: StoreMetrics,
    /// Whether the last thread is done and the file free.
    pub(crate) ended: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(options: SqliteOptions, generation: u64) -> Self {
        Self {
            generation,
            writes: Queue::new(options.queue),
            reads: Queue::new(options.read_queue),
            checkpoints: Checkpoints::default(),
            metrics: StoreMetrics::default(),
            ended: watch::Sender::new(false),
            options,
        }
    }

    /// Takes nothing new in. The threads finish what waits, and end.
    pub(crate) fn close(&self) {
        self.writes.close();
        self.reads.close();
        self.checkpoints.close();
    }
}
