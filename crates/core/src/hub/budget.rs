//! What rings, streams whose readers stall, and reads of logs hold in this node's memory, and how much that may be.
//!
//! A frame counts once, from its making until the last ring lets go of it: a thousand users' rings may share it.

use crate::{Metrics, frame::Frame};
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The bytes that are held, and their limit.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    held: AtomicUsize,
    metrics: Metrics,
    /// Held by whoever lets go of backlogs: one at a time is enough.
    pub(super) shedding: Mutex<()>,
}

impl Budget {
    pub(super) fn new(limit: usize, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self { limit, held: AtomicUsize::new(0), metrics, shedding: Mutex::new(()) })
    }

    /// What held `before` bytes holds `after` now.
    pub(super) fn change(&self, before: usize, after: usize) {
        // Wrapping on the way is fine: what is taken away was added before.
        if before != after {
            self.held.fetch_add(after.wrapping_sub(before), Ordering::Relaxed);
            self.metrics.held_bytes.inc_by(after as i64 - before as i64);
        }
    }

    /// Bytes held now.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    pub(super) fn is_over(&self) -> bool {
        self.held() > self.limit
    }

    /// How many bytes must go so that not the next frame is too many again: an eighth is left free.
    pub(super) fn excess(&self) -> usize {
        self.held().saturating_sub(self.limit - self.limit / 8)
    }

    /// The frame, counted for as long as anybody has it.
    pub(super) fn count(self: &Arc<Self>, frame: Frame) -> Frame {
        let held = self.hold(frame.len());
        Bytes::from_owner(Counted { frame, _held: held })
    }

    /// Counts bytes as held for as long as the answer lives.
    pub(super) fn hold(self: &Arc<Self>, bytes: usize) -> Held {
        self.change(0, bytes);
        Held { budget: Arc::clone(self), bytes }
    }
}

/// Bytes that count as held.
#[derive(Debug)]
pub(super) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

/// A frame's bytes.
struct Counted {
    frame: Frame,
    _held: Held,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.change(self.bytes, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_what_was_added_less_what_went() {
        let budget = Budget::new(100, Metrics::default());
        budget.change(0, 90);
        assert!(!budget.is_over());
        let held = budget.hold(30);
        assert!(budget.is_over());
        assert_eq!((budget.held(), budget.excess(), budget.metrics.held_bytes.get()), (120, 32, 120));
        drop(held);
        budget.change(90, 10);
        assert_eq!((budget.held(), budget.excess(), budget.metrics.held_bytes.get()), (10, 0, 10));
        let frame = budget.count(Frame::from_static(b"shared"));
        let others = vec![frame.clone(); 5];
        drop(frame);
        assert_eq!((&*others[0], budget.held()), (&b"shared"[..], 16));
        drop(others);
        assert_eq!(budget.held(), 10);
    }
}
