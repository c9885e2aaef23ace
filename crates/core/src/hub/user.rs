//! One user's open streams and their ring. Pure: no lock, no clock, no wake.

use super::{
    Connection, EndReason,
    connection::{About, Moment},
    ring::{Item, Kind, Pushed, Ring, RingLimits},
};
use crate::{
    ConnectionId, Counts, Cursor, Epoch, Metrics, Recipient, Seq, Timestamp, frame, frame::Frame, metrics::count,
};
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
    /// Which life of the log the ring and the head belong to.
    epoch: Option<Epoch>,
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
    about: About,
    wrote: Instant,
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
    /// Whether the entry is of another life of the log: only the store can tell which one counts.
    pub(super) doubtful: bool,
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
        Self { ring: Ring::new(limits), slots: BTreeMap::new(), epoch: None, head: None, early: BTreeMap::new() }
    }

    /// Streams that count for the limit: those that were told to end do not.
    pub(super) fn counted(&self) -> usize {
        self.slots.values().filter(|slot| slot.end.is_none()).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Takes in a stream. Frames from now on are kept for it.
    pub(super) fn join(&mut self, key: u64, about: About, now: Instant) {
        let index = self.ring.next_index();
        let slot = Slot { about, wrote: now, index, last: None, target: Seq::ZERO, dropped: 0, end: None, waker: None };
        self.slots.insert(key, slot);
    }

    pub(super) fn leave(&mut self, key: u64) {
        if let Some(slot) = self.slots.remove(&key) {
            self.ring.written(slot.index, self.ring.next_index());
        }
    }

    /// Says after which entry a stream continues, and up to where entries are known to exist.
    #[must_use]
    pub(super) fn place(&mut self, key: u64, last: Cursor, target: Seq, now: Instant) -> Vec<Waker> {
        let wakers = self.enter(last.epoch);
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.last = slot.last.max(Some(last.seq));
            slot.target = slot.target.max(target);
            slot.wrote = now;
        }
        wakers
    }

    /// From now on this life of the log counts. Streams of another one, which was erased, end.
    fn enter(&mut self, epoch: Epoch) -> Vec<Waker> {
        let wakers = match self.epoch {
            Some(known) if known != epoch => self.forget(),
            _ => Vec::new(),
        };
        self.epoch = Some(epoch);
        wakers
    }

    /// The log is gone: its streams end, and nothing of it is left for those that open later.
    pub(super) fn forget(&mut self) -> Vec<Waker> {
        self.ring.clear();
        self.early.clear();
        (self.head, self.epoch) = (None, None);
        self.end(EndReason::Revoked, |slot| slot.last.is_some())
    }

    /// Ends the streams whose credentials were issued before a moment.
    pub(super) fn revoke(&mut self, issued_before: Timestamp) -> Vec<Waker> {
        self.end(EndReason::Revoked, |slot| slot.about.identity.is_revoked_by(issued_before))
    }

    /// Cuts one stream, or all of them.
    pub(super) fn cut(&mut self, id: Option<ConnectionId>) -> Vec<Waker> {
        self.end(EndReason::Evicted, |slot| id.is_none_or(|id| slot.about.id == id))
    }

    pub(super) fn has(&self, id: ConnectionId) -> bool {
        self.slots.values().any(|slot| slot.about.id == id)
    }

    fn end(&mut self, reason: EndReason, which: impl Fn(&Slot) -> bool) -> Vec<Waker> {
        let ending = self.slots.values_mut().filter(|slot| slot.end.is_none() && which(slot));
        ending
            .filter_map(|slot| {
                slot.end = Some(reason);
                slot.waker.take()
            })
            .collect()
    }

    /// The streams as an operator sees them.
    pub(super) fn connections(&self, recipient: &Recipient, now: Moment) -> Vec<Connection> {
        let connection = |slot: &Slot| Connection {
            id: slot.about.id,
            recipient: recipient.clone(),
            since: slot.about.since,
            last_write_at: now.on_the_wall(slot.wrote),
            cursor: self.epoch.zip(slot.last).map(|(epoch, seq)| Cursor { epoch, seq }),
            behind: self
                .head
                .max(Some(slot.target))
                .zip(slot.last)
                .map_or(0, |(head, last)| head.0.saturating_sub(last.0)),
            transport: slot.about.transport,
        };
        self.slots.values().filter(|slot| slot.end.is_none()).map(connection).collect()
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
        if self.epoch.is_some_and(|known| known != entry.cursor.epoch) {
            return Announced { doubtful: true, ..Announced::default() };
        }
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
                Announced { reached: self.counted(), wakers: self.take_wakers(), ..Announced::default() }
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

    /// A look at the store found this head: whoever is behind it has a hole, whoever reads another life of the log has nothing more to
    /// read.
    pub(super) fn found_head(&mut self, head: Cursor) -> Vec<Waker> {
        let mut wakers = self.enter(head.epoch);
        if self.head < Some(head.seq) {
            self.head = Some(head.seq);
            wakers.extend(self.take_wakers());
        }
        wakers
    }

    fn push_logged(&mut self, entry: Logged, metrics: &Metrics) {
        self.head = self.head.max(Some(entry.cursor.seq));
        let kind = Kind::Logged { cursor: entry.cursor, counts: entry.counts };
        self.push(kind, entry.frame, entry.at, metrics);
    }

    /// A live event, for those who are here now.
    pub(super) fn signal(&mut self, frame: Frame, key: Option<Box<str>>, at: Instant, metrics: &Metrics) -> Announced {
        self.push(Kind::Live { key }, frame, at, metrics);
        Announced { reached: self.counted(), wakers: self.take_wakers(), ..Announced::default() }
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

    /// Whether the log has grown beyond a long poll's place; registers the waker if not.
    pub(super) fn poll_head(&mut self, key: u64, waker: &Waker) -> Pass {
        let Some(slot) = self.slots.get_mut(&key) else { return Pass::End(EndReason::Draining) };
        match (slot.end, slot.last) {
            (Some(reason), _) => Pass::End(reason),
            (None, Some(last)) if last < self.head.unwrap_or_default().max(slot.target) => Pass::Hole(last),
            _ => slot.idle(waker),
        }
    }

    /// The one rule, for one stream: entry `last + 1` is written; `≤ last` is dropped; `> last + 1` is a hole.
    pub(super) fn pass(&mut self, key: u64, waker: &Waker, now: Instant) -> Pass {
        let Some(slot) = self.slots.get_mut(&key) else { return Pass::End(EndReason::Draining) };
        if let Some(reason) = slot.end {
            return Pass::End(reason);
        }
        let Some(last) = slot.last else { return slot.idle(waker) };
        let from = slot.index;
        let (written, hole) = slot.take(last, &self.ring, self.head);
        let to = slot.index;
        let pass = match (written.events, hole) {
            (1.., _) => {
                slot.wrote = now;
                Pass::Write(written)
            }
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
        // The ring has nothing more for it: what is known to exist beyond can only be in the store, and what was dropped was the newest.
        if ring.from(self.index).next().is_none() {
            hole |= last < self.target.max(head.unwrap_or_default());
            if !hole {
                written.tell_gap(std::mem::take(&mut self.dropped));
            }
        }
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
