//! When all of this node's streams together hold more than they may: the largest backlog goes first, and never in silence. Frames of a ring are
//! read again from the store, or told of by `gap`; a stream whose reader stalls is closed, and its client resumes.

use super::Hub;
use crate::metrics::count;

/// Something that can be let go of.
struct Backlog {
    bytes: usize,
    shard: usize,
    user: usize,
    /// Of one stream; `None`: the user's ring.
    stream: Option<u64>,
}

impl Hub {
    /// Lets go of the largest backlogs if too much is held. Under no lock.
    pub(super) fn shed(&self) {
        if !self.budget.is_over() {
            return;
        }
        let Some(_alone) = self.budget.shedding.try_lock() else { return };
        let mut backlogs = self.backlogs();
        backlogs.sort_unstable_by_key(|backlog| std::cmp::Reverse(backlog.bytes));
        for backlog in backlogs {
            // What a ring held is gone when nobody else has the frames, so only this tells.
            if self.budget.excess() == 0 {
                break;
            }
            self.let_go(&backlog);
        }
    }

    fn backlogs(&self) -> Vec<Backlog> {
        let mut backlogs = Vec::new();
        for (shard, users) in self.shards.iter().enumerate() {
            let users = users.lock();
            for (user, held) in users.holders() {
                let ring = (held.ring_bytes() > 0).then_some((None, held.ring_bytes()));
                let streams = held.kept_by_streams().map(|(key, bytes)| (Some(key), bytes));
                let of = |(stream, bytes)| Backlog { bytes, shard, user, stream };
                backlogs.extend(ring.into_iter().chain(streams).map(of));
            }
        }
        backlogs
    }

    fn let_go(&self, backlog: &Backlog) {
        let mut shard = self.shards[backlog.shard].lock();
        let terms = self.terms();
        let gone = shard.change_at(backlog.user, &self.budget, |user| match backlog.stream {
            Some(key) => user.close_stalled(key),
            None => user.empty_ring(terms),
        });
        drop(shard);
        let Some((bytes, wakers)) = gone else { return };
        let kind = if backlog.stream.is_some() { "stream" } else { "ring" };
        if bytes > 0 {
            count(&self.metrics.sheds, "kind", kind, 1);
            count(&self.metrics.shed_bytes, "kind", kind, bytes as u64);
        }
        wakers.wake();
    }
}
