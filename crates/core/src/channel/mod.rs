//! The port to other ways of delivery: e-mail, SMS, push, chat. In-app and SSE are the engine's own.

#[cfg(feature = "contract")]
pub mod contract;
mod lane;
mod lanes;
mod options;
mod tally;

pub use options::ChannelOptions;

pub(crate) use lanes::Lanes;

use crate::{BoxFuture, Notification, Recipient};
use std::{sync::Arc, time::Duration};

/// One notification for some recipients of one channel.
#[derive(Clone, Debug)]
pub struct DeliveryBatch {
    /// What to deliver.
    pub notification: Arc<Notification>,
    /// To whom: at most [`ChannelOptions::batch`] of them.
    pub recipients: Vec<Recipient>,
}

/// What became of one delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was handed over.
    Delivered {
        /// How many addresses or connections of the recipient were reached, zero included.
        reached: usize,
    },
    /// It was not wanted or had nowhere to go; says why, for the log.
    Skipped(String),
    /// It may work later.
    Transient {
        /// When to try again, at the earliest; but after [`ChannelOptions::max_backoff`] at the latest.
        retry_after: Duration,
    },
    /// It will never work; says why, for the log.
    Permanent(String),
}

/// A way of delivery. It may be slow, hang, fail or panic: it has its own bounded queue and workers, and delays nobody else.
///
/// ```
/// use campanile_core::{BoxFuture, channel::{Channel, DeliveryBatch, Outcome}};
///
/// struct Log;
///
/// impl Channel for Log {
///     fn name(&self) -> &str { "log" }
///
///     fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
///         Box::pin(async move {
///             let deliver = |recipient| {
///                 println!("{recipient:?}: {}", batch.notification.body);
///                 Outcome::Delivered { reached: 1 }
///             };
///             batch.recipients.iter().map(deliver).collect()
///         })
///     }
/// }
/// ```
///
/// Batches are begun in the order of their publishes; with several workers, or after a retry, they may end in another. A type goes to a channel
/// that its definition names ([`Definition::channels`](crate::Definition::channels)); what became of it is in the log and in
/// `campanile_deliveries_total`, by channel and outcome ([`ChannelOptions`] says which). `channel::contract` (feature `contract`) holds an
/// implementation to what is said here.
pub trait Channel: Send + Sync + 'static {
    /// The name by which types ask for it. Asked once; not `inApp` or `sse`.
    fn name(&self) -> &str;

    /// Delivers a batch; answers one outcome per recipient, in their order. A missing one counts as a failure for good.
    ///
    /// It must not block its thread: nothing can help against that.
    ///
    /// # Panics
    ///
    /// A panic is caught, and all of the batch has failed for good.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when it takes longer than [`ChannelOptions::timeout`], and when the engine ends. The batch is then tried again,
    /// so some recipients may get it twice: the notification's id is the same.
    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>>;
}
