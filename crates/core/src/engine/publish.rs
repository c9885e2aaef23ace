//! The journey of one publish: draft → notification → recipients → store → streams and channels.

use super::{Engine, committed};
use crate::{
    Definition, Draft, Fault, Metrics, Notification, NotificationId, Recipient, SignalDraft, Tenant,
    bus::{Announcement, Bus},
    channel::DeliveryBatch,
    definition::{IN_APP, SSE},
    frame::{self, Frame},
    hub::{Hub, Logged},
    metrics::count,
    store::{Appended, Publish, StoreError},
};
use std::sync::Arc;
use tokio::time::Instant;

/// Why a publish or a signal did not happen. Nothing of it did.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The draft is wrong: every fault, each with its place.
    #[error("{} fault(s) in the draft", .0.len())]
    Invalid(Vec<Fault>),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A publish that is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The notification's id.
    pub notification_id: NotificationId,
    /// How many users it is for, without the actor.
    pub recipients: usize,
}

impl Engine {
    /// Publishes a notification. When this answers, the notification and each recipient's inbox entry are on disk, and open streams have it
    /// or will read it.
    ///
    /// Cancel safe: a publish whose answer nobody waits for happens entirely or not at all.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft; [`EngineError::Store`] if the store is busy or away.
    pub async fn publish(&self, tenant: &Tenant, draft: &Draft) -> Result<Receipt, EngineError> {
        let started = Instant::now();
        let result = self.try_publish(tenant, draft, started).await;
        let metrics = self.metrics();
        let outcome = match &result {
            Ok(_) => "accepted",
            Err(EngineError::Invalid(_)) => "invalid",
            Err(EngineError::Store(_)) => "unavailable",
        };
        count(&metrics.publishes, "outcome", outcome, 1);
        if result.is_ok() {
            metrics.publish_seconds.observe(started.elapsed().as_secs_f64());
        }
        result
    }

    async fn try_publish(&self, tenant: &Tenant, draft: &Draft, started: Instant) -> Result<Receipt, EngineError> {
        let (notification, recipients, definition) = self.parse(tenant, draft)?;
        let notification = Arc::new(notification);
        let receipt = Receipt { notification_id: notification.id, recipients: recipients.len() };
        let frame = frame::notification(&notification.body);
        if definition.channels.iter().any(|name| name == IN_APP) {
            self.store_and_announce(Arc::clone(&notification), recipients.clone(), frame, started).await?;
        } else if definition.channels.iter().any(|name| name == SSE) {
            self.live(&recipients, &frame, None);
        }
        self.hand_to_channels(&definition, &notification, &recipients);
        Ok(receipt)
    }

    fn parse(&self, tenant: &Tenant, draft: &Draft) -> Result<(Notification, Vec<Recipient>, Definition), EngineError> {
        let mut parsed = draft.parse(&self.inner.limits).map_err(EngineError::Invalid)?;
        let Some(definition) = self.inner.definitions.find(&parsed.parts.type_name) else {
            return Err(EngineError::Invalid(vec![Fault::new(
                "/type",
                "is not a defined type, and only those are taken",
            )]));
        };
        if !parsed.severity_given {
            parsed.parts.severity = definition.severity;
        }
        let (id, now) = (NotificationId::generate(), self.inner.clock.now());
        let notification = Notification::new(id, tenant.clone(), now, &parsed.parts)
            .map_err(|_| EngineError::Invalid(vec![Fault::new("", "cannot be written as JSON")]))?;
        let recipients = self.recipients(tenant, parsed.audience);
        Ok((notification, recipients, definition.into_owned()))
    }

    #[expect(clippy::unused_self, reason = "other audiences are looked up in the engine")]
    fn recipients(&self, tenant: &Tenant, audience: crate::Audience) -> Vec<Recipient> {
        audience.users.into_iter().map(|user| Recipient::new(tenant.clone(), user)).collect()
    }

    async fn store_and_announce(
        &self,
        notification: Arc<Notification>,
        recipients: Vec<Recipient>,
        frame: Frame,
        at: Instant,
    ) -> Result<(), StoreError> {
        let announcer = self.announcer();
        let publish = Publish { notification, recipients };
        let announce = move |appended: &Vec<Appended>| announcer.announce(appended, &frame, at);
        committed(|done| self.inner.store.publish(publish, done), announce).await.map(drop)
    }

    pub(super) fn announcer(&self) -> Announcer {
        Announcer::new(Arc::clone(&self.inner.hub), self.inner.bus.clone())
    }

    /// Hands a live event to all open streams of these users. Answers how many of this node will write it.
    fn live(&self, recipients: &[Recipient], frame: &Frame, key: Option<&str>) -> usize {
        if let Some(bus) = &self.inner.bus {
            let signal = |recipient: &Recipient| Announcement::Signal {
                recipient: recipient.clone(),
                frame: frame.clone(),
                key: key.map(Into::into),
            };
            bus.announce(recipients.iter().map(signal).collect());
        }
        let hub = &self.inner.hub;
        recipients.iter().map(|recipient| hub.signal(recipient, frame.clone(), key.map(Into::into))).sum()
    }

    fn hand_to_channels(&self, definition: &Definition, notification: &Arc<Notification>, recipients: &[Recipient]) {
        let others = definition.channels.iter().filter(|name| !matches!(name.as_str(), IN_APP | SSE));
        for name in others {
            let batch = DeliveryBatch { notification: Arc::clone(notification), recipients: recipients.to_vec() };
            match self.inner.channels.get(name) {
                Some(queue) => queue.enqueue(name, batch, self.metrics()),
                None => unregistered(name, &batch, self.metrics()),
            }
        }
    }

    /// Sends a live event to open streams: not stored, without an id. Answers how many connections of this node will write it.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft.
    #[expect(clippy::unused_async, reason = "other audiences are read from the store")]
    pub async fn signal(&self, tenant: &Tenant, draft: &SignalDraft) -> Result<usize, EngineError> {
        let (signal, audience) = draft.parse(&self.inner.limits).map_err(EngineError::Invalid)?;
        let frame = frame::event(signal.event.as_event_name(), signal.data.as_str());
        let recipients = self.recipients(tenant, audience);
        Ok(self.live(&recipients, &frame, signal.key.as_deref()))
    }
}

fn unregistered(name: &str, batch: &DeliveryBatch, metrics: &Metrics) {
    tracing::warn!(channel = name, notification = %batch.notification.id, "no such channel is registered");
    count(&metrics.deliveries, "outcome", "unregistered", batch.recipients.len() as u64);
}

/// Tells this node's streams and the other nodes what was committed. Runs on the store's thread, right after the commit.
pub(super) struct Announcer {
    hub: Arc<Hub>,
    bus: Option<Arc<dyn Bus>>,
}

impl Announcer {
    pub(super) fn new(hub: Arc<Hub>, bus: Option<Arc<dyn Bus>>) -> Self {
        Self { hub, bus }
    }

    pub(super) fn announce(&self, appended: &[Appended], frame: &Frame, at: Instant) {
        for Appended { recipient, head } in appended {
            let entry = Logged { cursor: head.cursor(), counts: head.counts, frame: frame.clone(), at };
            self.hub.announce(recipient, entry);
        }
        if let Some(bus) = &self.bus {
            bus.announce(appended.iter().map(|entry| announcement(entry, frame)).collect());
        }
    }
}

fn announcement(entry: &Appended, frame: &Frame) -> Announcement {
    Announcement::Entry {
        recipient: entry.recipient.clone(),
        cursor: entry.head.cursor(),
        counts: entry.head.counts,
        frame: frame.clone(),
    }
}
