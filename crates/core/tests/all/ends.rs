//! How streams end: always with a word, and never later than they may.

use crate::support::{Reader, builder, publish, request, until};
use campanile_core::{OpenError, SseOptions};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_drain_spreads_the_ends_over_the_window_and_refuses_newcomers() {
    let engine = builder().start();
    let window = Duration::from_secs(10);
    let readers: Vec<_> = {
        let mut readers = Vec::new();
        for n in 0..100 {
            readers.push(Reader::open(&engine, &format!("u{n}"), None).await);
        }
        readers
    };
    let began = Instant::now();
    let ends: Vec<_> = readers
        .into_iter()
        .map(|mut reader| {
            tokio::spawn(async move {
                let end = reader.named("reconnect").await;
                let at = Instant::now();
                assert_eq!(reader.next().await, None);
                (at, end.data["reason"].as_str().map(str::to_owned), end.data["retryMs"].as_u64().unwrap())
            })
        })
        .collect();
    tokio::task::yield_now().await;
    engine.drain(window);
    assert!(matches!(engine.open(request("late", None)).await, Err(OpenError::Draining)));
    engine.drained().await;
    assert!(began.elapsed() <= window);
    let mut moments = Vec::new();
    for end in ends {
        let (at, reason, retry) = end.await.unwrap();
        assert_eq!(reason.as_deref(), Some("draining"));
        let back = at + Duration::from_millis(retry);
        assert!(back >= began + window + Duration::from_secs(2), "nobody comes back before the node is gone");
        moments.push(at - began);
    }
    moments.sort();
    for second in 0..10 {
        let count = moments.iter().filter(|moment| moment.as_secs() == second).count();
        assert!((8..=12).contains(&count), "{count} of 100 in second {second} of 10: {moments:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_hands_over_takes_the_last_ones_and_ends_them_too() {
    let engine = builder().start();
    let position = Reader::open(&engine, "u1", None).await.named("ready").await.id.unwrap();
    publish(&engine, &["u1"], "meanwhile").await;
    let window = Duration::from_secs(10);
    let began = Instant::now();
    engine.hand_over(window);
    for _ in 0..3 {
        let mut late = Reader::open(&engine, "u1", Some(&position)).await;
        assert_eq!(late.named("ready").await.data["resume"], "exact");
        assert_eq!(late.named("notification").await.title(), "meanwhile");
        let end = late.named("reconnect").await;
        assert_eq!(end.data["reason"], "draining");
        assert_eq!(late.next().await, None);
        let back = Duration::from_millis(end.data["retryMs"].as_u64().unwrap());
        assert!(began.elapsed() + back >= window + Duration::from_secs(2), "{back:?}");
    }
    engine.drained().await;
    assert!(began.elapsed() <= window);
}

#[tokio::test(start_paused = true)]
async fn a_streams_end_is_its_tokens_end_told_before_and_nothing_after() {
    let engine = builder().start();
    let now = engine.clock().now();
    let mut reader = Reader::new(engine.open(until("u1", now.plus(Duration::from_secs(50)))).await.unwrap());
    reader.named("ready").await;
    let opened = Instant::now();
    let expiring = reader.named("expiring").await;
    assert_eq!(expiring.data["expiresAt"].as_str(), Some(&*now.plus(Duration::from_secs(50)).to_string()));
    assert!((19..=20).contains(&opened.elapsed().as_secs()));
    tokio::time::sleep(Duration::from_secs(31)).await;
    publish(&engine, &["u1"], "too late").await;
    let end = reader.next().await.unwrap();
    assert_eq!((end.name.as_str(), &end.data["reason"]), ("reconnect", &"expired".into()));
    assert_eq!(reader.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_soon_is_told_at_once() {
    let engine = builder().start();
    let now = engine.clock().now();
    let mut reader = Reader::new(engine.open(until("u1", now.plus(Duration::from_secs(5)))).await.unwrap());
    let opened = Instant::now();
    assert_eq!(reader.next().await.unwrap().name, "ready");
    assert_eq!(reader.next().await.unwrap().name, "expiring");
    assert!(opened.elapsed() < Duration::from_millis(10));
    assert_eq!(reader.next().await.unwrap().data["reason"], "expired");
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_ends_give_or_take_a_fifth() {
    let engine =
        builder().sse(SseOptions { max_lifetime: Some(Duration::from_secs(100)), ..SseOptions::default() }).start();
    for _ in 0..20 {
        let opened = Instant::now();
        let mut reader = Reader::open(&engine, "u1", None).await;
        assert_eq!(reader.named("reconnect").await.data["reason"], "lifetime");
        assert!((79..=121).contains(&opened.elapsed().as_secs()));
    }
}
