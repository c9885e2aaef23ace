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

    /// Counts what has come to its end.
    pub(super) fn ended(&self, word: &'static str, deliveries: usize) {
        self.again(word, deliveries);
        self.open.send_modify(|open| *open = open.saturating_sub(deliveries));
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
