//! A bus within one process: for tests with several engines, and as the plainest reading of the port.

use super::{Announcement, Bus, BusSink};
use crate::Recipient;
use parking_lot::Mutex;
use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
};

/// One node's end of a bus in memory. [`MemoryBus::join`] makes another end of the same bus.
#[derive(Default)]
pub struct MemoryBus {
    shared: Arc<Mutex<Vec<Arc<Node>>>>,
    node: Arc<Node>,
}

#[derive(Default)]
struct Node {
    sink: OnceLock<Arc<dyn BusSink>>,
    watched: Mutex<HashSet<Recipient>>,
}

impl MemoryBus {
    /// Another node's end of this bus.
    #[must_use]
    pub fn join(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), node: Arc::default() }
    }
}

impl Bus for MemoryBus {
    fn attach(&self, sink: Arc<dyn BusSink>) {
        if self.node.sink.set(sink).is_ok() {
            self.shared.lock().push(Arc::clone(&self.node));
        }
    }

    fn announce(&self, announcements: Vec<Announcement>) {
        let others: Vec<_> = self.shared.lock().iter().filter(|node| !Arc::ptr_eq(node, &self.node)).cloned().collect();
        for node in others {
            let wanted: Vec<_> = {
                let watched = node.watched.lock();
                announcements.iter().filter(|a| watched.contains(a.recipient())).cloned().collect()
            };
            if let Some(sink) = node.sink.get() {
                wanted.into_iter().for_each(|announcement| sink.announced(announcement));
            }
        }
    }

    fn watch(&self, recipient: &Recipient) {
        self.node.watched.lock().insert(recipient.clone());
    }

    fn unwatch(&self, recipient: &Recipient) {
        self.node.watched.lock().remove(recipient);
    }
}
