//! What needs a hand inside the writer: writes that fail, full disks, a writer that dies.

use crate::{
    Sqlite, SqliteOptions,
    error::Failure,
    write::{Request, Work},
};
use campanile_core::{
    Notification, NotificationId, Recipient, Seq, Severity, Tenant, Timestamp, TypeName, UserId,
    store::{Done, Publish, Published, Store, StoreAudience, StoreError, StoreResult, Sweep},
};
use std::sync::{Arc, mpsc};
use tempfile::TempDir;
use tokio::sync::oneshot;

fn store() -> (Sqlite, TempDir) {
    store_with(SqliteOptions::default())
}

fn store_with(options: SqliteOptions) -> (Sqlite, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Sqlite::open_with(folder.path().join("test.db"), options).unwrap(), folder)
}

fn user(name: &str) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(name).unwrap())
}

fn publish(name: &str, body_bytes: usize) -> Publish {
    let notification = Notification {
        id: NotificationId::generate(),
        tenant: Tenant::default(),
        type_name: TypeName::new("test").unwrap(),
        severity: Severity::Info,
        occurred_at: Timestamp::from_seconds(1_800_000_000),
        body: "x".repeat(body_bytes).into(),
    };
    Publish {
        notification: Arc::new(notification),
        audience: StoreAudience::Users(vec![user(name)]),
        max_recipients: 1,
        idempotency: None,
    }
}

/// Hands a request over; the answer comes by the channel.
fn submit<R: Request + 'static>(store: &Sqlite, request: R) -> oneshot::Receiver<StoreResult<R::Answer>>
where
    R::Answer: std::fmt::Debug,
{
    let (send, answer) = oneshot::channel();
    let done: Done<R::Answer> = Box::new(move |result| send.send(result).unwrap());
    store.write(request, done);
    answer
}

/// Keeps the writer busy until the answer is dropped or told.
fn hold(store: &Sqlite) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel();
    let (entered, is_held) = mpsc::channel();
    let done: Done<_> = Box::new(move |_| {
        entered.send(()).unwrap();
        // Released, or the test is over.
        held.recv().ok();
    });
    Store::open(store, user("holder"), done);
    is_held.recv().unwrap();
    release
}

/// A write that does something by hand.
struct ByHand<F>(F);

impl<T: Send, F: Fn(&mut Work<'_>) -> Result<T, Failure> + Send> Request for ByHand<F> {
    type Answer = T;

    fn apply(&self, work: &mut Work<'_>) -> Result<T, Failure> {
        (self.0)(work)
    }
}

fn by_hand<T: Send, F: Fn(&mut Work<'_>) -> Result<T, Failure> + Send>(f: F) -> ByHand<F> {
    ByHand(f)
}

fn seq(answer: &StoreResult<Published>) -> u64 {
    let Ok(Published::Stored(appended)) = answer else { panic!("not stored: {answer:?}") };
    appended[0].head.seq.0
}

#[tokio::test]
async fn a_write_that_fails_half_way_spoils_none_of_its_batch() {
    let (store, _folder) = store();
    let release = hold(&store);
    let before = submit(&store, publish("u", 10));
    let bad = submit(
        &store,
        by_hand(|work| {
            publish("u", 10).apply(work)?;
            work.conn.execute("INSERT INTO campanile_meta (one, version, generation) VALUES (1, 9, 9)", [])?;
            Ok(())
        }),
    );
    let after = submit(&store, publish("u", 10));
    drop(release);
    assert_eq!(seq(&before.await.unwrap()), 1);
    assert!(matches!(bad.await.unwrap(), Err(StoreError::Unavailable(_))));
    assert_eq!(seq(&after.await.unwrap()), 2);
    let head = store.heads(vec![user("u")]).await.unwrap()[0].unwrap();
    assert_eq!((head.seq, head.counts.unread), (Seq(2), 2));
    assert_eq!(store.log(user("u"), Seq(0), 10, 1000).await.unwrap().unwrap().entries.len(), 2);
}

