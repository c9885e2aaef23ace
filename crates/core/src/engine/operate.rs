//! What operators and applications ask of the engine besides publishing: what became of it, topics, connections, credentials, erasure.

use super::{Engine, committed, shown::Showing};
use crate::{
    Connection, ConnectionId, Identity, NotificationId, Recipient, Tenant, Timestamp, Topic, TypeName, UserId, frame,
    hub::Moment,
    store::{NamePage, RecipientRecord, Record, StoreResult, Withdrawn},
};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio::{sync::OnceCell, time::Instant};

/// What is revoked, read from the store once and kept.
#[derive(Default)]
pub(super) struct Revocations(OnceCell<Mutex<HashMap<Recipient, Timestamp>>>);

/// What became of a publish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishRecord {
    /// The notification's id.
    pub notification_id: NotificationId,
    /// Its type.
    pub type_name: TypeName,
    /// When it was published.
    pub occurred_at: Timestamp,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// How many users it was for.
    pub recipients: usize,
    /// In how many inboxes it was put: all of them, or none if its type is live only.
    pub stored: usize,
    /// How many connections of this node it reached, as far as that is remembered.
    pub live: u64,
    /// How many recipients have read it.
    pub read: usize,
}

impl PublishRecord {
    fn stored(record: &Record, live: u64) -> Self {
        Self {
            notification_id: record.notification.id,
            type_name: record.notification.type_name.clone(),
            occurred_at: record.notification.occurred_at,
            withdrawn: record.withdrawn,
            recipients: record.recipients,
            stored: record.recipients,
            live,
            read: record.read,
        }
    }

    fn shown(notification_id: NotificationId, showing: Showing) -> Self {
        let Showing { type_name, occurred_at, withdrawn, recipients, live, .. } = showing;
        Self { notification_id, type_name, occurred_at, withdrawn, recipients, stored: 0, live, read: 0 }
    }
}

impl Engine {
    /// What became of a tenant's publish. One of a type that is live only is remembered by this process, and not for ever.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn record(&self, tenant: &Tenant, id: NotificationId) -> StoreResult<Option<PublishRecord>> {
        if let Some(showing) = self.inner.shown.find(tenant, id) {
            return Ok(Some(PublishRecord::shown(id, showing)));
        }
        let record = self.inner.store.record(tenant.clone(), id).await?;
        Ok(record.map(|record| PublishRecord::stored(&record, self.inner.reached.of(id))))
    }

    /// A page of the recipients in whose logs a notification was put, by name; `None` if there is no such notification.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn recipients_of(
        &self,
        tenant: &Tenant,
        id: NotificationId,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Option<NamePage<RecipientRecord>>> {
        if self.inner.shown.find(tenant, id).is_some() {
            return Ok(Some(NamePage { items: Vec::new(), more: false }));
        }
        self.inner.store.recipients(tenant.clone(), id, after, limit).await
    }

    /// Takes a notification back: out of every inbox, told on every open stream. Answers whether there is such a notification.
    ///
    /// Cancel safe: it happens entirely or not at all.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn withdraw(&self, tenant: &Tenant, id: NotificationId) -> StoreResult<bool> {
        if self.inner.shown.withdraw(tenant, id) {
            return Ok(true); // It is in no inbox, and what pages have shown they have shown.
        }
        let (started, now, announcer) = (Instant::now(), self.inner.clock.now(), self.announcer());
        let announce = move |withdrawn: &Withdrawn| {
            for (appended, change) in &withdrawn.removed {
                announcer.announce(std::slice::from_ref(appended), &frame::change(change), started);
            }
        };
        let store = &self.inner.store;
        committed(|done| store.withdraw(tenant.clone(), id, now, done), announce).await.map(|w| w.found)
    }

    /// Takes a user into a topic, or out of it. Changing nothing is fine.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn set_member(&self, topic: &Topic, who: &Recipient, member: bool) -> StoreResult<()> {
        committed(|done| self.inner.store.set_member(topic.clone(), who.clone(), member, done), |()| ()).await
    }

    /// A page of a topic's members, by name.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn members(
        &self,
        tenant: &Tenant,
        topic: &Topic,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<NamePage<UserId>> {
        self.inner.store.members(tenant.clone(), topic.clone(), after, limit).await
    }

    /// Erases a user: inbox, log and memberships; open streams end with `revoked`. A later visit begins a new log. Answers whether there
    /// was a log.
    ///
    /// Cancel safe: it happens entirely or not at all.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn erase(&self, who: &Recipient) -> StoreResult<bool> {
        let (hub, gone) = (Arc::clone(&self.inner.hub), who.clone());
        committed(|done| self.inner.store.erase(who.clone(), done), move |_| hub.forget(&gone)).await
    }

    /// Revokes a user's credentials that were issued before a moment, or at an unknown one: they are refused from now on, and their
    /// streams end with `revoked`.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn revoke(&self, who: &Recipient, issued_before: Timestamp) -> StoreResult<()> {
        let revoked = self.revocations().await?;
        committed(|done| self.inner.store.revoke(who.clone(), issued_before, done), |()| ()).await?;
        let latest = {
            let mut revoked = revoked.lock();
            let latest = revoked.entry(who.clone()).or_insert(issued_before);
            *latest = issued_before.max(*latest);
            *latest
        };
        self.inner.hub.revoke(who, latest);
        Ok(())
    }

    /// Whether these credentials were revoked.
    ///
    /// # Errors
    ///
    /// The store's, when revocations are read for the first time.
    pub async fn is_revoked(&self, identity: &Identity) -> StoreResult<bool> {
        let revoked = self.revocations().await?.lock();
        Ok(revoked.get(&identity.recipient).is_some_and(|before| identity.is_revoked_by(*before)))
    }

    async fn revocations(&self) -> StoreResult<&Mutex<HashMap<Recipient, Timestamp>>> {
        let read = async || Ok(Mutex::new(self.inner.store.revocations().await?.into_iter().collect()));
        self.inner.revocations.0.get_or_try_init(read).await
    }

    /// The open streams of a tenant on this node, or of one of its users, in the order of their ids, after one of them.
    #[must_use]
    pub fn list_connections(
        &self,
        tenant: &Tenant,
        user: Option<&UserId>,
        after: Option<ConnectionId>,
        limit: usize,
    ) -> Vec<Connection> {
        let now = Moment { instant: Instant::now(), wall: self.inner.clock.now() };
        let mut connections = self.inner.hub.list(tenant, user, now);
        connections.retain(|connection| after.is_none_or(|after| connection.id > after));
        connections.truncate(limit);
        connections
    }

    /// Cuts one stream of a tenant, with `evicted`. Answers whether this node has it.
    pub fn cut(&self, tenant: &Tenant, id: ConnectionId) -> bool {
        self.inner.hub.cut(tenant, id)
    }

    /// Cuts all streams of a user, with `evicted`.
    pub fn cut_user(&self, who: &Recipient) {
        self.inner.hub.cut_user(who);
    }
}
