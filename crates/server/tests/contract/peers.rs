//! SSE-RULES 2.1 through the real server: peers that stop in the middle, and what is left of their streams then.

use crate::support::{draft_with, start, start_with};
use campanile_testkit::{Request, SseReader, TestNode, soon};
use serde_json::json;
use std::time::{Duration, Instant};

async fn open(node: &TestNode, user: &str) -> SseReader {
    let mut stream = node.stream(user).open().await;
    stream.ready().await;
    stream
}

#[tokio::test]
async fn a_client_that_half_closes_gives_its_place_back_at_once() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    for pipelined in [false, true] {
        let mut stream = node.stream("u").http1().open().await;
        stream.ready().await;
        if pipelined {
            let more = Request::get("/notifications/stream").bearer(&node.token("u")).encode(node.address());
            stream.socket().send(&more).await.unwrap();
        }
        stream.socket().finish_sending().await.unwrap();
        node.has_streams(0).await;
    }
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_frame_gives_the_place_back_at_once() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    for round in 0..5 {
        let stream = node.stream("u").receive_buffer(4096).open().await;
        assert_eq!(stream.status(), 200, "round {round}");
        for _ in 0..20 {
            node.publish(draft_with("data", json!("x".repeat(60_000)))).await;
        }
        let from = Instant::now();
        stream.reset();
        node.has_streams(0).await;
        assert!(from.elapsed() < Duration::from_secs(5), "{:?}", from.elapsed());
    }
}

#[tokio::test]
async fn a_reader_that_accepts_nothing_is_closed_after_the_write_timeout_and_others_are_not() {
    let node = start_with("SSE__WRITE_TIMEOUT_SECONDS", 1).await;
    let (mut idle, stopped) = (open(&node, "idle").await, node.stream("u").receive_buffer(4096).open().await);
    while node.metric("campanile_connections", "").await > 1.5 {
        node.publish(draft_with("data", json!("x".repeat(60_000)))).await;
    }
    let connections = node.metric("campanile_write_timeouts", "listener=\"public\"").await;
    let streams = node.metric("campanile_stalled_streams", "listener=\"public\"").await; // Of HTTP/2.
    assert!(connections + streams >= 1.0);
    drop(stopped);
    node.notify("idle", "still here").await;
    idle.expect("notification").await;
}

#[tokio::test]
async fn paths_are_taken_up_to_32_kib() {
    let node = start().await;
    let path = |length: usize| format!("/health/live?{}", "x".repeat(length));
    let _ = node.send(Request::get(path(32 * 1024 - 13))).await.expect(200);
    for length in [32 * 1024 - 12, 70_000] {
        let refused = node.send(Request::get(path(length))).await;
        assert_eq!(refused.problem(414)["code"], "uri-too-long");
    }
}

#[tokio::test]
async fn requests_that_are_none_are_counted_and_open_sockets_too() {
    let node = start().await;
    let stream = open(&node, "u").await;
    let _ = node.send(Request::get("/health/live").field("Host", "a").field("Host", "b")).await.expect(400);
    let bad = async || node.metric("campanile_bad_requests", "listener=\"public\"").await;
    soon("a count", async {
        while bad().await < 0.5 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    node.metric_becomes("campanile_sockets", "listener=\"public\"", 1.0).await;
    drop(stream);
    node.metric_becomes("campanile_sockets", "listener=\"public\"", 0.0).await;
}
