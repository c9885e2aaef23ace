//! Section 1, heartbeat.

use crate::support::{builder, start_with};
use campanile_testkit::Next;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_heartbeat_is_exactly_the_contracts_bytes() {
    let node = start_with("SSE__HEARTBEAT_SECONDS", 1).await;
    let mut stream = node.stream("u").open().await;
    assert_eq!(stream.ready().await.json["heartbeatSeconds"], 1);
    let from = Instant::now();
    for beat in 1..=2 {
        let event = stream.expect("__heartbeat__").await;
        assert_eq!(event.raw, b"event: __heartbeat__\ndata:\n\n");
        let waited = from.elapsed();
        assert!(waited > Duration::from_millis(850) * beat, "{waited:?}");
        assert!(waited < Duration::from_secs(3) * beat, "{waited:?}");
    }
}

#[tokio::test]
async fn a_heartbeat_may_be_a_comment() {
    let node =
        builder().env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 1).env("CAMPANILE_SSE__HEARTBEAT", "comment").start().await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let before = stream.body().len();
    let next = campanile_testkit::soon("a comment", stream.next()).await;
    assert!(matches!(next, Next::Comment(_)), "{next:?}");
    let bytes = &stream.body()[before..];
    assert!(bytes.starts_with(b":") && bytes.ends_with(b"\n"), "{bytes:?}");
}

/// Two streams of one node: one is written to, the other one is not.
#[tokio::test]
async fn a_heartbeat_comes_only_when_nothing_else_was_written() {
    let node = start_with("SSE__HEARTBEAT_SECONDS", 1).await;
    let (mut busy, mut idle) = (node.stream("busy").open().await, node.stream("idle").open().await);
    busy.ready().await;
    idle.ready().await;
    let publish = async {
        for _ in 0..8 {
            node.notify("busy", "x").await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        node.notify("busy", "last").await
    };
    let listen = async {
        loop {
            let event = busy.event().await;
            assert_ne!(event.name, "__heartbeat__", "although something was written a moment ago");
            if event.data.contains("last") {
                return;
            }
        }
    };
    tokio::join!(publish, listen);
    idle.expect("__heartbeat__").await;
    idle.expect("__heartbeat__").await;
}

#[tokio::test]
async fn heartbeats_of_many_streams_are_not_in_one_tick() {
    let node = builder()
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 2)
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 20)
        .start()
        .await;
    let streams: Vec<_> = (0..12).map(|_| node.stream("u")).collect();
    let beats = streams.iter().map(|request| async {
        let mut stream = request.open().await;
        stream.ready().await;
        let from = Instant::now();
        stream.expect("__heartbeat__").await;
        from.elapsed()
    });
    let mut waits = futures_util::future::join_all(beats).await;
    waits.sort();
    let spread = waits[waits.len() - 1] - waits[0];
    assert!(spread > Duration::from_millis(40), "{waits:?}");
    assert!(waits[0] > Duration::from_millis(1750), "2 s less 10 % at most: {waits:?}");
    assert!(waits[waits.len() - 1] < Duration::from_millis(4500), "{waits:?}");
}
