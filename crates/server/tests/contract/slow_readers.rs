//! Section 1, slow readers: the ring overflows, what is logged is refilled, what is not is told.

use crate::support::start;
use campanile_testkit::{SseReader, TestNode};
use serde_json::json;
use std::time::{Duration, Instant};

/// Large enough that the buffers of both kernels are full after some dozens.
const FILLER: usize = 50_000;

/// A stream of `u` that is open and then not read.
async fn stalled(node: &TestNode) -> SseReader {
    let mut stream = node.stream("u").receive_buffer(4096).open().await;
    stream.ready().await;
    stream
}

async fn publish(node: &TestNode, number: u64) {
    node.publish(json!({"type": "t", "to": {"users": ["u"]}, "data": {"n": number, "x": "x".repeat(FILLER)}})).await;
}

async fn signal(node: &TestNode, number: u64) {
    node.signal(json!({"to": {"users": ["u"]}, "event": "tick", "data": {"n": number, "x": "x".repeat(FILLER)}})).await;
}

/// Publishes or signals until the ring has dropped so many frames, and answers how many that took.
async fn overflow(node: &TestNode, kind: &str, dropped: f64) -> u64 {
    let labels = format!("kind=\"{kind}\"");
    for number in 1..=2000 {
        match kind {
            "logged" => publish(node, number).await,
            _ => signal(node, number).await,
        }
        if node.metric("campanile_dropped_frames", &labels).await >= dropped {
            return number;
        }
    }
    panic!("2000 frames of {FILLER} bytes and no overflow");
}

#[tokio::test]
async fn a_stopped_reader_is_refilled_without_a_hole() {
    let node = start().await;
    let mut stream = stalled(&node).await;
    let published = overflow(&node, "logged", 20.0).await;
    for seq in 1..=published {
        let event = stream.until("notification").await;
        assert_eq!((event.seq(), event.json()["data"]["n"].as_u64()), (seq, Some(seq)));
    }
    assert!(node.metric("campanile_refills", "").await >= 1.0, "nothing was read again: no overflow took place");
    node.publish(json!({"type": "t", "to": {"users": ["u"]}, "title": "live again"})).await;
    assert_eq!(stream.until("notification").await.seq(), published + 1);
}

#[tokio::test]
async fn lost_signals_are_told_once_with_their_number_and_before_what_follows() {
    let node = start().await;
    let mut stream = stalled(&node).await;
    let sent = overflow(&node, "live", 20.0).await;
    let dropped = node.metric("campanile_dropped_frames", "kind=\"live\"").await;
    let (mut seen, mut gaps) = (Vec::new(), Vec::new());
    while seen.last() != Some(&sent) {
        let event = stream.event().await;
        match event.name.as_str() {
            "tick" => seen.push(event.json()["n"].as_u64().unwrap()),
            "gap" => {
                let after = seen.last().copied().unwrap_or(0);
                assert_eq!(event.id, None);
                gaps.push((after, event.json()));
            }
            other => panic!("{other}"),
        }
    }
    let missing: Vec<u64> = (1..=sent).filter(|number| !seen.contains(number)).collect();
    assert_eq!(gaps.len(), 1, "once per episode: {gaps:?}");
    let (after, gap) = &gaps[0];
    assert_eq!(*gap, json!({"dropped": missing.len(), "reason": "overflow"}));
    assert!((dropped - missing.len() as f64).abs() < 0.5, "{dropped} were dropped, {} are missing", missing.len());
    let expected: Vec<u64> = (after + 1..=after + missing.len() as u64).collect();
    assert_eq!(missing, expected, "the gap stands where they were lost");
}

#[tokio::test]
async fn of_signals_with_a_key_a_slow_reader_gets_the_newest() {
    let node = start().await;
    let mut stream = stalled(&node).await;
    overflow(&node, "live", 1.0).await;
    for number in 1..=30 {
        for key in ["a", "b"] {
            let to = json!({"users": ["u"]});
            node.signal(json!({"to": to, "event": format!("order.{key}"), "data": number, "key": key})).await;
        }
    }
    node.signal(json!({"to": {"users": ["u"]}, "event": "last"})).await;
    let mut seen = Vec::new();
    stream
        .until_some(|event| {
            if event.name.starts_with("order.") {
                seen.push((event.name.clone(), event.data.clone()));
            }
            (event.name == "last").then_some(())
        })
        .await;
    assert_eq!(seen, [("order.a".into(), "30".into()), ("order.b".into(), "30".into())]);
    assert!(node.metric("campanile_conflated_signals", "").await >= 58.0);
}

#[tokio::test]
async fn publishers_and_other_readers_do_not_notice_a_stopped_one() {
    let node = start().await;
    let stopped = stalled(&node).await;
    let mut other = node.stream("u").open().await;
    other.ready().await;
    let reading = tokio::spawn(async move {
        let mut last = 0;
        loop {
            let event = other.until("notification").await;
            assert_eq!(event.seq(), last + 1);
            last = event.seq();
            if event.json()["title"] == "last" {
                return last;
            }
        }
    });
    let published = overflow(&node, "logged", 5.0).await;
    let from = Instant::now();
    node.notify("u", "last").await;
    let seen = campanile_testkit::soon("the other reader", reading).await.unwrap();
    assert_eq!(seen, published + 1);
    assert!(from.elapsed() < Duration::from_secs(2), "{:?}", from.elapsed());
    drop(stopped);
}

/// Logged ones come again from the store, so only the signals among them are a gap.
#[tokio::test]
async fn a_gap_counts_only_what_has_no_id() {
    let node = start().await;
    let mut stream = stalled(&node).await;
    overflow(&node, "logged", 10.0).await;
    for number in 1..=5 {
        node.signal(json!({"to": {"users": ["u"]}, "event": "lost", "data": number})).await;
    }
    // Frames that push the five out of the ring.
    let before = node.metric("campanile_dropped_frames", "kind=\"live\"").await;
    let mut number = 10_000;
    while node.metric("campanile_dropped_frames", "kind=\"live\"").await < before + 5.0 {
        number += 1;
        publish(&node, number).await;
    }
    node.notify("u", "last").await;
    let (mut last_seq, mut dropped, mut lost_seen) = (0, 0, 0);
    stream
        .until_some(|event| {
            match event.name.as_str() {
                "notification" => {
                    assert_eq!(event.seq(), last_seq + 1);
                    last_seq += 1;
                }
                "gap" => dropped += event.json()["dropped"].as_u64().unwrap(),
                "lost" => lost_seen += 1,
                _ => {}
            }
            event.data.contains("\"title\":\"last\"").then_some(())
        })
        .await;
    assert_eq!((dropped, lost_seen), (5, 0));
}
