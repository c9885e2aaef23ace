//! Section 1, whoever writes it: the server itself or the HTTP library. Clients see no difference.

use crate::support::{builder, notify_many, position};
use campanile_testkit::TestNode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The head of a stream, and each kind of line that it says over its life.
async fn life(node: &TestNode) -> (Vec<String>, BTreeSet<String>) {
    let begin = position(node, "u").await;
    notify_many(node, "u", 1..=3).await;
    let token = node.sign(json!({"sub": "u", "exp": campanile_testkit::token::now() + 3}));
    let mut stream = node.anonymous_stream().http1().bearer(&token).position(begin.replace("-0", "-1")).open().await;
    let head = stream.head().sorted();
    stream.ready().await;
    assert!(stream.body().starts_with(b"retry: "), "raw bytes, no chunk sizes: {stream}");
    stream.until("counts").await;
    node.signal(json!({"to": {"users": ["u"]}, "event": "tick", "data": {"n": 1}})).await;
    stream.until("tick").await;
    stream.to_end().await;
    let body = String::from_utf8(stream.into_body()).unwrap();
    let epoch = begin.rsplit_once('-').unwrap().0;
    let lines: BTreeSet<String> = body.lines().map(|line| shape(line, epoch)).collect();
    (head, lines)
}

fn shape(line: &str, epoch: &str) -> String {
    match line.split_once(": ") {
        Some(("retry", _)) => "retry: …".into(),
        Some(("data", data)) => {
            let data: Value = serde_json::from_str(data).unwrap();
            format!("data: {:?}", data.as_object().unwrap().keys().collect::<Vec<_>>())
        }
        Some(("id", id)) => id.replace(epoch, "epoch"),
        _ => line.into(),
    }
}

#[tokio::test]
async fn both_ways_of_writing_say_the_same() {
    let mut lives = Vec::new();
    for way in ["direct", "ordinary"] {
        let node =
            builder().env("CAMPANILE_SSE__WRITE_PATH", way).env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 1).start().await;
        lives.push(life(&node).await);
        let full = node.stream("u").http1().field("Connection", "keep-alive").open().await;
        assert_eq!(full.head().get("connection"), Some("close"), "{way}");
        drop(full);
        node.has_streams(0).await;
    }
    assert_eq!(lives[0], lives[1]);
    for line in ["event: __heartbeat__", "event: expiring", "event: reconnect", "event: tick", "epoch-3"] {
        assert!(lives[0].1.contains(line), "{line}: {:?}", lives[0].1);
    }
}
