//! One user's open streams and their ring. Pure: no lock, no clock, no wake.

use super::{
    EndReason,
    ring::{Item, Kind, Pushed, Ring, RingLimits},
};
use crate::{Counts, Cursor, Metrics, Seq, frame, frame::Frame, metrics::count};
use std::{collections::BTreeMap, task::Waker};
use tokio::time::Instant;

/// A pass stops taking frames once it has so many bytes, so that a long ring becomes several writes of a bearable size.
const PASS_BYTES: usize = 64 * 1024;
/// Entries that wait for a missing predecessor; with more of them waiting is pointless.
const MAX_EARLY: usize = 256;

/// A user with at least one open stream on this node.
#[derive(Debug)]
pub(super) struct User {
    ring: Ring,
    slots: BTreeMap<u64, Slot>,
    /// The newest entry that was announced here, or that a look at the store found.
    head: Option<Seq>,
    /// Entries that overtook their predecessor.
    early: BTreeMap<Seq, Logged>,
}

/// A committed entry as it is announced.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) cursor: Cursor,
    pub(crate) counts: Counts,
    pub(crate) frame: Frame,
    pub(crate) at: Instant,
}

/// One stream's place.
#[derive(Debug)]
struct Slot {
    /// The first index of the ring that it has not written.
    index: u64,
    /// The last entry it has written, once the stream is open.
    last: Option<Seq>,
    /// The newest entry it knows to exist.
    target: Seq,
    /// Live events that were dropped before it wrote them.
    dropped: u64,
    end: Option<EndReason>,
    waker: Option<Waker>,
}

/// What an announcement led to.
#[derive(Default, Debug)]
pub(super) struct Announced {
    /// Streams that will write it.
    pub(super) reached: usize,
    /// Streams to wake.
    pub(super) wakers: Vec<Waker>,
    /// Whether an entry has begun to wait for its predecessor.
    pub(super) began_waiting: bool,
}

/// What a stream has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// Write these bytes.
    Write(Written),
    /// Read the entries after this one from the store.
    Hole(Seq),
    /// End.
    End(EndReason),
    /// Nothing; the waker is registered.
    Idle,
}

/// Bytes for one write, and what they hold.
#[derive(Default, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    pub(super) events: u64,
    pub(super) gap: bool,
    /// When the newest logged one of them was published.
    pub(super) published: Option<Instant>,
}

impl Written {
    /// An event of the log at its position.
    pub(super) fn stamp(&mut self, cursor: Cursor, frame: &Frame) {
        frame::stamp(&mut self.bytes, cursor, frame);
        self.events += 1;
    }

    /// An event without an id.
    fn live(&mut self, frame: &Frame) {
        self.bytes.extend_from_slice(frame);
        self.events += 1;
    }

    pub(super) fn counts(&mut self, counts: Counts, version: Seq) {
        frame::counts(&mut self.bytes, counts, version);
        self.events += 1;
    }

    /// Tells how many live events were dropped before what comes now, if there were any.
    pub(super) fn tell_gap(&mut self, dropped: u64) {
        if dropped > 0 {
            frame::gap(&mut self.bytes, dropped);
            self.events += 1;
            self.gap = true;
        }
    }
}

impl User {
    pub(super) fn new(limits: RingLimits) -> Self {
        Self { ring: Ring::new(limits), slots: BTreeMap::new(), head: None, early: BTreeMap::new() }
    }

