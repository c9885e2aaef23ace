//! What an application's own code publishes with.

use crate::Publishable;
#[cfg(doc)]
use crate::{Draft, NotificationType};
use campanile_core::{
    Engine, EngineError, NotificationId, Recipient, SignalDraft, Tenant, Topic, UserId, store::StoreError,
};

/// Publishes for one tenant. Cheap to clone, without a lifetime: put it into your handlers' state.
///
/// ```
/// # fn example(campanile: campanile::Campanile) {
/// #[derive(Clone)]
/// struct MyState { publisher: campanile::Publisher }
///
/// let state = MyState { publisher: campanile.publisher() };
/// # drop(state.publisher); }
/// ```
#[derive(Clone, Debug)]
pub struct Publisher {
    engine: Engine,
    tenant: Tenant,
}

impl Publisher {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, tenant: Tenant::default() }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The same for another tenant. Without it everything is for `default`.
    ///
    /// ```
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), Box<dyn std::error::Error>> {
    /// use campanile::{AudienceDraft, Draft, Tenant};
    ///
    /// let acme = publisher.for_tenant(Tenant::new("acme")?);
    /// acme.publish(&Draft::new("t", AudienceDraft::users(["u1"]))).await?; // another user than u1 of `default`
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn for_tenant(&self, tenant: Tenant) -> Self {
        Self { tenant, ..self.clone() }
    }

    /// Begins to publish a [`Draft`] or a value of a [`NotificationType`]; awaiting it publishes.
    ///
    /// ```
    /// use campanile::{AudienceDraft, Campanile, Draft, MemoryStore, NotificationType};
    ///
    /// struct InvoiceApproved { invoice: u64 }
    ///
    /// impl NotificationType for InvoiceApproved {
    ///     type Data = u64;
    ///     const NAME: &'static str = "invoices.approved";
    ///     fn data(&self) -> &u64 { &self.invoice }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let campanile = Campanile::builder().store(MemoryStore::default());
    /// # #[cfg(feature = "axum")] let campanile = campanile.jwt_secret([7; 32]);
    /// # let campanile = campanile.build().await?;
    /// let publisher = campanile.publisher();
    /// let receipt = publisher.publish(&InvoiceApproved { invoice: 42 }).to_users(["u1", "u2"]).once("invoice-42").await?;
    /// assert_eq!(receipt.recipients, 2);
    ///
    /// // The same without a type in code: everything is checked when it runs.
    /// let draft = Draft { title: Some("Approved".into()), ..Draft::new("invoices.approved", AudienceDraft::users(["u1"])) };
    /// publisher.publish(&draft).await?;
    /// # Ok(()) }
    /// ```
    pub fn publish<P: Publishable>(&self, what: P) -> P::Next {
        what.begin(self)
    }

    /// Takes a notification back: out of every inbox, told on every open stream. Answers whether there is such a notification.
    ///
    /// ```
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), Box<dyn std::error::Error>> {
    /// use campanile::{AudienceDraft, Draft};
    ///
    /// let receipt = publisher.publish(&Draft::new("t", AudienceDraft::users(["u1"]))).await?;
    /// assert!(publisher.withdraw(receipt.notification_id).await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn withdraw(&self, id: NotificationId) -> Result<bool, StoreError> {
        self.engine.withdraw(&self.tenant, id).await
    }

    /// Takes a user into a topic. Once more does no harm.
    ///
    /// ```
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), Box<dyn std::error::Error>> {
    /// use campanile::{Topic, UserId};
    ///
    /// publisher.join(&Topic::new("invoices")?, &UserId::new("u1")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn join(&self, topic: &Topic, user: &UserId) -> Result<(), StoreError> {
        self.set_member(topic, user, true).await
    }

    /// Takes a user out of a topic. Once more does no harm.
    ///
    /// ```
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), Box<dyn std::error::Error>> {
    /// use campanile::{Topic, UserId};
    ///
    /// publisher.leave(&Topic::new("invoices")?, &UserId::new("u1")?).await?;
    /// # Ok(()) }
    /// ```
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
    /// ```
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), Box<dyn std::error::Error>> {
    /// use campanile::{AudienceDraft, Json, SignalDraft};
    ///
    /// let connections = publisher.signal(&SignalDraft {
    ///     to: AudienceDraft::users(["u1"]),
    ///     event: "order.status".into(),
    ///     data: Some(Json::parse(r#"{"order":42,"status":"shipped"}"#)?),
    ///     ..SignalDraft::default()
    /// }).await?;
    /// println!("on {connections} screens");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft.
    pub async fn signal(&self, draft: &SignalDraft) -> Result<usize, EngineError> {
        self.engine.signal(&self.tenant, draft).await
    }
}
