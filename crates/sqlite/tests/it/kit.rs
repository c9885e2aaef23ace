//! Short ways to ask a store.

use campanile_core::{
    Entry, Mark, MarkTarget, Notification, NotificationId, Recipient, Seq, Severity, StateChange, Tenant, Timestamp,
    Topic, TypeName, UserId,
    store::{Appended, Done, Head, LogPage, Marked, Publish, Published, Store, StoreAudience, StoreResult},
};
use campanile_sqlite::Sqlite;
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

pub(crate) fn user(name: &str) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(name).unwrap())
}

pub(crate) fn topic(name: &str) -> Topic {
    Topic::new(name).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

pub(crate) fn notification(body: &str) -> Notification {
    Notification {
        id: NotificationId::generate(),
        tenant: Tenant::default(),
        type_name: TypeName::new("test.it").unwrap(),
        severity: Severity::Info,
        occurred_at: at(0),
        body: body.into(),
    }
}

pub(crate) async fn ask<T: Send + 'static>(call: impl FnOnce(Done<T>)) -> StoreResult<T> {
    let (send, answer) = tokio::sync::oneshot::channel();
    call(Box::new(|result| drop(send.send(result))));
    answer.await.unwrap()
}

pub(crate) async fn open(store: &Sqlite, name: &str) -> Head {
    ask(|done| Store::open(store, user(name), done)).await.unwrap()
}

pub(crate) async fn publish(store: &Sqlite, body: &str, names: &[&str]) -> (NotificationId, Vec<Appended>) {
    let notification = notification(body);
    let id = notification.id;
    let publish = to_users(notification, names.iter().map(|name| user(name)).collect());
    (id, stored(ask(|done| store.publish(publish, done)).await.unwrap()))
}

pub(crate) fn to_users(notification: Notification, users: Vec<Recipient>) -> Publish {
    Publish {
        notification: Arc::new(notification),
        audience: StoreAudience::Users(users),
        max_recipients: 10_000,
        idempotency: None,
    }
}

pub(crate) fn stored(published: Published) -> Vec<Appended> {
    let Published::Stored(appended) = published else { panic!("not stored: {published:?}") };
    appended
}

pub(crate) async fn mark(store: &Sqlite, name: &str, id: NotificationId, state: StateChange) -> Marked {
    let target = MarkTarget::Notifications { ids: vec![id], state };
    ask(|done| store.mark(Mark { recipient: user(name), target, at: at(1) }, done)).await.unwrap()
}

pub(crate) async fn log(store: &Sqlite, name: &str) -> LogPage {
    store.log(user(name), Seq(0), usize::MAX, usize::MAX).await.unwrap().unwrap()
}

/// Asserts that a log is whole: dense up to its head, and its counts what it says.
pub(crate) fn assert_whole(page: &LogPage) {
    let seqs = page.entries.iter().map(|entry: &Entry| entry.seq.0);
    assert!(seqs.eq(1..=page.head.seq.0), "a log with holes");
    assert_eq!(page.head.counts, campanile_core::store::contract::random::counts_by_the_log(&page.entries));
}

/// What is in a folder, byte by byte.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file());
    files.map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap())).collect()
}
