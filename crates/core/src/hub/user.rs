//! One user's open streams and their ring. Pure: no lock, no clock, no wake.

use super::{
    Connection, EndReason,
    chunk::Chunk,
    connection::{About, Moment},
    ring::{Kind, Pushed, Ring, RingLimits},
    slot::{Slot, Slots},
    wake::WakeList,
};
use crate::{ConnectionId, Counts, Cursor, Epoch, Metrics, Recipient, Seq, Timestamp, frame::Frame, metrics::count};
use std::{collections::BTreeMap, task::Waker};
use tokio::time::Instant;

/// Entries that wait for a missing predecessor; with more of them waiting is pointless.
const MAX_EARLY: usize = 256;

/// Entries by their seqs. Few users ever have any.
type Early = BTreeMap<Seq, Logged>;

/// A user with at least one open stream on this node.
#[derive(Debug)]
pub(super) struct User {
    /// Tells it from every other user that was ever here.
    serial: u64,
    ring: Ring,
    slots: Slots,
    /// Which life of the log the ring and the head belong to.
    epoch: Option<Epoch>,
    /// The newest entry that was announced here, or that a look at the store found.
    head: Option<Seq>,
    /// Entries that overtook their predecessor.
    early: Option<Box<Early>>,
    /// Bytes that the writers of its streams keep.
    kept: usize,
}

/// What a node grants its rings, and where it counts what they do.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) limits: RingLimits,
    pub(super) metrics: &'a Metrics,
}

/// A committed entry as it is announced.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) cursor: Cursor,
    pub(crate) counts: Counts,
    pub(crate) frame: Frame,
    pub(crate) at: Instant,
}

/// What an announcement led to.
#[derive(Default, Debug)]
pub(super) struct Announced {
    /// Streams that will write it.
    pub(super) reached: usize,
    /// Streams to wake.
    pub(super) wakers: WakeList,
    /// Whether an entry has begun to wait for its predecessor.
    pub(super) began_waiting: bool,
    /// Whether the entry is of another life of the log: only the store can tell which one counts.
    pub(super) doubtful: bool,
}

/// What a stream has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// Write the chunk. With `more`, ask again at once; else the waker is registered.
    Write { more: bool },
    /// Read the entries after this one from the store.
    Hole(Seq),
    /// End.
    End(EndReason),
    /// Nothing; the waker is registered.
    Idle,
}

impl User {
    pub(super) fn new(serial: u64) -> Self {
        let (ring, slots) = (Ring::new(), Slots::default());
        Self { serial, ring, slots, epoch: None, head: None, early: None, kept: 0 }
    }

