//! What the sweep lets go of, and when: the engine's clock decides, to the millisecond.

use crate::support::{Reader, builder, publish, who};
use campanile_core::{
    AudienceDraft, Draft, Engine, ManualClock, PublishKey, RetentionOptions, Tenant, Timestamp, store::InboxQuery,
};
use std::{sync::Arc, time::Duration};

const HOUR: i64 = 60 * 60 * 1000;
const BEGIN: i64 = 1_800_000_000_000;

/// An engine whose clock is moved by hand, and swept every minute of (paused) time.
fn engine(retention: RetentionOptions) -> (Engine, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(BEGIN)));
    (builder().retention(retention).clock(Arc::clone(&clock) as _).start(), clock)
}

/// So many milliseconds after the beginning, when everything that is too old by then has been swept.
async fn at(clock: &ManualClock, millis: i64) {
    clock.set(Timestamp::from_millis(BEGIN + millis));
    tokio::time::sleep(2 * RetentionOptions::default().sweep_every).await;
}

async fn replayed(engine: &Engine) -> bool {
    let key = PublishKey { credential: "shop".into(), key: "k".into(), digest: [1; 32] };
    let draft = Draft::new("t", AudienceDraft::users(["u1"]));
    engine.publish_once(&Tenant::default(), &draft, Some(key)).await.unwrap().replayed
}

#[tokio::test(start_paused = true)]
async fn a_key_is_remembered_for_24_hours() {
    let (engine, clock) = engine(RetentionOptions::default());
    assert!(!replayed(&engine).await);
    at(&clock, 24 * HOUR).await;
    assert!(replayed(&engine).await, "still");
    at(&clock, 24 * HOUR + 1).await;
    assert!(!replayed(&engine).await, "no more");
    assert_eq!(engine.head(&who("u1")).await.unwrap().seq.0, 2);
}

async fn resumes(engine: &Engine, position: &str) -> (String, Option<String>) {
    let data = Reader::open(engine, "u1", Some(position)).await.named("ready").await.data;
    (data["resume"].as_str().unwrap().to_owned(), data["resetReason"].as_str().map(str::to_owned))
}

#[tokio::test(start_paused = true)]
async fn an_entry_stays_in_the_log_for_as_long_as_the_option_says() {
    let log = Duration::from_secs(2 * 24 * 60 * 60);
    let (engine, clock) = engine(RetentionOptions { log, ..RetentionOptions::default() });
    let empty = engine.head(&who("u1")).await.unwrap().cursor().to_string();
    publish(&engine, &["u1"], "old").await;
    let behind_old = engine.head(&who("u1")).await.unwrap().cursor().to_string();
    at(&clock, 24 * HOUR).await;
    publish(&engine, &["u1"], "new").await;
    let exact = ("exact".to_owned(), None);
    let expired = ("reset".to_owned(), Some("expired".to_owned()));
    at(&clock, 48 * HOUR).await;
    assert_eq!(resumes(&engine, &empty).await, exact, "still");
    at(&clock, 48 * HOUR + 1).await;
    assert_eq!(resumes(&engine, &empty).await, expired, "the old one is gone");
    assert_eq!(resumes(&engine, &behind_old).await, exact, "the new one is not");
    at(&clock, 72 * HOUR + 1).await;
    assert_eq!(resumes(&engine, &behind_old).await, expired, "now it is, too");
    let inbox = engine.inbox(&who("u1"), InboxQuery { limit: 10, ..InboxQuery::default() }).await.unwrap();
    assert_eq!(inbox.items.len(), 2, "the inbox has an age of its own");
}
