//! One stream's place with its user, and the places of all its streams.

use super::{
    Connection, EndReason, Transport,
    chunk::{Chunk, Place},
    connection::{About, Moment},
    ring::{Item, Kind, Ring},
    user::Pass,
};
use crate::{ConnectionId, Counts, Cursor, Epoch, Recipient, Seq, Timestamp};
use std::task::Waker;
use tokio::time::Instant;

/// A pass stops taking frames once it has so many bytes, so that a long ring becomes several writes of a bearable size.
const PASS_BYTES: usize = 64 * 1024;

/// One stream's place.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) key: u64,
    pub(super) id: ConnectionId,
    since: Timestamp,
    /// When its credentials were issued.
    issued_at: Option<Timestamp>,
    pub(super) wrote: Instant,
    /// The first index of the ring that it has not written.
    pub(super) index: u64,
    /// The last entry it has written, once the stream is open.
    pub(super) last: Option<Seq>,
    /// The newest entry it knows to exist.
    pub(super) target: Seq,
    /// Live events that were dropped before it wrote them.
    pub(super) dropped: u64,
    pub(super) end: Option<EndReason>,
    transport: Transport,
    /// Bytes that its writer keeps, because its reader does not take them.
    pub(super) kept: u32,
    pub(super) waker: Option<Waker>,
}

impl Slot {
    pub(super) fn new(key: u64, about: &About, index: u64, now: Instant) -> Self {
        Self {
            key,
            id: about.id,
            since: about.since,
            issued_at: about.identity.issued_at,
            wrote: now,
            index,
            last: None,
            target: Seq::ZERO,
            dropped: 0,
            end: None,
            transport: about.transport,
            kept: 0,
            waker: None,
        }
    }

    /// The waker, if the stream can write what is new: one whose reader stalls is woken for its end only.
    pub(super) fn waker_for_news(&mut self) -> Option<Waker> {
        if self.kept == 0 { self.waker.take() } else { None }
    }

    /// Tells it to end, unless it was told already; what must not go on ends one, too, that was only asked to move on. Says whether it did, and
    /// how many bytes count no more: its writer lets go of them at once.
    pub(super) fn end(&mut self, reason: EndReason) -> Option<usize> {
        if self.end.is_some_and(|known| known.is_abrupt() || !reason.is_abrupt()) {
            return None;
        }
        self.end = Some(reason);
        Some(if reason.is_abrupt() { std::mem::take(&mut self.kept) as usize } else { 0 })
    }

    /// Whether a revocation of everything issued before a moment takes this stream.
    pub(super) fn is_revoked_by(&self, issued_before: Timestamp) -> bool {
        self.issued_at.is_none_or(|issued| issued < issued_before)
    }

    /// The stream as an operator sees it.
    pub(super) fn connection(
        &self,
        recipient: &Recipient,
        epoch: Option<Epoch>,
        head: Option<Seq>,
        now: Moment,
    ) -> Connection {
        let newest = head.max(Some(self.target));
        Connection {
            id: self.id,
            recipient: recipient.clone(),
            since: self.since,
            last_write_at: now.on_the_wall(self.wrote),
            cursor: epoch.zip(self.last).map(|(epoch, seq)| Cursor { epoch, seq }),
            behind: newest.zip(self.last).map_or(0, |(head, last)| head.0.saturating_sub(last.0)),
            transport: self.transport,
        }
    }

    /// Nothing to do until the waker is woken.
    pub(super) fn idle(&mut self, waker: &Waker) -> Pass {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Pass::Idle
    }

    /// Takes what this stream may write now; says whether a hole comes next.
    pub(super) fn take(
        &mut self,
        user: u64,
        last: Seq,
        ring: &Ring,
        head: Option<Seq>,
        chunk: &mut Chunk,
    ) -> Option<bool> {
        let from = Place { user, next: ring.next_index(), index: self.index, last };
        let known = if self.dropped == 0 { chunk.reuse(from) } else { None };
        let (to, stopped) = known.map_or_else(|| self.encode(from, ring, chunk), |to| (to, false));
        // The ring has nothing more for it: what is known to exist beyond can only be in the store, and what was dropped was the newest.
        let rest = ring.from(to.index).next().is_none();
        let hole = stopped || (rest && to.last < self.target.max(head.unwrap_or_default()));
        self.index = if rest { ring.next_index() } else { to.index };
        self.last = Some(to.last);
        if rest && !hole {
            chunk.tell_gap(std::mem::take(&mut self.dropped));
        }
        (chunk.events > 0 || hole).then_some(hole)
    }

    /// Encodes the frames from a place on; says where they lead, and whether a hole stopped it.
    fn encode(&mut self, from: Place, ring: &Ring, chunk: &mut Chunk) -> (Place, bool) {
        chunk.clear();
        let (mut to, mut counts, shared) = (from, None, self.dropped == 0);
        let mut hole = false;
        for item in ring.from(from.index) {
            if chunk.bytes().len() >= PASS_BYTES {
                break;
            }
            if let Kind::Logged { cursor, .. } = &item.kind
                && cursor.seq > to.last.next()
            {
                hole = true;
                break;
            }
            to.index = item.index + 1;
            self.write(item, &mut to.last, chunk, &mut counts);
        }
        if let Some((counts, version)) = counts {
            chunk.counts(counts, version);
        }
        if shared && !hole && chunk.events > 0 {
            chunk.encoded(from, to);
        }
        (to, hole)
    }

    fn write(&mut self, item: &Item, last: &mut Seq, chunk: &mut Chunk, counts: &mut Option<(Counts, Seq)>) {
        match &item.kind {
            Kind::Logged { cursor, .. } if cursor.seq <= *last => {}
            Kind::Logged { cursor, counts: after } => {
                chunk.tell_gap(std::mem::take(&mut self.dropped));
                chunk.stamp(*cursor, &item.frame);
                *last = cursor.seq;
                *counts = Some((*after, cursor.seq));
                chunk.published = Some(item.at);
            }
            Kind::Live { .. } => {
                chunk.tell_gap(std::mem::take(&mut self.dropped));
                chunk.live(&item.frame);
            }
        }
    }
}

/// The places of a user's streams, in the order in which they came. Most users have one, and a tree would have room for eleven.
#[derive(Default, Debug)]
#[expect(clippy::vec_box, reason = "a second place does not move the first")]
pub(super) struct Slots(Vec<Box<Slot>>);

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in a place whose key is larger than all others'.
    pub(super) fn push(&mut self, slot: Slot) {
        if self.0.is_empty() {
            self.0.reserve_exact(1);
        }
        self.0.push(Box::new(slot));
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<Box<Slot>> {
        self.position(key).map(|at| self.0.remove(at))
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Slot> {
        self.position(key).and_then(|at| self.0.get_mut(at)).map(|slot| &mut **slot)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.0.iter().map(|slot| &**slot)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.0.iter_mut().map(|slot| &mut **slot)
    }

    fn position(&self, key: u64) -> Option<usize> {
        self.0.binary_search_by_key(&key, |slot| slot.key).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::user::User, *};

    /// Each byte of these is paid by every user with an open stream: docs/decisions/0003 adds them up.
    #[test]
    fn a_place_and_its_user_are_small() {
        assert!(size_of::<Slot>() <= 128, "{}", size_of::<Slot>());
        assert!(size_of::<User>() <= 128, "{}", size_of::<User>());
    }
}
