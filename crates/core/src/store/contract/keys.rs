//! Idempotency keys: a repeated publish answers what the first one did.

use super::kit::{Kit, at, no_sweep, notification, other_tenant, stored, to, to_users, user};
use crate::store::{Idempotency, Publish, Published, Store, StoreAudience, StoreError, Sweep};
use crate::{NotificationId, Recipient, UserId};
use std::sync::Arc;

fn key(key: &str, digest: u8) -> Idempotency {
    Idempotency { credential: "app".into(), key: key.into(), digest: [digest; 32] }
}

/// A publish under a key, at a moment, to these users.
fn under(key: Idempotency, when: i64, names: &[&str]) -> Publish {
    let publish = to_users(notification(at(when)), names.iter().map(|name| user(name)).collect());
    Publish { idempotency: Some(key), ..publish }
}

fn replayed(notification_id: NotificationId, recipients: usize) -> Published {
    Published::Replayed { notification_id, recipients }
}

/// Publishes what must be stored; answers its id.
async fn first<S: Store>(kit: &Kit<S>, publish: Publish) -> NotificationId {
    let id = publish.notification.id;
    stored(kit.publish(publish).await);
    id
}

/// The first one's id and number of recipients, whatever the audience is by now; nothing is stored again.
pub async fn a_repeated_publish_answers_what_the_first_one_did<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let id = first(&kit, under(key("k", 1), 0, &["u", "v"])).await;
    for (n, names) in [(1, &["u", "v"][..]), (2, &["u"]), (3, &[]), (4, &["new"])] {
        let again = under(key("k", 1), n, names);
        assert_eq!(kit.publish(again.clone()).await, replayed(id, 2));
        assert_eq!(kit.record(again.notification.id).await, None);
    }
    let few = Publish { max_recipients: 1, ..under(key("k", 1), 5, &["u", "v", "w"]) };
    assert_eq!(kit.publish(few).await, replayed(id, 2), "before anything else");
    assert_eq!((kit.head("u").await.seq.0, kit.head("v").await.seq.0, kit.find_head("new").await), (1, 1, None));
    kit.withdraw(id, 6).await;
    assert_eq!(kit.publish(under(key("k", 1), 7, &["u"])).await, replayed(id, 2), "even of what is gone");
    let none = first(&kit, under(key("nobody", 1), 8, &[])).await;
    assert_eq!(kit.publish(under(key("nobody", 1), 9, &["u"])).await, replayed(none, 0));
}

/// The same key with another digest stores nothing, and the first one stays what it was.
pub async fn another_body_under_a_key_is_a_conflict<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let id = first(&kit, under(key("k", 1), 0, &["u"])).await;
    let other = under(key("k", 2), 1, &["u", "new"]);
    assert_eq!(kit.publish(other.clone()).await, Published::Conflict);
    assert_eq!((kit.head("u").await.seq.0, kit.find_head("new").await), (1, None));
    assert_eq!(kit.record(other.notification.id).await, None);
    assert_eq!(kit.publish(under(key("k", 1), 2, &["u"])).await, replayed(id, 1));
}

/// Each tenant and each credential has keys of its own; a key is bytes.
pub async fn keys_of_tenants_and_credentials_never_meet<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mine = first(&kit, under(key("k", 1), 0, &["u"])).await;
    let another = Idempotency { credential: "App".into(), ..key("k", 2) };
    let theirs = first(&kit, under(another.clone(), 1, &["u"])).await;
    first(&kit, under(key("K", 3), 2, &["u"])).await;
    first(&kit, under(Idempotency { credential: "appk".into(), ..key("", 4) }, 2, &["u"])).await;
    let mut foreign = notification(at(3));
    foreign.tenant = other_tenant();
    let users = StoreAudience::Users(vec![Recipient::new(other_tenant(), UserId::new("u").unwrap())]);
    let foreign = first(&kit, Publish { idempotency: Some(key("k", 5)), ..to(foreign, users) }).await;
    assert_eq!(kit.publish(under(key("k", 1), 4, &["u"])).await, replayed(mine, 1));
    assert_eq!(kit.publish(under(another, 4, &["u"])).await, replayed(theirs, 1));
    assert!(mine != theirs && theirs != foreign);
    assert_eq!(kit.head("u").await.seq.0, 4);
}

/// What was refused was not done, so it can be asked for again under the same key.
pub async fn refusals_are_not_remembered<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let wanted = under(key("k", 1), 0, &["u", "v"]);
    let few = Publish { max_recipients: 1, ..wanted.clone() };
    assert_eq!(kit.publish(few).await, Published::TooMany(2));
    let twice = under(key("k", 9), 0, &["u", "u"]);
    let refused = super::kit::ask(|done| kit.0.publish(twice, done)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    let taken = Publish { notification: Arc::new(notification(at(0))), ..wanted.clone() };
    let id = first(&kit, Publish { idempotency: None, ..taken.clone() }).await;
    assert!(super::kit::ask(|done| kit.0.publish(taken, done)).await.is_err(), "{id} is stored already");
    let wanted_id = first(&kit, wanted).await;
    assert_eq!(kit.publish(under(key("k", 1), 1, &["u"])).await, replayed(wanted_id, 2));
}

/// A key is forgotten when it was used long enough ago, and not before; then it is a new one.
pub async fn a_key_is_forgotten_in_time<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let old = first(&kit, under(key("old", 1), 10, &["u"])).await;
    let young = first(&kit, under(key("young", 1), 11, &["u"])).await;
    for n in 0..10 {
        first(&kit, under(key(&format!("old{n}"), 1), 10, &["u"])).await;
    }
    // A repetition does not make a key younger.
    assert_eq!(kit.publish(under(key("old", 1), 99, &["u"])).await, replayed(old, 1));
    kit.sweep_all(Sweep { keys_before: at(10), ..no_sweep(100) }).await;
    assert_eq!(kit.publish(under(key("old", 1), 99, &["u"])).await, replayed(old, 1));
    assert_eq!(kit.sweep_all(Sweep { keys_before: at(11), batch: 3, ..no_sweep(100) }).await, []);
    assert_eq!(kit.publish(under(key("young", 1), 99, &["u"])).await, replayed(young, 1));
    for n in 0..10 {
        first(&kit, under(key(&format!("old{n}"), 2), 100, &["u"])).await;
    }
    let again = first(&kit, under(key("old", 2), 100, &["u"])).await;
    assert_eq!(kit.publish(under(key("old", 2), 101, &["u"])).await, replayed(again, 1));
    assert!(kit.record(old).await.is_some(), "the notification is another matter");
}

/// However many come at once under one key: one is stored, the others are told which.
pub async fn of_many_at_once_under_one_key_one_is_stored<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let publishes = (0..50).map(|n| kit.publish(under(key("k", 1), n, &["u", "v"])));
    let mut answers = futures_util::future::join_all(publishes).await;
    answers.sort_by_key(|answer| !matches!(answer, Published::Stored(_)));
    let head = kit.head("u").await;
    assert_eq!(head.seq.0, 1);
    let Published::Replayed { notification_id, .. } = answers[1] else { panic!("{:?}", answers[1]) };
    assert!(kit.item("u", notification_id).await.is_some());
    assert!(answers[1..].iter().all(|answer| *answer == replayed(notification_id, 2)));
    assert_eq!(stored(answers.swap_remove(0)).len(), 2);
}
