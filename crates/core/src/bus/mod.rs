//! The port to the other nodes: what is committed here is announced there.
//!
//! At most once is enough, in any order: a stream that misses an entry reads it from the store (the one rule).

#[cfg(feature = "contract")]
pub mod contract;
mod memory;

pub use memory::MemoryBus;

use crate::{Counts, Cursor, Recipient, frame::Frame};
use std::sync::Arc;

/// What one node tells the others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Announcement {
    /// A committed log entry.
    Entry {
        /// Whose log.
        recipient: Recipient,
        /// Its place.
        cursor: Cursor,
        /// The counts after it.
        counts: Counts,
        /// The event without its id.
        frame: Frame,
    },
    /// A live event without an id.
    Signal {
        /// Whom it is for.
        recipient: Recipient,
        /// The event.
        frame: Frame,
        /// A newer one of the same key replaces an unwritten older one.
        key: Option<Box<str>>,
    },
}

impl Announcement {
    /// Whom it is for.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        match self {
            Self::Entry { recipient, .. } | Self::Signal { recipient, .. } => recipient,
        }
    }
}

/// Where a bus hands over what other nodes announce. Implemented by the engine; calls are short and never block.
pub trait BusSink: Send + Sync + 'static {
    /// Another node announced something for a user that this node watches.
    fn announced(&self, announcement: Announcement);

    /// Announcements may have been lost: every stream is perhaps behind.
    fn interrupted(&self);
}

/// Carries announcements between nodes. Never blocks; what it cannot carry it drops.
pub trait Bus: Send + Sync + 'static {
    /// Gives the bus its sink. Called once, before anything else.
    fn attach(&self, sink: Arc<dyn BusSink>);

    /// Tells the other nodes.
    fn announce(&self, announcements: Vec<Announcement>);

    /// From now on this node wants to hear of this user.
    fn watch(&self, recipient: &Recipient);

    /// This node has no stream of this user any more.
    fn unwatch(&self, recipient: &Recipient);
}
