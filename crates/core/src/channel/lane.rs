//! One channel's way through its work: a bounded queue, begun in order by a few workers; what has to be tried again waits aside, so that it keeps
//! no worker from the others.

use super::{Channel, ChannelOptions, DeliveryBatch, Outcome, tally::Tally};
use crate::Metrics;
use futures_util::{FutureExt, future::select};
use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::{sleep, timeout},
};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    /// What failed now is not tried again.
    Closing,
    Closed,
}

/// A registered channel with its queue. Its work ends by itself once this is dropped and the queue is empty.
pub(super) struct Lane {
    work: Arc<Work>,
    queue: mpsc::Sender<DeliveryBatch>,
}

struct Work {
    channel: Arc<dyn Channel>,
    options: ChannelOptions,
    tally: Tally,
    workers: Arc<Semaphore>,
    /// Room for batches that wait for another attempt.
    aside: Semaphore,
    stage: watch::Sender<Stage>,
}

/// What came of one attempt at a batch.
enum Tried {
    Answered(Vec<Outcome>),
    Late,
    Panicked,
}

impl Lane {
    pub(super) fn start(channel: Arc<dyn Channel>, name: &str, options: ChannelOptions, metrics: Metrics) -> Self {
        let (queue, waiting) = mpsc::channel(options.queue.max(1));
        let work = Arc::new(Work {
            tally: Tally::new(name, metrics),
            workers: Arc::new(Semaphore::new(options.workers.max(1))),
            aside: Semaphore::new(options.queue.max(1)),
            stage: watch::Sender::new(Stage::Open),
            channel,
            options,
        });
        tokio::spawn(begin_in_order(Arc::clone(&work), waiting));
        Self { work, queue }
    }

    /// How many recipients a batch has at most.
    pub(super) fn batch(&self) -> usize {
        self.work.options.batch.max(1)
    }

    /// Hands a batch over without waiting. A full queue is a recorded outcome, never a delay.
    pub(super) fn enqueue(&self, batch: DeliveryBatch) {
        let (tally, recipients) = (&self.work.tally, batch.recipients.len());
        tally.begin(recipients);
        if *self.work.stage.borrow() == Stage::Closed {
            return tally.ended("abandoned", recipients);
        }
        if self.queue.try_send(batch).is_err() {
            tracing::warn!(channel = tally.channel(), recipients, "a channel's queue is full; deliveries dropped");
            tally.ended("overflow", recipients);
        }
    }

    /// Waits for everything that was handed over, so long; what is left then is counted, and dropped.
    pub(super) async fn close(&self, limit: Duration) {
        let Work { stage, tally, .. } = &*self.work;
        stage.send_modify(|stage| *stage = Stage::Closing.max(*stage));
        if timeout(limit, tally.idle()).await.is_err() {
            let left = tally.open();
            tracing::warn!(channel = tally.channel(), left, "the engine ends before a channel's queue is empty");
        }
        stage.send_replace(Stage::Closed);
        tally.abandon();
    }
}

async fn begin_in_order(work: Arc<Work>, mut waiting: mpsc::Receiver<DeliveryBatch>) {
    while let Some(batch) = waiting.recv().await {
        // It fails only if the semaphore is closed, and nobody does that.
        let Ok(worker) = Arc::clone(&work.workers).acquire_owned().await else { return };
        tokio::spawn(carry(Arc::clone(&work), batch, worker));
    }
}

/// Carries a batch to its end, unless that of the engine comes first.
async fn carry(work: Arc<Work>, batch: DeliveryBatch, worker: OwnedSemaphorePermit) {
    let closed = pin!(work.reaches(Stage::Closed));
    select(closed, pin!(work.deliver(batch, worker))).await;
}

impl Work {
    async fn deliver(&self, mut batch: DeliveryBatch, mut worker: OwnedSemaphorePermit) {
        for attempt in 1.. {
            let tried = self.attempt(&batch).await;
            drop(worker);
            let asked = self.settle(&mut batch, tried);
            if batch.recipients.is_empty() || !self.wait_for_another(&batch, attempt, asked).await {
                return;
            }
            let Ok(again) = Arc::clone(&self.workers).acquire_owned().await else { return };
            worker = again;
        }
    }

    async fn attempt(&self, batch: &DeliveryBatch) -> Tried {
        // The call itself may panic, too.
        let delivery = AssertUnwindSafe(async { self.channel.deliver(batch).await }).catch_unwind();
        match timeout(self.options.timeout, delivery).await {
            Ok(Ok(outcomes)) => Tried::Answered(outcomes),
            Ok(Err(_)) => Tried::Panicked,
            Err(_) => Tried::Late,
        }
    }

    /// Counts what came of an attempt, and leaves in the batch who is to be tried again. Answers how long the channel asked to wait before.
    fn settle(&self, batch: &mut DeliveryBatch, tried: Tried) -> Duration {
        let (tally, recipients) = (&self.tally, batch.recipients.len());
        let (channel, notification) = (tally.channel(), batch.notification.id);
        match tried {
            Tried::Answered(outcomes) => return self.answered(batch, &outcomes),
            Tried::Late => {
                tracing::warn!(channel, %notification, recipients, "a channel did not answer in time");
                tally.again("timeout", recipients);
            }
            Tried::Panicked => {
                tracing::error!(channel, %notification, recipients, "a channel panicked");
                tally.ended("panic", recipients);
                batch.recipients.clear();
            }
        }
        Duration::ZERO
    }

    fn answered(&self, batch: &mut DeliveryBatch, outcomes: &[Outcome]) -> Duration {
        let (tally, recipients) = (&self.tally, std::mem::take(&mut batch.recipients));
        let (channel, notification) = (tally.channel(), batch.notification.id);
        if outcomes.len() != recipients.len() {
            let (answered, recipients) = (outcomes.len(), recipients.len());
            tracing::error!(channel, %notification, answered, recipients, "a channel answered for others than it was asked");
        }
        tally.ended("unanswered", recipients.len().saturating_sub(outcomes.len()));
        let mut asked = Duration::ZERO;
        for (recipient, outcome) in recipients.into_iter().zip(outcomes) {
            tracing::debug!(channel, %notification, user = %recipient.user, ?outcome, "delivery");
            if tally.answered(outcome) {
                batch.recipients.push(recipient);
            }
            if let Outcome::Transient { retry_after } = outcome {
                asked = asked.max(*retry_after);
            }
        }
        asked
    }

    /// Waits aside for the next attempt, if there is one.
    async fn wait_for_another(&self, batch: &DeliveryBatch, attempt: u32, asked: Duration) -> bool {
        let word = match self.aside.try_acquire() {
            _ if attempt >= self.options.attempts => "given-up",
            _ if *self.stage.borrow() != Stage::Open => "abandoned",
            Err(_) => "overflow",
            Ok(_room) => {
                let pause = pin!(sleep(self.options.pause(attempt, asked)));
                // At the end there is one more attempt, at once.
                select(pause, pin!(self.reaches(Stage::Closing))).await;
                return true;
            }
        };
        let (channel, recipients) = (self.tally.channel(), batch.recipients.len());
        tracing::warn!(channel, notification = %batch.notification.id, recipients, outcome = word, "given up");
        self.tally.ended(word, recipients);
        false
    }

    async fn reaches(&self, wanted: Stage) {
        // It cannot fail: the sender is here.
        let _ = self.stage.subscribe().wait_for(|stage| *stage >= wanted).await;
    }
}
