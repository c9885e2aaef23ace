//! How many connections recent notifications reached. Best effort: bounded, and gone with the process.

use crate::NotificationId;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};

/// Notifications that are remembered; the oldest are forgotten. About 6 MB when full.
const REMEMBERED: usize = 100_000;

#[derive(Default)]
pub(super) struct Reached(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    counts: HashMap<NotificationId, u64>,
    order: VecDeque<NotificationId>,
}

impl Reached {
    /// Notes that a notification reached so many connections.
    pub(super) fn note(&self, id: NotificationId, connections: u64) {
        if connections == 0 {
            return;
        }
        let mut recent = self.0.lock();
        if recent.counts.insert(id, connections).is_none() {
            recent.order.push_back(id);
        }
        if recent.order.len() > REMEMBERED
            && let Some(oldest) = recent.order.pop_front()
        {
            recent.counts.remove(&oldest);
        }
    }

    pub(super) fn of(&self, id: NotificationId) -> u64 {
        self.0.lock().counts.get(&id).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_memory_is_bounded() {
        let reached = Reached::default();
        let ids: Vec<_> = (0..REMEMBERED + 10).map(|_| NotificationId::generate()).collect();
        ids.iter().for_each(|id| reached.note(*id, 2));
        assert_eq!((reached.of(ids[9]), reached.of(ids[10])), (0, 2));
        assert_eq!(reached.0.lock().counts.len(), REMEMBERED);
    }
}
