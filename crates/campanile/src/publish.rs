//! One publish in the making: what, to whom, once.

use crate::{BoxFuture, NotificationType, Publisher, once, typed};
use campanile_core::{AudienceDraft, Draft, EngineError, Receipt};
use std::future::IntoFuture;

/// What can be published: a [`Draft`], which says to whom, or a value of a [`NotificationType`], which has to be addressed.
pub trait Publishable: sealed::Sealed {
    /// What [`Publisher::publish`] makes of it.
    type Next;

    #[doc(hidden)]
    fn begin(self, publisher: &Publisher) -> Self::Next;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &campanile_core::Draft {}
    impl<T: crate::NotificationType + ?Sized> Sealed for &T {}
}

impl Publishable for &Draft {
    type Next = Publish;

    fn begin(self, publisher: &Publisher) -> Publish {
        Publish { publisher: publisher.clone(), draft: Ok(self.clone()), key: None }
    }
}

impl<T: NotificationType + ?Sized> Publishable for &T {
    type Next = Unaddressed;

    fn begin(self, publisher: &Publisher) -> Unaddressed {
        Unaddressed(Publish { publisher: publisher.clone(), draft: typed::draft(self), key: None })
    }
}

/// A publish that is for nobody yet.
#[derive(Debug)]
#[must_use = "a publish needs to be addressed, and happens when it is awaited"]
pub struct Unaddressed(Publish);

impl Unaddressed {
    /// For one user.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_user("u1").await?;
    /// # Ok(()) }
    /// ```
    pub fn to_user(self, user: impl Into<String>) -> Publish {
        self.to_users([user])
    }

    /// For these users; named twice counts once.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_users(["u1", "u2"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn to_users<U: Into<String>>(self, users: impl IntoIterator<Item = U>) -> Publish {
        self.to(AudienceDraft::users(users))
    }

    /// For the members that a topic has when it is published.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_topic("invoices").await?;
    /// # Ok(()) }
    /// ```
    pub fn to_topic(self, topic: impl Into<String>) -> Publish {
        self.to(AudienceDraft::Topic { topic: topic.into(), except: Vec::new() })
    }

    /// For all users with an inbox.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_everyone().await?;
    /// # Ok(()) }
    /// ```
    pub fn to_everyone(self) -> Publish {
        self.to(AudienceDraft::Everyone { except: Vec::new() })
    }

    /// For this audience.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to(campanile::AudienceDraft::users(["u1"])).await?;
    /// # Ok(()) }
    /// ```
    pub fn to(self, audience: AudienceDraft) -> Publish {
        self.0.with(|draft| draft.to = audience)
    }
}

/// A publish in the making; awaiting it publishes.
///
/// When it answers, the notification is on disk for every recipient, and open streams have it or will read it.
///
/// ```
/// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
/// use campanile::{AudienceDraft, Draft};
///
/// let publish = publisher.publish(&Draft::new("invoices.approved", AudienceDraft::users(["u1"])));
/// let receipt = publish.once("invoice-42").await?;
/// # drop(receipt); Ok(()) }
/// ```
///
/// # Errors
///
/// [`EngineError::Invalid`] with every fault of the draft; [`EngineError::Store`] if the store is busy or away; with a key, those of
/// [`Publish::once`]. Nothing has happened then.
///
/// # Cancel safety
///
/// A publish whose answer nobody waits for happens entirely or not at all.
#[derive(Debug)]
#[must_use = "a publish happens when it is awaited"]
pub struct Publish {
    publisher: Publisher,
    draft: Result<Draft, EngineError>,
    key: Option<String>,
}

impl Publish {
    /// But not for these users.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_topic("invoices").except(["u1"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn except<U: Into<String>>(self, users: impl IntoIterator<Item = U>) -> Self {
        self.with(|draft| draft.to.leave_out(users))
    }

    /// Who caused it, and so is left out of the recipients.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_topic("invoices").by("u9").await?;
    /// # Ok(()) }
    /// ```
    pub fn by(self, actor: impl Into<String>) -> Self {
        self.with(|draft| draft.actor_id = Some(actor.into()))
    }

    /// Keeps the one who caused it among the recipients.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_topic("invoices").by("u9").notify_actor().await?;
    /// # Ok(()) }
    /// ```
    pub fn notify_actor(self) -> Self {
        self.with(|draft| draft.notify_actor = true)
    }

    /// Makes it happen once for each key: a repetition within 24 hours answers what the first one did, with [`Receipt::replayed`]. The key is
    /// 1–255 visible ASCII characters, such as the id of what the notification is about.
    ///
    /// Another publish under the same key is refused with [`EngineError::KeyReused`], a simultaneous one with [`EngineError::InProgress`].
    /// Refusals are not remembered.
    ///
    /// ```
    /// # struct Approved;
    /// # impl campanile::NotificationType for Approved {
    /// #     type Data = ();
    /// #     const NAME: &'static str = "approved";
    /// #     fn data(&self) -> &() { &() }
    /// # }
    /// # async fn example(publisher: campanile::Publisher) -> Result<(), campanile::EngineError> {
    /// publisher.publish(&Approved).to_user("u1").once("invoice-42").await?;
    /// # Ok(()) }
    /// ```
    pub fn once(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    fn with(mut self, change: impl FnOnce(&mut Draft)) -> Self {
        if let Ok(draft) = &mut self.draft {
            change(draft);
        }
        self
    }

    async fn run(self) -> Result<Receipt, EngineError> {
        let draft = self.draft?;
        let key = self.key.map(|key| once::key(&draft, &key)).transpose()?;
        self.publisher.engine().publish_once(self.publisher.tenant(), &draft, key).await
    }
}

impl IntoFuture for Publish {
    type Output = Result<Receipt, EngineError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
