//! The port to other ways of delivery: e-mail, SMS, push, chat. In-app and SSE are the engine's own.

use crate::{BoxFuture, Metrics, Notification, Recipient, metrics::count};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// One notification for some recipients of one channel.
#[derive(Clone, Debug)]
pub struct DeliveryBatch {
    /// What to deliver.
    pub notification: Arc<Notification>,
    /// To whom.
    pub recipients: Vec<Recipient>,
}

/// What became of one delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was handed over; for streams: to so many connections, zero included.
    Delivered {
        /// How many addresses or connections of the recipient were reached.
        reached: usize,
    },
    /// It was not wanted or had nowhere to go.
    Skipped(String),
    /// It may work later.
    Transient {
        /// When to try again.
        retry_after: Duration,
    },
    /// It will never work.
    Permanent(String),
}

/// A way of delivery. It may be slow and it may fail: it has its own queue and workers, and delays nobody else.
pub trait Channel: Send + Sync + 'static {
    /// The name by which types ask for it.
    fn name(&self) -> &str;

    /// Delivers a batch; answers one outcome per recipient, in their order.
    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>>;
}

/// Batches that wait for one channel.
const QUEUE: usize = 1024;
/// Batches that one channel works on at once.
const WORKERS: usize = 4;
/// Attempts at one delivery.
const ATTEMPTS: u32 = 5;
/// A channel that wants to wait longer is asked again after this.
const MAX_RETRY: Duration = Duration::from_secs(300);

/// A registered channel's queue.
#[derive(Debug)]
pub(crate) struct ChannelQueue {
    sender: mpsc::Sender<DeliveryBatch>,
}

impl ChannelQueue {
    /// Starts the channel's workers; they end when the queue is dropped and empty.
    pub(crate) fn start(channel: &Arc<dyn Channel>, metrics: &Metrics) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        for _ in 0..WORKERS {
            tokio::spawn(work(Arc::clone(channel), Arc::clone(&receiver), metrics.clone()));
        }
        Self { sender }
    }

    /// Hands over a batch without waiting. A full queue is a recorded outcome, never a delay.
    pub(crate) fn enqueue(&self, name: &str, batch: DeliveryBatch, metrics: &Metrics) {
        let recipients = batch.recipients.len() as u64;
        if self.sender.try_send(batch).is_err() {
            tracing::warn!(channel = name, recipients, "a channel's queue is full; deliveries dropped");
            count(&metrics.deliveries, "outcome", "overflow", recipients);
        }
    }
}

async fn work(
    channel: Arc<dyn Channel>,
    receiver: Arc<tokio::sync::Mutex<mpsc::Receiver<DeliveryBatch>>>,
    metrics: Metrics,
) {
    loop {
        let batch = receiver.lock().await.recv().await;
        let Some(batch) = batch else { return };
        deliver(&*channel, batch, &metrics).await;
    }
}

async fn deliver(channel: &dyn Channel, mut batch: DeliveryBatch, metrics: &Metrics) {
    for attempt in 1..=ATTEMPTS {
        let outcomes = channel.deliver(&batch).await;
        let mut again = Vec::new();
        let mut pause = Duration::ZERO;
        for (recipient, outcome) in batch.recipients.iter().zip(&outcomes) {
            record(channel.name(), &batch, outcome, metrics);
            if let Outcome::Transient { retry_after } = outcome {
                again.push(recipient.clone());
                pause = pause.max(*retry_after);
            }
        }
        let unanswered = batch.recipients.len().saturating_sub(outcomes.len());
        if unanswered > 0 {
            tracing::error!(channel = channel.name(), unanswered, "a channel answered too few outcomes");
            count(&metrics.deliveries, "outcome", "permanent", unanswered as u64);
        }
        if again.is_empty() {
            return;
        }
        if attempt == ATTEMPTS {
            tracing::warn!(channel = channel.name(), notification = %batch.notification.id, "given up");
            count(&metrics.deliveries, "outcome", "permanent", again.len() as u64);
            return;
        }
        batch.recipients = again;
        tokio::time::sleep(pause.min(MAX_RETRY)).await;
    }
}

fn record(channel: &str, batch: &DeliveryBatch, outcome: &Outcome, metrics: &Metrics) {
    let word = match outcome {
        Outcome::Delivered { .. } => "delivered",
        Outcome::Skipped(_) => "skipped",
        Outcome::Transient { .. } => "transient",
        Outcome::Permanent(_) => "permanent",
    };
    tracing::debug!(channel, notification = %batch.notification.id, ?outcome, "delivery");
    count(&metrics.deliveries, "outcome", word, 1);
}
