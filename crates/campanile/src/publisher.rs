//! What an application's own code publishes with.

use crate::once;
use campanile_core::{
    Draft, Engine, EngineError, NotificationId, Receipt, Recipient, SignalDraft, Tenant, Topic, UserId,
    store::StoreError,
};

/// Publishes for one tenant. Cheap to clone, without a lifetime: put it into your handlers' state.
#[derive(Clone, Debug)]
pub struct Publisher {
    engine: Engine,
    tenant: Tenant,
}

impl Publisher {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, tenant: Tenant::default() }
    }

    /// The same for another tenant. Without it everything is for `default`.
    #[must_use]
    pub fn for_tenant(&self, tenant: Tenant) -> Self {
        Self { tenant, ..self.clone() }
    }

    /// Publishes a notification. When this answers, it is on disk for every recipient, and open streams have it or will read it.
    ///
    /// Cancel safe: a publish whose answer nobody waits for happens entirely or not at all.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft; [`EngineError::Store`] if the store is busy or away.
    pub async fn publish(&self, draft: &Draft) -> Result<Receipt, EngineError> {
        self.engine.publish(&self.tenant, draft).await
    }

    /// [`Publisher::publish`] that happens once for each key: a repetition within 24 hours answers what the first one did, with
    /// [`Receipt::replayed`]. The key is 1–255 visible ASCII characters, such as the id of what the notification is about.
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`]; [`EngineError::KeyReused`] for another draft under the same key, [`EngineError::InProgress`] while the
    /// first one is under way. Refusals are not remembered.
    pub async fn publish_once(&self, draft: &Draft, key: &str) -> Result<Receipt, EngineError> {
        self.engine.publish_once(&self.tenant, draft, Some(once::key(draft, key)?)).await
    }

    /// Takes a notification back: out of every inbox, told on every open stream. Answers whether there is such a notification.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn withdraw(&self, id: NotificationId) -> Result<bool, StoreError> {
        self.engine.withdraw(&self.tenant, id).await
    }

    /// Takes a user into a topic. Once more does no harm.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn join(&self, topic: &Topic, user: &UserId) -> Result<(), StoreError> {
        self.set_member(topic, user, true).await
    }

    /// Takes a user out of a topic. Once more does no harm.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn leave(&self, topic: &Topic, user: &UserId) -> Result<(), StoreError> {
        self.set_member(topic, user, false).await
    }

    async fn set_member(&self, topic: &Topic, user: &UserId, member: bool) -> Result<(), StoreError> {
        self.engine.set_member(topic, &Recipient::new(self.tenant.clone(), user.clone()), member).await
    }

    /// Sends a signal to the open streams of its users: live only, not stored. Answers how many connections it reached.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft.
    pub async fn signal(&self, draft: &SignalDraft) -> Result<usize, EngineError> {
        self.engine.signal(&self.tenant, draft).await
    }
}
