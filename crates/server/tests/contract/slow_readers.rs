//! Section 1, slow readers: the ring overflows, what is logged is refilled, what is not is told.

use crate::support::{builder, start, start_with};
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

/// How many signals are still there for a stopped reader when the first one has been dropped.
async fn kept(node: &TestNode) -> usize {
    let mut stream = stalled(node).await;
    let sent = overflow(node, "live", 1.0).await;
    stream.until("gap").await;
    let mut kept = 1;
    while stream.until("tick").await.json()["n"] != sent {
        kept += 1;
    }
    kept
}

#[tokio::test]
async fn frames_and_bytes_bound_what_is_kept_for_a_stopped_reader() {
    assert_eq!(kept(&start().await).await, 5, "256 KiB of 50 kB each");
    assert_eq!(kept(&start_with("SSE__BUFFER_BYTES", 120_000).await).await, 2);
    let many_bytes = builder().env("CAMPANILE_SSE__BUFFER_BYTES", 10_000_000);
    assert_eq!(kept(&many_bytes.env("CAMPANILE_SSE__BUFFER_FRAMES", 3).start().await).await, 3);
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

/// `buffer_frames`: the newest so many stay, whatever their size.
#[tokio::test]
async fn a_ring_holds_so_many_frames_and_the_newest_ones() {
    let node = start_with("SSE__BUFFER_FRAMES", 7).await;
    let mut stream = stalled(&node).await;
    overflow(&node, "live", 1.0).await;
    for number in 1..=30 {
        node.signal(json!({"to": {"users": ["u"]}, "event": "small", "data": number})).await;
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&30) {
        let event = stream.event().await;
        if event.name == "small" {
            seen.push(event.json().as_u64().unwrap());
        }
    }
    assert_eq!(seen, (24..=30).collect::<Vec<_>>());
}

/// Each overflow is an episode of its own: a reader that caught up, and falls behind again, is told again.
#[tokio::test]
async fn a_second_overflow_is_a_second_gap() {
    let node = start_with("SSE__BUFFER_FRAMES", 5).await;
    let mut stream = stalled(&node).await;
    for episode in 1..=2 {
        overflow(&node, "live", 1.0 + node.metric("campanile_dropped_frames", "kind=\"live\"").await).await;
        node.signal(json!({"to": {"users": ["u"]}, "event": "last", "data": episode})).await;
        let mut gaps = 0;
        loop {
            match stream.event().await.name.as_str() {
                "gap" => gaps += 1,
                "last" => break,
                _ => {}
            }
        }
        assert_eq!(gaps, 1, "episode {episode}");
    }
}

/// A frame that no ring of this size can hold is read from the log at once, and a live one is told.
#[tokio::test]
async fn what_is_larger_than_the_ring_arrives_or_is_told_without_waiting_for_more() {
    let node = start_with("SSE__BUFFER_BYTES", 2000).await;
    let mut stream = crate::support::open(&node, "u").await;
    for seq in 1..=3 {
        publish(&node, seq).await;
        assert_eq!(stream.expect("notification").await.seq(), seq);
        stream.expect("counts").await;
    }
    signal(&node, 1).await;
    assert_eq!(stream.expect("gap").await.json(), json!({"dropped": 1, "reason": "overflow"}));
}

/// A log that no longer covers a reader: it is told so, and the next open is told why.
#[tokio::test]
async fn a_reader_too_far_behind_for_the_log_ends_with_behind_and_opens_with_reset() {
    let node =
        builder().env("CAMPANILE_RETENTION__LOG_ENTRIES", 5).env("CAMPANILE_SSE__BUFFER_FRAMES", 2).start().await;
    let mut stream = stalled(&node).await;
    let published = overflow(&node, "logged", 20.0).await;
    let mut seq = 0;
    let last = loop {
        let event = stream.event().await;
        match event.name.as_str() {
            "notification" => {
                assert_eq!(event.seq(), seq + 1, "what came before it came whole");
                seq += 1;
            }
            "counts" => {}
            _ => break event,
        }
    };
    assert_eq!((last.name.as_str(), last.json()["reason"].as_str()), ("reconnect", Some("behind")));
    assert_eq!(stream.to_end().await, campanile_testkit::End::Clean);
    let mut again = node.stream("u").position(stream.last_event_id()).open().await;
    let ready = again.ready().await;
    assert_eq!((ready.resume.as_str(), ready.reset_reason.as_deref()), ("reset", Some("expired")));
    assert_eq!(ready.seq(), published);
}
