//! The façade without HTTP, as an application uses it that has no web server. The only test that runs without the feature `axum`, and without any.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

use campanile::{
    AudienceDraft, BoxFuture, BuildError, Campanile, Channel, DeliveryBatch, Draft, IN_APP, Identity, MemoryStore,
    NotificationType, Outcome, SseOptions, UserId, core::store::InboxQuery,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

struct Alarm;

impl NotificationType for Alarm {
    type Data = ();
    const NAME: &'static str = "alarm";
    const CHANNELS: &'static [&'static str] = &[IN_APP, "pager"];

    fn data(&self) -> &() {
        &()
    }
}

#[derive(Clone, Default)]
struct Pager(Arc<Mutex<Vec<String>>>);

impl Channel for Pager {
    fn name(&self) -> &str {
        "pager"
    }

    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        let users = batch.recipients.iter().map(|recipient| recipient.user.to_string());
        self.0.lock().unwrap().extend(users);
        Box::pin(async { vec![Outcome::Delivered { reached: 1 }; batch.recipients.len()] })
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_published_is_in_the_inbox_and_has_gone_to_the_channels_when_the_engine_has_left() {
    let pager = Pager::default();
    let building = Campanile::builder().store(MemoryStore::default()).channel(pager.clone());
    #[cfg(feature = "axum")]
    let building = building.jwt_secret([7; 32]);
    let campanile = building.build().await.unwrap();
    let publisher = campanile.publisher();
    let first = publisher.publish(&Alarm).to_users(["u1", "u2"]).await.unwrap();
    let draft = Draft::new("t", AudienceDraft::users(["u1"]));
    publisher.publish(&draft).once("hello").await.unwrap();
    assert!(publisher.publish(&draft).once("hello").await.unwrap().replayed);
    assert!(publisher.withdraw(first.notification_id).await.unwrap());
    let who = Identity::of(UserId::new("u1").unwrap()).recipient;
    let ten = InboxQuery { limit: 10, ..InboxQuery::default() };
    let page = campanile.engine().inbox(&who, ten).await.unwrap();
    let kept: Vec<_> = page.items.iter().map(|item| item.notification.type_name.as_str()).collect();
    assert_eq!(kept, ["t"]);
    campanile.shutdown().await;
    assert_eq!(*pager.0.lock().unwrap(), ["u1", "u2"]);
    assert!(publisher.publish(&draft).await.is_err(), "the store is closed");
}

#[tokio::test]
async fn what_is_missing_or_makes_no_sense_is_refused() {
    assert!(matches!(Campanile::builder().build().await, Err(BuildError::NoStore)));
    let sse = SseOptions { heartbeat: Duration::ZERO, ..SseOptions::default() };
    let refused = Campanile::builder().store(MemoryStore::default()).sse(sse).build().await.unwrap_err();
    assert_eq!(refused.to_string(), "sse.heartbeat: must be more than zero");
}
