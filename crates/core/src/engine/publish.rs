//! The journey of one publish: draft → notification → recipients → store → streams and channels.

use super::{Engine, Inner, committed, reached::Reached, shown::Showing, upkeep::IDEMPOTENCY_KEPT};
use crate::{
    Audience, Definition, Draft, Fault, Notification, NotificationId, Parsed, Recipient, SignalDraft, Tenant, UserId,
    bus::{Announcement, Bus},
    channel::Lanes,
    definition::{IN_APP, SSE},
    frame::{self, Frame},
    hub::{Hub, Logged},
    metrics::count,
    store::{Appended, Idempotency, Publish, Published, StoreAudience, StoreError, StoreResult},
};
use parking_lot::Mutex;
use std::{collections::HashSet, sync::Arc};
use tokio::time::Instant;

/// Recipients of one transaction, and members of a topic read at once.
const MAX_RECIPIENTS: usize = 10_000;

/// What is not stored could only be for whoever has an open stream, and an e-mail is not meant for those.
const NOT_EVERYONE: &str =
    "means all users with a log: besides `sse`, types without `inApp` go to users by name, or to a topic";

/// Why a publish or a signal did not happen. Nothing of it did.
///
/// ```
/// use campanile_core::EngineError;
///
/// # fn example(error: EngineError) {
/// match error {
///     EngineError::Invalid(faults) => faults.iter().for_each(|fault| eprintln!("{}: {}", fault.pointer, fault.detail)),
///     EngineError::Store(error) => eprintln!("try again: {error}"),
///     EngineError::KeyReused | EngineError::InProgress => eprintln!("the key means something else, or not yet"),
/// }
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The draft is wrong: every fault, each with its place.
    #[error("{} fault(s) in the draft", .0.len())]
    Invalid(Vec<Fault>),
    /// The key was used for another body.
    #[error("the idempotency key was used for another body")]
    KeyReused,
    /// A publish with the same key is under way.
    #[error("a publish with the same idempotency key is under way")]
    InProgress,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What makes a repeated publish answer what the first one did, for 24 hours.
pub type PublishKey = Idempotency;

/// A publish that is durable.
///
/// ```
/// # fn example(receipt: campanile_core::Receipt) {
/// if !receipt.replayed {
///     println!("{} is in {} inboxes", receipt.notification_id, receipt.recipients);
/// }
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The notification's id.
    pub notification_id: NotificationId,
    /// How many users it is for, without the actor.
    pub recipients: usize,
    /// Whether this is the answer to an earlier publish with the same key.
    pub replayed: bool,
}

/// Keys of publishes that are under way.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashSet<(Tenant, String, String)>>);

/// One key under way; free again when dropped.
struct Claim<'a> {
    keys: &'a InFlight,
    key: (Tenant, String, String),
}

