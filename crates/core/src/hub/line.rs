//! The line in which reads of logs wait for a reader: bounded, one for the node, taken from in order by all readers.

use super::budget::Held;
use crate::store::{LogPage, LogQuery, StoreResult};
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

/// What a read came to; a page counts as held until it is taken.
pub(super) type Answer = (StoreResult<Option<LogPage>>, Held);

/// Somebody waits for a read.
pub(super) struct Ask {
    pub(super) query: LogQuery,
    pub(super) answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

/// Those who wait, the first one first.
pub(super) struct Line {
    asks: Mutex<VecDeque<Ask>>,
    /// Room for more; whoever comes then waits outside.
    room: Arc<Semaphore>,
    filled: Notify,
}

impl Line {
    pub(super) fn new(most: usize) -> Self {
        Self { asks: Mutex::default(), room: Arc::new(Semaphore::new(most)), filled: Notify::new() }
    }

    /// Stands in line; `None` if that did not come to an answer. Cancel safe: a reader sees that nobody waits any more.
    pub(super) async fn ask(&self, query: LogQuery) -> Option<Answer> {
        let room = Arc::clone(&self.room).acquire_owned().await.ok()?;
        let (answer, answered) = oneshot::channel();
        self.asks.lock().push_back(Ask { query, answer, _room: room });
        self.filled.notify_one();
        answered.await.ok()
    }

    /// The first ones, as soon as there are any.
    pub(super) async fn first(&self, most: usize) -> Vec<Ask> {
        loop {
            let (first, more) = self.take(most);
            if more {
                self.filled.notify_one();
            }
            if !first.is_empty() {
                return first;
            }
            self.filled.notified().await;
        }
    }

    fn take(&self, most: usize) -> (Vec<Ask>, bool) {
        let mut asks = self.asks.lock();
        let most = most.min(asks.len());
        let first = asks.drain(..most).collect();
        (first, !asks.is_empty())
    }

    /// Those for whom a read had no room are the first ones again, for whichever reader comes next.
    pub(super) fn put_back(&self, rest: Vec<Ask>) {
        if rest.is_empty() {
            return;
        }
        let mut asks = self.asks.lock();
        rest.into_iter().rev().for_each(|ask| asks.push_front(ask));
        drop(asks);
        self.filled.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, Seq, UserId};
    use futures_util::future::FutureExt;

    fn query(after: u64) -> LogQuery {
        let recipient = Identity::of(UserId::new("u").unwrap()).recipient;
        LogQuery { recipient, after: Seq(after), limit: 1, max_bytes: 1 }
    }

    fn places(asks: &[Ask]) -> Vec<u64> {
        asks.iter().map(|ask| ask.query.after.0).collect()
    }

    #[tokio::test]
    async fn what_found_no_room_is_the_next_readers_and_comes_first() {
        let line = Line::new(9);
        let mut waiting: Vec<_> = (0..5).map(|n| Box::pin(line.ask(query(n)))).collect();
        waiting.iter_mut().for_each(|ask| assert!(ask.as_mut().now_or_never().is_none()));
        let mut batch = line.first(4).await;
        assert_eq!(places(&batch), [0, 1, 2, 3]);
        let rest = batch.split_off(1);
        // Another reader has come for the last one, and waits for more.
        assert_eq!(places(&line.first(4).await), [4]);
        let mut other = Box::pin(line.first(2));
        assert!(other.as_mut().now_or_never().is_none());
        line.put_back(rest);
        assert_eq!(places(&other.await), [1, 2]);
        assert_eq!(places(&line.first(2).await), [3]);
    }

    #[tokio::test]
    async fn a_full_line_is_waited_for_until_somebody_has_an_answer() {
        let line = Line::new(1);
        let (mut first, mut second) = (Box::pin(line.ask(query(1))), Box::pin(line.ask(query(2))));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        let batch = line.first(9).await;
        assert_eq!(places(&batch), [1], "the second one stands outside");
        assert!(second.as_mut().now_or_never().is_none());
        drop(batch);
        assert!(first.await.is_none(), "its reader is gone");
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(places(&line.first(9).await), [2]);
    }
}
