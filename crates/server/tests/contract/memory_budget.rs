//! `sse.memory_budget_bytes`: however many readers stall, what is held for them stays within it; what is let go of is counted, read again or
//! resumed, and nobody loses an event by it.

use crate::support::{builder, open};
use campanile_testkit::{SseReader, StreamRequest, TestNode, soon};
use futures_util::future::join_all;
use serde_json::json;

const BUDGET: f64 = 256.0 * 1024.0;
/// What is left of the first chunk of each is more than the budget already.
const STALLED: usize = 30;
/// For each user: several times what the kernels of both sides hold.
const EVENTS: u64 = 20;
const FILLER: usize = 50_000;

async fn node(write_path: &str) -> TestNode {
    let node = builder().in_memory().env("CAMPANILE_SSE__MEMORY_BUDGET_BYTES", BUDGET);
    node.env("CAMPANILE_SSE__WRITE_PATH", write_path).start().await
}

/// Streams of as many users that are open over this version and not read.
async fn stalled(node: &TestNode, version: fn(StreamRequest) -> StreamRequest) -> Vec<SseReader> {
    let mut streams = Vec::new();
    for user in 0..STALLED {
        let mut stream = version(node.stream(&format!("u{user}"))).receive_buffer(32 * 1024).open().await;
        stream.ready().await;
        streams.push(stream);
    }
    streams
}

async fn shed(node: &TestNode, kind: &str) -> f64 {
    let labels = format!("kind=\"{kind}\"");
    let (times, bytes) =
        (node.metric("campanile_sheds", &labels).await, node.metric("campanile_shed_bytes", &labels).await);
    assert_eq!(times > 0.0, bytes > 0.0, "{kind}: {times} times, {bytes} bytes");
    times
}

/// What the node says that it holds. That it says nothing is not that it holds nothing.
async fn held(node: &TestNode) -> f64 {
    let metrics = node.metrics().await;
    let value = metrics.lines().find_map(|line| line.strip_prefix("campanile_held_bytes "));
    value.unwrap_or_else(|| panic!("no campanile_held_bytes:\n{metrics}")).parse().unwrap()
}

/// Waits until the node holds no more than it may, and answers the most that was seen.
async fn within_the_budget(node: &TestNode) -> f64 {
    let mut most = 0.0;
    loop {
        let now = held(node).await;
        most = f64::max(most, now);
        if now <= BUDGET {
            return most;
        }
    }
}

/// Publishes to all of them and to a reader who reads; the node never holds more than it may for longer than a moment.
async fn publish(node: &TestNode, reader: &mut SseReader) {
    let users: Vec<_> = (0..STALLED).map(|user| format!("u{user}")).chain(["reader".into()]).collect();
    let mut most = 0.0;
    for number in 1..=EVENTS {
        let data = json!({"n": number, "x": "x".repeat(FILLER)});
        node.publish(json!({"type": "t", "to": {"users": users}, "data": data})).await;
        assert_eq!(reader.until("notification").await.seq(), number);
        most = f64::max(most, soon("held within the budget", within_the_budget(node)).await);
    }
    assert!(most > 0.0, "nothing is ever held");
}

/// Reads on, and comes back when it was closed; answers how often that was.
async fn read_all(node: &TestNode, user: usize, mut stream: SseReader) -> u32 {
    let (mut seq, mut closed) = (0, 0);
    while seq < EVENTS {
        match stream.event_or_end().await {
            Ok(event) if event.name == "notification" => {
                assert_eq!(event.seq(), seq + 1, "user {user}");
                seq += 1;
            }
            Ok(_) => {}
            Err(_) => {
                closed += 1;
                let position = stream.last_event_id().to_owned();
                stream = node.stream(&format!("u{user}")).position(position).open().await;
                assert_eq!(stream.ready().await.resume, "exact");
            }
        }
    }
    closed
}

/// All at once: a peer whose window was closed for long is asked seldom whether it has opened again.
async fn all_read_all(node: &TestNode, streams: Vec<SseReader>) -> Vec<u32> {
    join_all(streams.into_iter().enumerate().map(|(user, stream)| read_all(node, user, stream))).await
}

#[tokio::test]
async fn many_stalled_readers_stay_within_the_budget_and_lose_nothing() {
    let node = node("direct").await;
    let streams = stalled(&node, StreamRequest::http1).await;
    let mut reader = open(&node, "reader").await;
    publish(&node, &mut reader).await;
    assert!(shed(&node, "ring").await > 0.0);
    let cut = shed(&node, "stream").await;
    assert!(cut > 0.0, "the chunks of {STALLED} are more than the budget");
    let closed: u32 = all_read_all(&node, streams).await.into_iter().sum();
    assert!(f64::from(closed) >= cut, "{cut} were closed, {closed} noticed");
    node.metric_becomes("campanile_held_bytes", "", 0.0).await;
}

/// What is let go of there are rings alone: no chunk of a stream is held beside them.
async fn rings_are_let_go_of_and_nobody_is_closed(node: &TestNode, version: fn(StreamRequest) -> StreamRequest) {
    let streams = stalled(node, version).await;
    let mut reader = open(node, "reader").await;
    publish(node, &mut reader).await;
    assert!(shed(node, "ring").await > 0.0);
    assert_eq!(all_read_all(node, streams).await, [0; STALLED]);
    assert_eq!(shed(node, "stream").await, 0.0);
}

#[tokio::test]
async fn on_the_ordinary_path_rings_are_let_go_of_and_nobody_is_closed() {
    rings_are_let_go_of_and_nobody_is_closed(&node("ordinary").await, StreamRequest::http1).await;
}

#[tokio::test]
async fn over_http2_rings_are_let_go_of_and_nobody_is_closed() {
    rings_are_let_go_of_and_nobody_is_closed(&node("direct").await, StreamRequest::http2).await;
}

/// A ring that was let go of is a gap for what is live only.
#[tokio::test]
async fn live_events_that_were_let_go_of_are_told() {
    let node = builder().in_memory().env("CAMPANILE_SSE__MEMORY_BUDGET_BYTES", 100_000).start().await;
    let mut stream = node.stream("u").receive_buffer(4096).open().await;
    stream.ready().await;
    let mut sent = 0;
    while shed(&node, "ring").await < 3.0 {
        sent += 1;
        let data = json!({"n": sent, "x": "x".repeat(20_000)});
        node.signal(json!({"to": {"users": ["u"]}, "event": "tick", "data": data})).await;
        assert!(sent < 2000, "nothing is let go of");
    }
    node.signal(json!({"to": {"users": ["u"]}, "event": "last"})).await;
    let (mut seen, mut told) = (0, 0);
    loop {
        let event = stream.event().await;
        match event.name.as_str() {
            "tick" => seen += 1,
            "gap" => told += event.json()["dropped"].as_u64().unwrap(),
            "last" => break,
            other => panic!("{other}"),
        }
    }
    assert_eq!(seen + told, sent);
    assert!(told > 0);
    assert!(node.metric("campanile_gaps", "").await > 0.0);
    assert_eq!(node.metric("campanile_dropped_frames", "kind=\"live\"").await, f64::from(u32::try_from(told).unwrap()));
}