impl InFlight {
    fn claim(&self, tenant: &Tenant, key: &PublishKey) -> Result<Claim<'_>, EngineError> {
        let key = (tenant.clone(), key.credential.clone(), key.key.clone());
        if self.0.lock().insert(key.clone()) { Ok(Claim { keys: self, key }) } else { Err(EngineError::InProgress) }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.keys.0.lock().remove(&self.key);
    }
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
        self.publish_once(tenant, draft, None).await
    }

    /// [`Engine::publish`] that is done once for each key: a repetition answers what the first one did. Keys of types that are live only are
    /// remembered by this process, all others are stored with the notification.
    ///
    /// # Errors
    ///
    /// As [`Engine::publish`]; [`EngineError::KeyReused`] for another body, [`EngineError::InProgress`] while the first one is under way.
    /// Refusals are not remembered.
    pub async fn publish_once(
        &self,
        tenant: &Tenant,
        draft: &Draft,
        key: Option<PublishKey>,
    ) -> Result<Receipt, EngineError> {
        let started = Instant::now();
        let result = self.try_publish(tenant, draft, key, started).await;
        let metrics = self.metrics();
        let outcome = match &result {
            Ok(Receipt { replayed: false, .. }) => "accepted",
            Ok(_) => "replayed",
            Err(EngineError::Invalid(_)) => "invalid",
            Err(EngineError::KeyReused | EngineError::InProgress) => "conflict",
            Err(EngineError::Store(_)) => "unavailable",
        };
        count(&metrics.publishes, "outcome", outcome, 1);
        if result.is_ok() {
            metrics.publish_seconds.observe(started.elapsed().as_secs_f64());
        }
        result
    }

    async fn try_publish(
        &self,
        tenant: &Tenant,
        draft: &Draft,
        key: Option<PublishKey>,
        started: Instant,
    ) -> Result<Receipt, EngineError> {
        let _claim = key.as_ref().map(|key| self.inner.in_flight.claim(tenant, key)).transpose()?;
        let since = self.inner.clock.now().minus(IDEMPOTENCY_KEPT);
        if let Some(before) = key.as_ref().and_then(|key| self.inner.shown.used(tenant, key, since)) {
            return before;
        }
        let (notification, audience, definition) = self.parse(tenant, draft)?;
        let notification = Arc::new(notification);
        let has = |channel: &str| definition.channels.iter().any(|name| name == channel);
        if has(IN_APP) {
            let audience = store_audience(tenant, audience);
            let published = self.store_and_announce(&notification, definition, audience, key, started).await?;
            return receipt(notification.id, published);
        }
        if matches!(audience, Audience::Everyone { .. }) && definition.channels.iter().any(|name| name != SSE) {
            return Err(invalid("/to", NOT_EVERYONE));
        }
        let recipients = self.recipients(tenant, audience).await?;
        let frame = has(SSE).then(|| frame::notification(&notification.body));
        let live = frame.map_or(0, |frame| self.live(&recipients, &frame, None));
        self.inner.shown.note(notification.id, Showing::of(&notification, recipients.len(), live as u64, key));
        self.inner.channels.hand_over(&definition, &notification, &recipients.iter());
        Ok(Receipt { notification_id: notification.id, recipients: recipients.len(), replayed: false })
    }

    fn parse(&self, tenant: &Tenant, draft: &Draft) -> Result<(Notification, Audience, Definition), EngineError> {
        let Parsed { mut parts, severity_given, audience } =
            draft.parse(&self.inner.limits).map_err(EngineError::Invalid)?;
        let Some(definition) = self.inner.definitions.find_or(&parts.type_name, draft.definition.as_ref()) else {
            return Err(invalid("/type", "is not a defined type, and only those are taken"));
        };
        if !severity_given {
            parts.severity = definition.severity;
        }
        let (id, now) = (NotificationId::generate(), self.inner.clock.now());
        let notification =
            Notification::new(id, tenant.clone(), now, &parts).map_err(|_| invalid("", "cannot be written as JSON"))?;
        Ok((notification, audience, definition.into_owned()))
    }

    async fn store_and_announce(
        &self,
        notification: &Arc<Notification>,
        definition: Definition,
        audience: StoreAudience,
        idempotency: Option<Idempotency>,
        at: Instant,
    ) -> StoreResult<Published> {
        let (announcer, channels, told) = (self.announcer(), self.channels(), Arc::clone(notification));
        let frame = frame::notification(&notification.body);
        let notification = Arc::clone(notification);
        let publish = Publish { notification, audience, max_recipients: MAX_RECIPIENTS, idempotency };
        let announce = move |published: &Published| {
            if let Published::Stored(appended) = published {
                let connections = announcer.announce(appended, &frame, at);
                announcer.reached.note(told.id, connections as u64);
                channels.hand_over(&definition, &told, &appended.iter().map(|entry| &entry.recipient));
            }
        };
        committed(|done| self.inner.store.publish(publish, done), announce).await
    }

    /// Who is meant now, for what is not stored.
    async fn recipients(&self, tenant: &Tenant, audience: Audience) -> Result<Vec<Recipient>, EngineError> {
        let who = |user: UserId| Recipient::new(tenant.clone(), user);
        match audience {
            Audience::Users(users) => Ok(users.into_iter().map(who).collect()),
            Audience::Topic { topic, except } => {
                let page = self.members(tenant, &topic, None, MAX_RECIPIENTS).await?;
                if page.more {
                    return Err(too_many());
                }
                Ok(page.items.into_iter().filter(|user| !except.contains(user)).map(who).collect())
            }
            // Nobody without a stream could be reached.
            Audience::Everyone { except } => {
                let here = self.inner.hub.users().into_iter();
                Ok(here.filter(|who| who.tenant == *tenant && !except.contains(&who.user)).collect())
            }
        }
    }

    pub(super) fn announcer(&self) -> Announcer {
        let Inner { hub, bus, reached, .. } = &*self.inner;
        Announcer { hub: Arc::clone(hub), bus: bus.clone(), reached: Arc::clone(reached) }
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
        let frame = hub.frame(frame.clone());
        recipients.iter().map(|recipient| hub.signal(recipient, frame.clone(), key.map(Into::into))).sum()
    }

    fn channels(&self) -> Arc<Lanes> {
        Arc::clone(&self.inner.channels)
    }

    /// Sends a live event to open streams: not stored, without an id. Answers how many connections of this node will write it.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft; [`EngineError::Store`] if a topic cannot be read.
    pub async fn signal(&self, tenant: &Tenant, draft: &SignalDraft) -> Result<usize, EngineError> {
        let (signal, audience) = draft.parse(&self.inner.limits).map_err(EngineError::Invalid)?;
        let frame = frame::event(signal.event.as_event_name(), signal.data.as_str());
        let recipients = self.recipients(tenant, audience).await?;
        Ok(self.live(&recipients, &frame, signal.key.as_deref()))
    }
}

