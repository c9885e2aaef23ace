//! A stream's place in the hub.

use super::{
    Chunk, EndReason, Hub, SHARDS,
    user::{Pass, User},
};
use crate::{ConnectionId, Cursor, Recipient, Seq};
use std::{
    sync::Arc,
    task::{Poll, Waker},
};
use tokio::time::Instant;

/// A stream's place in the hub. Dropping it gives the place back.
pub(crate) struct Lease {
    pub(crate) hub: Arc<Hub>,
    pub(crate) id: ConnectionId,
    pub(crate) recipient: Recipient,
    /// Where its user is.
    pub(super) shard: usize,
    pub(super) user: usize,
    pub(super) key: u64,
}

impl Lease {
    pub(crate) fn place(&self, last: Cursor, target: Seq) {
        self.with(|user, key| user.place(key, last, target, Instant::now())).unwrap_or_default().wake();
    }

    /// Ready when the user's log goes on after this place, or when it must end, and why.
    pub(crate) fn poll_grown(&self, waker: &Waker) -> Poll<Option<EndReason>> {
        // Registered first, so that no drain is missed.
        let pass = self.with(|user, key| user.poll_head(key, waker)).unwrap_or(Pass::End(EndReason::Draining));
        match pass {
            Pass::End(reason) => Poll::Ready(Some(reason)),
            Pass::Hole(_) | Pass::Write { .. } => Poll::Ready(None),
            Pass::Idle if self.hub.drain().is_some() => Poll::Ready(Some(EndReason::Draining)),
            Pass::Idle => Poll::Pending,
        }
    }

    pub(super) fn pass(&self, waker: &Waker, now: Instant, chunk: &mut Chunk) -> Pass {
        self.with(|user, key| user.pass(key, waker, now, chunk)).unwrap_or(Pass::End(EndReason::Draining))
    }

    pub(super) fn lane(&self) -> u64 {
        ((self.user * SHARDS) + self.shard) as u64
    }

    /// Whoever writes the stream keeps so many bytes that its reader does not take.
    pub(super) fn keep(&self, bytes: usize, waker: &Waker) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.with(|user, key| user.keep(key, bytes, waker));
        self.hub.shed();
    }

    pub(super) fn take_dropped(&self) -> u64 {
        self.with(|user, key| user.take_dropped(key)).unwrap_or(0)
    }

    /// Why the stream must end, if it was told to; if not, the waker is woken when it is.
    pub(super) fn ends(&self, waker: &Waker) -> Option<EndReason> {
        self.with(|user, key| user.ends(key, waker)).flatten()
    }

    fn with<T>(&self, act: impl FnOnce(&mut User, u64) -> T) -> Option<T> {
        self.hub.shards[self.shard].lock().change_at(self.user, &self.hub.budget, |user| act(user, self.key))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.hub.leave(self);
        self.hub.metrics.connections.dec();
        self.hub.give_node_place();
    }
}