#[tokio::test]
async fn what_waits_together_is_committed_together() {
    let (store, _folder) = store();
    let commits = store.metrics().unwrap().clone();
    let release = hold(&store);
    let answers: Vec<_> = (0..100).map(|_| submit(&store, publish("u", 10))).collect();
    drop(release);
    for (n, answer) in (1..).zip(answers) {
        assert_eq!(seq(&answer.await.unwrap()), n);
    }
    let mut text = String::new();
    let mut registry = prometheus_client::registry::Registry::default();
    commits.register(&mut registry);
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains("store_batch_size_sum 101.0") && text.contains("store_batch_size_count 2"), "{text}");
}

#[tokio::test]
async fn a_full_queue_says_so_at_once() {
    let (store, _folder) = store_with(SqliteOptions { queue: 2, ..SqliteOptions::default() });
    let release = hold(&store);
    let (first, second) = (submit(&store, publish("u", 10)), submit(&store, publish("u", 10)));
    assert!(matches!(submit(&store, publish("u", 10)).await.unwrap(), Err(StoreError::Busy)));
    assert_eq!(store.metrics().unwrap().busy.get(), 1);
    drop(release);
    assert_eq!((seq(&first.await.unwrap()), seq(&second.await.unwrap())), (1, 2));
}

#[tokio::test]
async fn a_transaction_ends_when_enough_is_written_and_all_is_answered_in_order() {
    let (store, _folder) = store_with(SqliteOptions { batch_rows: 50, ..SqliteOptions::default() });
    for n in 0..30 {
        submit(&store, crate::write::Open(user(&n.to_string()))).await.unwrap().unwrap();
    }
    let before = store.metrics().unwrap().clone();
    let release = hold(&store);
    // How many everyone is, is not known before.
    let everyone = StoreAudience::Everyone { except: vec![user("holder").user] };
    let answers: Vec<_> = (0..10)
        .map(|_| submit(&store, Publish { audience: everyone.clone(), max_recipients: 30, ..publish("u", 10) }))
        .collect();
    drop(release);
    for (n, answer) in (1..).zip(answers) {
        assert_eq!(seq(&answer.await.unwrap()), n);
    }
    let (mut text, mut registry) = (String::new(), prometheus_client::registry::Registry::default());
    before.register(&mut registry);
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains("store_batch_size_sum 41.0") && text.contains("store_batch_size_count 36"), "{text}");
}

#[tokio::test]
async fn an_erasure_that_is_rolled_back_has_not_happened() {
    let (store, _folder) = store();
    assert_eq!(seq(&submit(&store, publish("u", 10)).await.unwrap()), 1);
    let head = store.heads(vec![user("u")]).await.unwrap()[0].unwrap();
    let failed = submit(
        &store,
        by_hand(|work| {
            assert!(crate::write::Erase(user("u")).apply(work)?);
            publish("u", 10).apply(work)?;
            work.conn.execute("INSERT INTO campanile_meta (one, version, generation) VALUES (1, 9, 9)", [])?;
            Ok(())
        }),
    );
    assert!(failed.await.unwrap().is_err());
    assert_eq!(store.heads(vec![user("u")]).await.unwrap()[0], Some(head));
    assert_eq!(seq(&submit(&store, publish("u", 10)).await.unwrap()), 2);
    let both = submit(
        &store,
        by_hand(|work| {
            assert!(crate::write::Erase(user("u")).apply(work)?);
            publish("u", 10).apply(work)
        }),
    );
    assert_eq!(seq(&both.await.unwrap()), 1);
    assert_ne!(store.heads(vec![user("u")]).await.unwrap()[0].unwrap().epoch, head.epoch);
}

/// Room for a few more pages than there are, or for all that may come.
fn room(store: &Sqlite, more: Option<i64>) -> oneshot::Receiver<StoreResult<()>> {
    submit(
        store,
        by_hand(move |work| {
            let pages: i64 = work.conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
            let most = more.map_or(1_000_000_000, |more| pages + more);
            work.conn.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?;
            Ok(())
        }),
    )
}