fn invalid(pointer: &str, detail: &'static str) -> EngineError {
    EngineError::Invalid(vec![Fault::new(pointer, detail)])
}

fn too_many() -> EngineError {
    let detail = format!("means more than {MAX_RECIPIENTS} users; audiences of that size are not in this build");
    EngineError::Invalid(vec![Fault::new("/to", detail)])
}

fn store_audience(tenant: &Tenant, audience: Audience) -> StoreAudience {
    match audience {
        Audience::Users(users) => {
            StoreAudience::Users(users.into_iter().map(|user| Recipient::new(tenant.clone(), user)).collect())
        }
        Audience::Topic { topic, except } => StoreAudience::Topic { topic, except },
        Audience::Everyone { except } => StoreAudience::Everyone { except },
    }
}

fn receipt(notification_id: NotificationId, published: Published) -> Result<Receipt, EngineError> {
    match published {
        Published::Stored(appended) => Ok(Receipt { notification_id, recipients: appended.len(), replayed: false }),
        Published::Replayed { notification_id, recipients } => {
            Ok(Receipt { notification_id, recipients, replayed: true })
        }
        Published::Conflict => Err(EngineError::KeyReused),
        Published::TooMany(_) => Err(too_many()),
    }
}

/// Tells this node's streams and the other nodes what was committed. Runs on the store's thread, right after the commit.
pub(super) struct Announcer {
    pub(super) hub: Arc<Hub>,
    pub(super) bus: Option<Arc<dyn Bus>>,
    pub(super) reached: Arc<Reached>,
}

impl Announcer {
    /// Answers how many connections of this node will write it.
    pub(super) fn announce(&self, appended: &[Appended], frame: &Frame, at: Instant) -> usize {
        if let Some(bus) = &self.bus {
            bus.announce(appended.iter().map(|entry| announcement(entry, frame)).collect());
        }
        let frame = self.hub.frame(frame.clone());
        let announce = |Appended { recipient, head }: &Appended| {
            let entry = Logged { cursor: head.cursor(), counts: head.counts, frame: frame.clone(), at };
            self.hub.announce(recipient, entry)
        };
        appended.iter().map(announce).sum()
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
