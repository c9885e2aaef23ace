//! The ring: a user's newest frames, shared by all of the user's streams. Pure.
//!
//! A stream holds a place, not copies. A frame that every stream has written leaves the ring; a full ring drops its oldest frame: a logged
//! one is read from the store again, a live one is counted.

use crate::{Counts, Cursor, frame::Frame};
use std::collections::VecDeque;
use tokio::time::Instant;

/// How much one ring holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct RingLimits {
    pub(super) frames: usize,
    pub(super) bytes: usize,
}

/// One frame of the ring.
#[derive(Debug)]
pub(super) struct Item {
    /// Grows by one with each frame of this ring.
    pub(super) index: u64,
    pub(super) kind: Kind,
    pub(super) frame: Frame,
    /// When it was published.
    pub(super) at: Instant,
    /// How many streams have yet to write it.
    pending: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An entry of the log, and the counts after it.
    Logged { cursor: Cursor, counts: Counts },
    /// An event without an id.
    Live { key: Option<Box<str>> },
}

/// What a push cost.
#[derive(Default, Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    /// The indices of live frames that were dropped.
    pub(super) dropped_live: Vec<u64>,
    /// How many logged frames were dropped.
    pub(super) dropped_logged: u64,
    /// Whether an older frame of the same key was replaced.
    pub(super) conflated: bool,
}

impl Pushed {
    fn drop(&mut self, item: &Item) {
        match item.kind {
            Kind::Logged { .. } => self.dropped_logged += 1,
            Kind::Live { .. } => self.dropped_live.push(item.index),
        }
    }
}

#[derive(Debug)]
pub(super) struct Ring {
    items: VecDeque<Item>,
    next: u64,
    bytes: usize,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self { items: VecDeque::new(), next: 0, bytes: 0 }
    }

    /// The index that the next frame will get: where a stream begins that wants only what is new.
    pub(super) fn next_index(&self) -> u64 {
        self.next
    }

    /// Takes a frame that `pending` streams have to write, within `limits`.
    pub(super) fn push(&mut self, kind: Kind, frame: Frame, at: Instant, pending: usize, limits: RingLimits) -> Pushed {
        let mut pushed = Pushed::default();
        if let Kind::Live { key: Some(key) } = &kind {
            pushed.conflated = self.remove_key(key);
        }
        self.bytes += frame.len();
        self.items.push_back(Item { index: self.next, kind, frame, at, pending });
        self.next += 1;
        self.make_room(limits, &mut pushed);
        pushed
    }

    fn remove_key(&mut self, key: &str) -> bool {
        let same = |item: &Item| matches!(&item.kind, Kind::Live { key: Some(k) } if **k == *key);
        let Some(at) = self.items.iter().rposition(same) else { return false };
        if let Some(item) = self.items.remove(at) {
            self.bytes -= item.frame.len();
        }
        true
    }

    fn make_room(&mut self, limits: RingLimits, pushed: &mut Pushed) {
        while self.items.len() > limits.frames || self.bytes > limits.bytes {
            let Some(item) = self.pop() else { return };
            pushed.drop(&item);
        }
    }

    /// What it holds in memory beside its frames, which others may share.
    pub(super) fn held(&self) -> usize {
        self.items.len() * size_of::<Item>()
    }

    /// How large its frames are.
    pub(super) fn frame_bytes(&self) -> usize {
        self.bytes
    }

    /// Drops every frame as a full ring drops its oldest.
    pub(super) fn empty(&mut self) -> Pushed {
        let mut pushed = Pushed::default();
        while let Some(item) = self.pop() {
            pushed.drop(&item);
        }
        self.items = VecDeque::new();
        pushed
    }

    /// Drops everything; indices go on.
    pub(super) fn clear(&mut self) {
        self.items = VecDeque::new();
        self.bytes = 0;
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.bytes -= item.frame.len();
        Some(item)
    }

    /// The frames from a place on.
    pub(super) fn from(&self, index: u64) -> impl Iterator<Item = &Item> {
        self.items.range(self.items.partition_point(|item| item.index < index)..)
    }

    /// One stream has written (or no longer needs) the frames in `from..to`; those that nobody needs any more leave.
    pub(super) fn written(&mut self, from: u64, to: u64) {
        let start = self.items.partition_point(|item| item.index < from);
        for item in self.items.range_mut(start..).take_while(|item| item.index < to) {
            item.pending -= 1;
        }
        while self.items.front().is_some_and(|item| item.pending == 0) {
            self.pop();
        }
        if self.items.is_empty() {
            self.items = VecDeque::new();
        }
    }

    /// What it holds, added up from nothing.
    #[cfg(test)]
    pub(super) fn added_up(&self) -> usize {
        self.items.iter().map(|item| item.frame.len() + size_of::<Item>()).sum()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: RingLimits = RingLimits { frames: 3, bytes: 30 };

    fn live(ring: &mut Ring, key: Option<&str>, len: usize) -> Pushed {
        ring.push(Kind::Live { key: key.map(Into::into) }, vec![b'x'; len].into(), Instant::now(), 1, LIMITS)
    }

    fn indices(ring: &Ring) -> Vec<u64> {
        ring.from(0).map(|item| item.index).collect()
    }

    #[test]
    fn a_full_ring_drops_its_oldest_frame_by_number_and_by_bytes() {
        let mut ring = Ring::new();
        (0..3).for_each(|_| assert_eq!(live(&mut ring, None, 1), Pushed::default()));
        assert_eq!(live(&mut ring, None, 1).dropped_live, [0]);
        assert_eq!(live(&mut ring, None, 28).dropped_live, [1]);
        assert_eq!(indices(&ring), [2, 3, 4]);
        assert_eq!(live(&mut ring, None, 31).dropped_live, [2, 3, 4, 5]);
        assert_eq!((ring.len(), ring.bytes), (0, 0));
    }

    #[test]
    fn a_newer_frame_of_a_key_takes_the_place_of_the_older_one() {
        let mut ring = Ring::new();
        live(&mut ring, Some("a"), 1);
        live(&mut ring, Some("b"), 1);
        assert!(live(&mut ring, Some("a"), 1).conflated);
        assert!(!live(&mut ring, Some("c"), 1).conflated);
        assert_eq!(indices(&ring), [1, 2, 3]);
    }

    #[test]
    fn a_frame_leaves_when_every_stream_has_written_it() {
        let mut ring = Ring::new();
        for _ in 0..2 {
            ring.push(Kind::Live { key: None }, Frame::from_static(b"x"), Instant::now(), 2, LIMITS);
        }
        ring.written(0, 2);
        assert_eq!(indices(&ring), [0, 1]);
        ring.written(0, 1);
        assert_eq!(indices(&ring), [1]);
        ring.written(1, 2);
        assert_eq!(ring.len(), 0);
    }
}
