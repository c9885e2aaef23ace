//! Readers that fall behind: logged events are read again, dropped live ones are told.

use crate::support::{Reader, builder, publish};
use campanile_core::{AudienceDraft, Engine, Json, RetentionOptions, SignalDraft, SseOptions, Tenant};
use serde_json::json;
use std::time::Duration;

fn small_ring() -> SseOptions {
    SseOptions { buffer_frames: 4, ..SseOptions::default() }
}

async fn signal(engine: &Engine, n: u64, key: Option<&str>) {
    let draft = SignalDraft {
        to: AudienceDraft::users(["u1"]),
        event: "tick".into(),
        data: Json::of(&n).ok(),
        key: key.map(Into::into),
    };
    engine.signal(&Tenant::default(), &draft).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_overflowed_its_ring_is_refilled_without_a_hole() {
    let engine = builder().sse(small_ring()).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    for n in 0..600 {
        publish(&engine, &["u1"], &n.to_string()).await;
    }
    let expected: Vec<String> = (0..600).map(|n| n.to_string()).collect();
    assert_eq!(reader.titles(600).await, expected);
    publish(&engine, &["u1"], "live").await;
    assert_eq!(reader.titles(1).await, ["live"]);
}

#[tokio::test(start_paused = true)]
async fn dropped_live_events_are_told_once_before_the_next_event() {
    let engine = builder().sse(small_ring()).start();
    let (mut slow, mut quick) = (Reader::open(&engine, "u1", None).await, Reader::open(&engine, "u1", None).await);
    slow.named("ready").await;
    quick.named("ready").await;
    for n in 0..10 {
        signal(&engine, n, None).await;
        assert_eq!(quick.next().await.unwrap().data, json!(n));
    }
    let gap = slow.next().await.unwrap();
    assert_eq!((gap.name.as_str(), gap.id, gap.data), ("gap", None, json!({"dropped": 6, "reason": "overflow"})));
    for n in 6..10 {
        assert_eq!(slow.next().await.unwrap().data, json!(n));
    }
    signal(&engine, 10, None).await;
    assert_eq!(slow.next().await.unwrap().data, json!(10), "one gap an episode");
    assert_eq!(quick.next().await.unwrap().data, json!(10), "and none for those who kept up");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_only_the_newest_signal_of_a_key_and_no_gap_for_the_others() {
    let engine = builder().sse(small_ring()).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    signal(&engine, 0, None).await;
    for n in 1..100 {
        signal(&engine, n, Some("k")).await;
    }
    assert_eq!(reader.next().await.unwrap().data, json!(0));
    assert_eq!(reader.next().await.unwrap().data, json!(99));
    reader.silent(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_told_before_a_refill_too() {
    let engine = builder().sse(small_ring()).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    signal(&engine, 0, None).await;
    for n in 0..10 {
        publish(&engine, &["u1"], &n.to_string()).await;
    }
    assert_eq!(reader.next().await.unwrap().data, json!({"dropped": 1, "reason": "overflow"}));
    assert_eq!(reader.titles(10).await, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// A ring too small for a single frame holds none of them: a logged one is read from the store, a live one is a gap, and neither waits for
/// what comes next.
#[tokio::test(start_paused = true)]
async fn a_frame_larger_than_the_ring_is_read_again_or_told_at_once() {
    let engine = builder().sse(SseOptions { buffer_bytes: 100, ..SseOptions::default() }).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    for title in ["one", "two"] {
        publish(&engine, &["u1"], title).await;
        assert_eq!(reader.titles(1).await, [title]);
        reader.named("counts").await;
    }
    for _ in 0..2 {
        let data = Json::of(&"x".repeat(200)).ok();
        let draft = SignalDraft { to: AudienceDraft::users(["u1"]), event: "tick".into(), data, key: None };
        engine.signal(&Tenant::default(), &draft).await.unwrap();
        assert_eq!(reader.next().await.unwrap().data, json!({"dropped": 1, "reason": "overflow"}));
    }
    reader.silent(Duration::from_secs(20)).await;
}

/// Whether a sweep has come by does not matter: no test waits for one here.
#[tokio::test(start_paused = true)]
async fn a_reader_twice_as_far_back_as_a_log_is_kept_ends_with_behind() {
    for (published, expected) in [(11, None), (13, Some("behind"))] {
        let retention = RetentionOptions { log_entries: 5, ..RetentionOptions::default() };
        let engine = builder().sse(small_ring()).retention(retention).start();
        // The first sweep comes at once, and then none for a minute.
        tokio::task::yield_now().await;
        let mut reader = Reader::open(&engine, "u1", None).await;
        reader.named("ready").await;
        publish(&engine, &["u1"], "seen").await;
        assert_eq!(reader.titles(1).await, ["seen"]);
        reader.named("counts").await;
        for n in 1..published {
            publish(&engine, &["u1"], &n.to_string()).await;
        }
        let next = reader.next().await.unwrap();
        assert_eq!(next.data["reason"].as_str(), expected, "{published}: {next:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_beyond_the_log_ends_with_behind_and_is_reset_when_it_returns() {
    let retention =
        RetentionOptions { log_entries: 5, sweep_every: Duration::from_secs(1), ..RetentionOptions::default() };
    let engine = builder().sse(small_ring()).retention(retention).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    for n in 0..8 {
        publish(&engine, &["u1"], &n.to_string()).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(reader.next().await.unwrap().data["reason"], "behind");
    assert_eq!(reader.next().await, None);
    let mut again = Reader::open(&engine, "u1", Some(&reader.last_id)).await;
    assert_eq!(again.next().await.unwrap().data["resetReason"], "expired");
}