    /// Streams that count for the limit: those that were told to end do not.
    pub(super) fn counted(&self) -> usize {
        self.slots.iter().filter(|slot| slot.end.is_none()).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Takes in a stream. Frames from now on are kept for it.
    pub(super) fn join(&mut self, key: u64, about: &About, now: Instant) {
        self.slots.push(Slot::new(key, about, self.ring.next_index(), now));
    }

    pub(super) fn leave(&mut self, key: u64) {
        if let Some(slot) = self.slots.remove(key) {
            self.kept -= slot.kept as usize;
            self.ring.written(slot.index, self.ring.next_index());
        }
    }

    /// Says after which entry a stream continues, and up to where entries are known to exist.
    pub(super) fn place(&mut self, key: u64, last: Cursor, target: Seq, now: Instant) -> WakeList {
        let wakers = self.enter(last.epoch);
        if let Some(slot) = self.slots.get_mut(key) {
            slot.last = slot.last.max(Some(last.seq));
            slot.target = slot.target.max(target);
            slot.wrote = now;
        }
        wakers
    }

    /// From now on this life of the log counts. Streams of another one, which was erased, end.
    fn enter(&mut self, epoch: Epoch) -> WakeList {
        let wakers = match self.epoch {
            Some(known) if known != epoch => self.forget(),
            _ => WakeList::default(),
        };
        self.epoch = Some(epoch);
        wakers
    }

    /// The log is gone: its streams end, and nothing of it is left for those that open later.
    pub(super) fn forget(&mut self) -> WakeList {
        self.ring.clear();
        self.early = None;
        (self.head, self.epoch) = (None, None);
        self.end(EndReason::Revoked, |slot| slot.last.is_some())
    }

    /// Ends the streams whose credentials were issued before a moment.
    pub(super) fn revoke(&mut self, issued_before: Timestamp) -> WakeList {
        self.end(EndReason::Revoked, |slot| slot.is_revoked_by(issued_before))
    }

    /// Cuts one stream, or all of them.
    pub(super) fn cut(&mut self, id: Option<ConnectionId>) -> WakeList {
        self.end(EndReason::Evicted, |slot| id.is_none_or(|id| slot.id == id))
    }

    pub(super) fn has(&self, id: ConnectionId) -> bool {
        self.slots.iter().any(|slot| slot.id == id)
    }

    fn end(&mut self, reason: EndReason, which: impl Fn(&Slot) -> bool) -> WakeList {
        let kept = &mut self.kept;
        let ending = self.slots.iter_mut().filter(|slot| which(slot));
        ending
            .filter_map(|slot| {
                *kept -= slot.end(reason)?;
                slot.waker.take()
            })
            .collect()
    }

    /// The streams as an operator sees them.
    pub(super) fn connections(&self, recipient: &Recipient, now: Moment) -> Vec<Connection> {
        let open = self.slots.iter().filter(|slot| slot.end.is_none());
        open.map(|slot| slot.connection(recipient, self.epoch, self.head, now)).collect()
    }

    /// How many live events were dropped before this stream wrote them, since it was last asked.
    pub(super) fn take_dropped(&mut self, key: u64) -> u64 {
        self.slots.get_mut(key).map_or(0, |slot| std::mem::take(&mut slot.dropped))
    }

    /// Ends the oldest stream, so that a new one has room.
    pub(super) fn end_oldest(&mut self, reason: EndReason) -> Option<Waker> {
        self.slots.iter_mut().find(|slot| slot.end.is_none()).and_then(|slot| {
            self.kept -= slot.end(reason)?;
            slot.waker.take()
        })
    }

    /// All wakers, those of streams whose readers stall, too.
    pub(super) fn take_all_wakers(&mut self) -> WakeList {
        self.slots.iter_mut().filter_map(|slot| slot.waker.take()).collect()
    }

    pub(super) fn take_wakers(&mut self) -> WakeList {
        self.slots.iter_mut().filter_map(Slot::waker_for_news).collect()
    }

    /// The stream's writer keeps so many bytes that its reader does not take; 0: it took them. Registers the waker, for the stream's end.
    pub(super) fn keep(&mut self, key: u64, bytes: u32, waker: &Waker) {
        if let Some(slot) = self.slots.get_mut(key) {
            // One that is cut off holds nothing any more.
            let bytes = if slot.end.is_some_and(EndReason::is_abrupt) { 0 } else { bytes };
            self.kept = self.kept - slot.kept as usize + bytes as usize;
            slot.kept = bytes;
            slot.idle(waker);
        }
    }

    /// What it holds in memory beyond its places and the frames themselves.
    pub(super) fn held(&self) -> usize {
        self.ring.held() + self.early.as_ref().map_or(0, |early| early.len()) * size_of::<Logged>() + self.kept
    }

    /// Whether that is anything.
    pub(super) fn holds(&self) -> bool {
        self.held() > 0
    }

    fn early_entries(&self) -> impl Iterator<Item = &Logged> {
        self.early.iter().flat_map(|early| early.values())
    }

    /// What goes when its ring is emptied, if it shares its frames with nobody.
    pub(super) fn ring_bytes(&self) -> usize {
        let early: usize = self.early_entries().map(|entry| entry.frame.len()).sum();
        self.held() - self.kept + self.ring.frame_bytes() + early
    }

    /// The streams whose writers keep bytes, and how many.
    pub(super) fn kept_by_streams(&self) -> impl Iterator<Item = (u64, usize)> {
        let stalled = self.slots.iter().filter(|slot| slot.kept > 0);
        stalled.map(|slot| (slot.key, slot.kept as usize))
    }

    /// Ends a stream whose reader stalls, if it still does; answers how many bytes its writer lets go of. They stop counting at once, or
    /// whoever looks before its writer has had a turn would let go of others for them.
    pub(super) fn close_stalled(&mut self, key: u64) -> (usize, WakeList) {
        let stalled = self.slots.get_mut(key).filter(|slot| slot.kept > 0);
        let Some((slot, bytes)) = stalled.and_then(|slot| slot.end(EndReason::Busy).map(|bytes| (slot, bytes))) else {
            return (0, WakeList::default());
        };
        self.kept -= bytes;
        (bytes, slot.waker.take().into_iter().collect())
    }

    /// Empties the ring, and waits no longer for what is missing; answers how many bytes that held.
    pub(super) fn empty_ring(&mut self, terms: Terms<'_>) -> (usize, WakeList) {
        let bytes = self.ring_bytes();
        let wakers = self.stop_waiting(terms);
        let pushed = self.ring.empty();
        self.dropped(pushed, terms.metrics);
        (bytes, wakers)
    }

    /// A committed entry was announced: the next one goes to the ring, a known one is dropped, one that overtook others waits.
    pub(super) fn announce(&mut self, entry: Logged, terms: Terms<'_>) -> Announced {
        let seq = entry.cursor.seq;
        if self.epoch.is_some_and(|known| known != entry.cursor.epoch) {
            return Announced { doubtful: true, ..Announced::default() };
        }
        match self.head {
            Some(head) if seq <= head => Announced::default(),
            Some(head) if seq > head.next() && self.early.as_ref().map_or(0, |early| early.len()) < MAX_EARLY => {
                let began_waiting = self.early.is_none();
                self.early.get_or_insert_default().insert(seq, entry);
                terms.metrics.reordered.inc();
                Announced { began_waiting, ..Announced::default() }
            }
            _ => {
                self.push_logged(entry, terms);
                self.take_successors(terms);
                Announced { reached: self.counted(), wakers: self.take_wakers(), ..Announced::default() }
            }
        }
    }

    fn take_successors(&mut self, terms: Terms<'_>) {
        while let Some(first) = self.early.as_mut().and_then(|early| early.first_entry()) {
            match self.head {
                Some(head) if *first.key() > head.next() => return,
                Some(head) if *first.key() <= head => drop(first.remove()),
                _ => {
                    let entry = first.remove();
                    self.push_logged(entry, terms);
                }
            }
        }
        self.early = None;
    }

    /// Nobody waits any longer for missing entries: streams will find the hole and read the store.
    pub(super) fn stop_waiting(&mut self, terms: Terms<'_>) -> WakeList {
        for entry in self.early.take().into_iter().flat_map(|early| early.into_values()) {
            self.push_logged(entry, terms);
        }
        self.take_wakers()
    }

    /// A look at the store found this head: whoever is behind it has a hole, whoever reads another life of the log has nothing more to
    /// read.
    pub(super) fn found_head(&mut self, head: Cursor) -> WakeList {
        let mut wakers = self.enter(head.epoch);
        if self.head < Some(head.seq) {
            self.head = Some(head.seq);
            wakers.extend(self.take_wakers());
        }
        wakers
    }

    fn push_logged(&mut self, entry: Logged, terms: Terms<'_>) {
        self.head = self.head.max(Some(entry.cursor.seq));
        let kind = Kind::Logged { cursor: entry.cursor, counts: entry.counts };
        self.push(kind, entry.frame, entry.at, terms);
    }

    /// A live event, for those who are here now.
    pub(super) fn signal(&mut self, frame: Frame, key: Option<Box<str>>, at: Instant, terms: Terms<'_>) -> Announced {
        self.push(Kind::Live { key }, frame, at, terms);
        Announced { reached: self.counted(), wakers: self.take_wakers(), ..Announced::default() }
    }

    fn push(&mut self, kind: Kind, frame: Frame, at: Instant, Terms { limits, metrics }: Terms<'_>) {
        let pushed = self.ring.push(kind, frame, at, self.slots.len(), limits);
        if pushed.conflated {
            metrics.conflated.inc();
        }
        self.dropped(pushed, metrics);
    }

    /// Frames left the ring before everybody had them: logged ones are refilled, live ones are told of.
    fn dropped(&mut self, Pushed { dropped_live, dropped_logged, .. }: Pushed, metrics: &Metrics) {
        if dropped_logged > 0 {
            count(&metrics.dropped, "kind", "logged", dropped_logged);
        }
        for index in dropped_live {
            count(&metrics.dropped, "kind", "live", 1);
            self.slots.iter_mut().filter(|slot| slot.index <= index).for_each(|slot| slot.dropped += 1);
        }
    }

    /// Whether the log has grown beyond a long poll's place; registers the waker if not.
    pub(super) fn poll_head(&mut self, key: u64, waker: &Waker) -> Pass {
        let Some(slot) = self.slots.get_mut(key) else { return Pass::End(EndReason::Draining) };
        match (slot.end, slot.last) {
            (Some(reason), _) => Pass::End(reason),
            (None, Some(last)) if last < self.head.unwrap_or_default().max(slot.target) => Pass::Hole(last),
            _ => slot.idle(waker),
        }
    }

    /// The one rule, for one stream: entry `last + 1` is written; `≤ last` is dropped; `> last + 1` is a hole.
    pub(super) fn pass(&mut self, key: u64, waker: &Waker, now: Instant, chunk: &mut Chunk) -> Pass {
        let Some(slot) = self.slots.get_mut(key) else { return Pass::End(EndReason::Draining) };
        if let Some(reason) = slot.end {
            return Pass::End(reason);
        }
        let Some(last) = slot.last else { return slot.idle(waker) };
        let from = slot.index;
        let taken = slot.take(self.serial, last, &self.ring, self.head, chunk);
        let (to, more) = (slot.index, slot.index < self.ring.next_index());
        let pass = match taken {
            None => slot.idle(waker),
            Some(true) if chunk.events == 0 => Pass::Hole(last),
            Some(hole) => {
                slot.wrote = now;
                if !(hole || more) {
                    slot.idle(waker);
                }
                Pass::Write { more: hole || more }
            }
        };
        self.ring.written(from, to);
        pass
    }

    /// Why a stream must end, if it must. Registers the waker, for whoever does not ask for a pass now.
    pub(super) fn ends(&mut self, key: u64, waker: &Waker) -> Option<EndReason> {
        let slot = self.slots.get_mut(key)?;
        slot.idle(waker);
        slot.end
    }

    /// What it holds, added up from nothing.
    #[cfg(test)]
    pub(super) fn added_up(&self) -> usize {
        let early: usize = self.early_entries().map(|entry| entry.frame.len() + size_of::<Logged>()).sum();
        let kept: usize = self.slots.iter().map(|slot| slot.kept as usize).sum();
        self.ring.added_up() + early + kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte of these is paid by every user with an open stream: docs/decisions/0003 adds them up.
    #[test]
    fn a_user_with_one_stream_is_small() {
        assert!(size_of::<User>() <= 128, "{}", size_of::<User>());
        assert!(size_of::<Slot>() <= 128, "{}", size_of::<Slot>());
    }
}