#[tokio::test]
async fn a_full_disk_loses_nothing_acknowledged_and_is_left_behind_when_there_is_room_again() {
    let (store, folder) = store();
    let mut acknowledged = 0;
    for round in 0..3 {
        room(&store, Some(20)).await.unwrap().unwrap();
        let release = hold(&store);
        let answers: Vec<_> = (0..100).map(|_| submit(&store, publish("u", 3000))).collect();
        drop(release);
        for answer in answers {
            assert!(matches!(answer.await.unwrap(), Err(StoreError::Unavailable(_))), "a whole batch fails");
        }
        let mut fitted = 0;
        while submit(&store, publish("u", 3000)).await.unwrap().is_ok() {
            fitted += 1;
        }
        assert!((1..100).contains(&fitted), "{fitted} in round {round}");
        acknowledged += fitted;
        room(&store, None).await.unwrap().unwrap();
        acknowledged += 1;
        assert_eq!(seq(&submit(&store, publish("u", 3000)).await.unwrap()), acknowledged);
    }
    store.close().await;
    let store = Sqlite::open(folder.path().join("test.db")).unwrap();
    let page = store.log(user("u"), Seq(0), 10_000, usize::MAX).await.unwrap().unwrap();
    assert_eq!(page.head.seq.0, acknowledged);
    assert_eq!(page.head.counts, campanile_core::store::contract::random::counts_by_the_log(&page.entries));
}

#[tokio::test]
async fn a_writer_that_dies_leaves_answers_for_everybody() {
    let (store, folder) = store();
    assert_eq!(seq(&submit(&store, publish("u", 10)).await.unwrap()), 1);
    let release = hold(&store);
    let fatal = submit(&store, by_hand(|_| -> Result<(), Failure> { panic!("a planted fault") }));
    let waiting = submit(&store, publish("u", 10));
    drop(release);
    assert!(matches!(fatal.await.unwrap(), Err(StoreError::Unavailable(_))));
    assert!(matches!(waiting.await.unwrap(), Err(StoreError::Unavailable(_))));
    store.close().await;
    assert!(matches!(submit(&store, publish("u", 10)).await.unwrap(), Err(StoreError::Unavailable(_))));
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.heads(vec![user("u")]).await, Err(StoreError::Unavailable(_))));
    let store = Sqlite::open(folder.path().join("test.db")).unwrap();
    assert_eq!(store.heads(vec![user("u")]).await.unwrap()[0].unwrap().seq, Seq(1));
}

#[tokio::test]
async fn the_walk_for_long_logs_reaches_the_last_of_many_users() {
    let (store, _folder) = store();
    let names: Vec<String> = (0..10_100).map(|n| n.to_string()).collect();
    for some in [&names[..], &names[names.len() - 5..]] {
        let mut publish = publish("x", 10);
        publish.audience = StoreAudience::Users(some.iter().map(|name| user(name)).collect());
        publish.max_recipients = some.len();
        submit(&store, publish).await.unwrap().unwrap();
    }
    let never = Timestamp::from_millis(i64::MIN);
    let at = Timestamp::from_seconds(1_800_000_000);
    let sweep = Sweep { at, inbox_before: never, log_before: never, log_entries: 1, keys_before: never, batch: 2 };
    let mut calls = 1;
    while submit(&store, sweep).await.unwrap().unwrap().more {
        calls += 1;
    }
    assert!(calls >= 4, "{calls} calls for two windows and five entries, two at a time");
    let heads = store.heads(names.iter().map(|name| user(name)).collect()).await.unwrap();
    assert!(heads.iter().all(|head| head.is_some_and(|h| h.seq.0 - h.floor.0 == 1)));
}

#[tokio::test]
async fn an_answer_that_panics_harms_nobody_else() {
    let (store, _folder) = store();
    Store::open(&store, user("u"), Box::new(|_| panic!("a planted fault")));
    assert_eq!(seq(&submit(&store, publish("u", 10)).await.unwrap()), 1);
}
