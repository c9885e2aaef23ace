//! What becomes of a channel's deliveries, counted: by outcome for the operator, and how many are open for whoever waits for the end.

use super::Outcome;
use crate::{Metrics, metrics::count_delivery};
use tokio::sync::watch;

/// Deliveries whose outcome is not known yet, and where the others are counted.
pub(super) struct Tally {
    channel: String,
    metrics: Metrics,
    open: watch::Sender<usize>,
}

impl Tally {
    pub(super) fn new(channel: &str, metrics: Metrics) -> Self {
        metrics.begin_channel(channel);
        Self { channel: channel.into(), metrics, open: watch::Sender::new(0) }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    pub(super) fn begin(&self, deliveries: usize) {
        self.open.send_modify(|open| *open += deliveries);
    }

    /// Counts attempts that are not the last.
    pub(super) fn again(&self, word: &'static str, deliveries: usize) {
        count_delivery(&self.metrics, &self.channel, word, deliveries);
    }

    /// Counts what has come to its end. In one step with what is open: what was abandoned meanwhile has its outcome already.
    pub(super) fn ended(&self, word: &'static str, deliveries: usize) {
        self.open.send_modify(|open| {
            let counted = deliveries.min(*open);
            self.again(word, counted);
            *open -= counted;
        });
    }

    /// Counts all that is open as abandoned.
    pub(super) fn abandon(&self) {
        self.ended("abandoned", usize::MAX);
    }

    /// Counts what the channel answered for one recipient. Whether it is to be tried again.
    pub(super) fn answered(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Delivered { .. } => self.ended("delivered", 1),
            Outcome::Skipped(_) => self.ended("skipped", 1),
            Outcome::Permanent(_) => self.ended("permanent", 1),
            Outcome::Transient { .. } => {
                self.again("transient", 1);
                return true;
            }
        }
        false
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        *self.open.borrow()
    }

    /// Waits until none is. Cancel safe.
    pub(super) async fn idle(&self) {
        // It cannot fail: the sender is here.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn counted(metrics: &Metrics, outcome: &'static str) -> u64 {
        metrics.deliveries.get_or_create(&[("channel", "mail".into()), ("outcome", outcome.into())]).get()
    }

    #[test]
    fn what_ends_while_all_is_abandoned_has_one_outcome() {
        const DELIVERIES: u64 = 1000;
        for _ in 0..20 {
            let metrics = Metrics::default();
            let tally = Tally::new("mail", metrics.clone());
            (0..DELIVERIES).for_each(|_| tally.begin(1));
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| (0..DELIVERIES / 2).for_each(|_| tally.ended("delivered", 1)));
                }
                scope.spawn(|| {
                    while tally.open() as u64 > DELIVERIES / 2 {
                        thread::yield_now();
                    }
                    tally.abandon();
                });
            });
            let (delivered, abandoned) = (counted(&metrics, "delivered"), counted(&metrics, "abandoned"));
            assert_eq!((tally.open(), delivered + abandoned), (0, DELIVERIES), "{abandoned} of them abandoned");
        }
    }

    #[test]
    fn what_ends_after_all_was_abandoned_is_not_counted_again() {
        let metrics = Metrics::default();
        let tally = Tally::new("mail", metrics.clone());
        tally.begin(3);
        tally.ended("delivered", 1);
        tally.abandon();
        tally.ended("delivered", 2);
        assert_eq!((counted(&metrics, "delivered"), counted(&metrics, "abandoned")), (1, 2));
    }
}