    /// Streams that count for the limit: those that were told to end do not.
    pub(super) fn counted(&self) -> usize {
        self.slots.values().filter(|slot| slot.end.is_none()).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Takes in a stream. Frames from now on are kept for it.
    pub(super) fn join(&mut self, key: u64) {
        let index = self.ring.next_index();
        self.slots.insert(key, Slot { index, last: None, target: Seq::ZERO, dropped: 0, end: None, waker: None });
    }

    pub(super) fn leave(&mut self, key: u64) {
        if let Some(slot) = self.slots.remove(&key) {
            self.ring.written(slot.index, self.ring.next_index());
        }
    }

    /// Says after which entry a stream continues, and up to where entries are known to exist.
    pub(super) fn place(&mut self, key: u64, last: Seq, target: Seq) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.last = slot.last.max(Some(last));
            slot.target = slot.target.max(target);
        }
    }

    /// How many live events were dropped before this stream wrote them, since it was last asked.
    pub(super) fn take_dropped(&mut self, key: u64) -> u64 {
        self.slots.get_mut(&key).map_or(0, |slot| std::mem::take(&mut slot.dropped))
    }

    /// Ends the oldest stream, so that a new one has room.
    pub(super) fn end_oldest(&mut self, reason: EndReason) -> Option<Waker> {
        self.slots.values_mut().find(|slot| slot.end.is_none()).and_then(|slot| {
            slot.end = Some(reason);
            slot.waker.take()
        })
    }

    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        self.slots.values_mut().filter_map(|slot| slot.waker.take()).collect()
    }

    /// A committed entry was announced: the next one goes to the ring, a known one is dropped, one that overtook others waits.
    pub(super) fn announce(&mut self, entry: Logged, metrics: &Metrics) -> Announced {
        let seq = entry.cursor.seq;
        match self.head {
            Some(head) if seq <= head => Announced::default(),
            Some(head) if seq > head.next() && self.early.len() < MAX_EARLY => {
                let began_waiting = self.early.is_empty();
                self.early.insert(seq, entry);
                metrics.reordered.inc();
                Announced { began_waiting, ..Announced::default() }
            }
            _ => {
                self.push_logged(entry, metrics);
                self.take_successors(metrics);
                Announced { reached: self.counted(), wakers: self.take_wakers(), began_waiting: false }
            }
        }
    }

    fn take_successors(&mut self, metrics: &Metrics) {
        while let Some(first) = self.early.first_entry() {
            match self.head {
                Some(head) if *first.key() > head.next() => return,
                Some(head) if *first.key() <= head => drop(first.remove()),
                _ => {
                    let entry = first.remove();
                    self.push_logged(entry, metrics);
                }
            }
        }
    }

    /// Nobody waits any longer for missing entries: streams will find the hole and read the store.
    pub(super) fn stop_waiting(&mut self, metrics: &Metrics) -> Vec<Waker> {
        for entry in std::mem::take(&mut self.early).into_values() {
            self.push_logged(entry, metrics);
        }
        self.take_wakers()
    }

    /// A look at the store found this head: whoever is behind it has a hole.
    pub(super) fn found_head(&mut self, head: Seq) -> Vec<Waker> {
        if self.head >= Some(head) {
            return Vec::new();
        }
        self.head = Some(head);
        self.take_wakers()
    }

    fn push_logged(&mut self, entry: Logged, metrics: &Metrics) {
        self.head = self.head.max(Some(entry.cursor.seq));
        let kind = Kind::Logged { cursor: entry.cursor, counts: entry.counts };
        self.push(kind, entry.frame, entry.at, metrics);
    }

    /// A live event, for those who are here now.
    pub(super) fn signal(&mut self, frame: Frame, key: Option<Box<str>>, at: Instant, metrics: &Metrics) -> Announced {
        self.push(Kind::Live { key }, frame, at, metrics);
        Announced { reached: self.counted(), wakers: self.take_wakers(), began_waiting: false }
    }

    fn push(&mut self, kind: Kind, frame: Frame, at: Instant, metrics: &Metrics) {
        let Pushed { dropped_live, dropped_logged, conflated } = self.ring.push(kind, frame, at, self.slots.len());
        if dropped_logged > 0 {
            count(&metrics.dropped, "kind", "logged", dropped_logged);
        }
        if conflated {
            metrics.conflated.inc();
        }
        for index in dropped_live {
            count(&metrics.dropped, "kind", "live", 1);
            self.slots.values_mut().filter(|slot| slot.index <= index).for_each(|slot| slot.dropped += 1);
        }
    }

    /// The one rule, for one stream: entry `last + 1` is written; `≤ last` is dropped; `> last + 1` is a hole.
    pub(super) fn pass(&mut self, key: u64, waker: &Waker) -> Pass {
        let Some(slot) = self.slots.get_mut(&key) else { return Pass::End(EndReason::Draining) };
        if let Some(reason) = slot.end {
            return Pass::End(reason);
        }
        let Some(last) = slot.last else { return slot.idle(waker) };
        let from = slot.index;
        let (written, hole) = slot.take(last, &self.ring, self.head);
        let to = slot.index;
        let pass = match (written.events, hole) {
            (1.., _) => Pass::Write(written),
            (0, true) => Pass::Hole(last),
            (0, false) => slot.idle(waker),
        };
        self.ring.written(from, to);
        pass
    }
}

impl Slot {
    fn idle(&mut self, waker: &Waker) -> Pass {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Pass::Idle
    }

    /// Takes what this stream may write now; says whether a hole comes next.
    fn take(&mut self, mut last: Seq, ring: &Ring, head: Option<Seq>) -> (Written, bool) {
        let mut written = Written::default();
        let mut counts = None;
        let mut hole = false;
        for item in ring.from(self.index) {
            if written.bytes.len() >= PASS_BYTES {
                break;
            }
            if let Kind::Logged { cursor, .. } = &item.kind
                && cursor.seq > last.next()
            {
                hole = true;
                break;
            }
            self.index = item.index + 1;
            self.write(item, &mut last, &mut written, &mut counts);
        }
        if let Some((counts, version)) = counts {
            written.counts(counts, version);
        }
        self.last = Some(last);
        // Everything of the ring is taken: what is known to exist beyond it can only be in the store.
        hole |= self.index == ring.next_index() && last < self.target.max(head.unwrap_or_default());
        (written, hole)
    }

    fn write(&mut self, item: &Item, last: &mut Seq, written: &mut Written, counts: &mut Option<(Counts, Seq)>) {
        match &item.kind {
            Kind::Logged { cursor, .. } if cursor.seq <= *last => {}
            Kind::Logged { cursor, counts: after } => {
                written.tell_gap(std::mem::take(&mut self.dropped));
                written.stamp(*cursor, &item.frame);
                *last = cursor.seq;
                *counts = Some((*after, cursor.seq));
                written.published = Some(item.at);
            }
            Kind::Live { .. } => {
                written.tell_gap(std::mem::take(&mut self.dropped));
                written.live(&item.frame);
            }
        }
    }
}
