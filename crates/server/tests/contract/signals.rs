//! Section 3: signals.

use crate::support::{counts, items, start};
use campanile_testkit::{Request, SseReader, TestNode};
use serde_json::{Value, json};

const RESERVED: [&str; 11] = [
    "ready",
    "notification",
    "updated",
    "counts",
    "gap",
    "reconnect",
    "expiring",
    "__heartbeat__",
    "open",
    "error",
    "message",
];

async fn open(node: &TestNode, user: &str) -> SseReader {
    let mut stream = node.stream(user).open().await;
    stream.ready().await;
    stream
}

fn signal(event: &str) -> Value {
    json!({"to": {"users": ["u"]}, "event": event})
}

#[tokio::test]
async fn a_signal_reaches_live_connections_without_an_id() {
    let node = start().await;
    let mut streams = [open(&node, "u").await, open(&node, "u").await, open(&node, "v").await];
    let sent =
        json!({"to": {"users": ["u", "v", "nobody"]}, "event": "order.status", "data": {"n": 1}, "key": "order-42"});
    let answer = node.post_api("/api/signals", sent).await.expect(202);
    assert_eq!(answer.json(), json!({"connections": 3}));
    for stream in &mut streams {
        assert_eq!(stream.event().await.raw, b"event: order.status\ndata: {\"n\":1}\n\n");
    }
}

#[tokio::test]
async fn a_signal_is_not_stored() {
    let node = start().await;
    assert_eq!(node.signal(signal("x")).await, 0);
    let mut stream = open(&node, "u").await;
    assert_eq!(node.signal(signal("y")).await, 1);
    stream.expect("y").await;
    assert_eq!(counts(&node, "u").await, (0, 0, 0));
    assert!(items(&node, "u", "").await.is_empty());
    let mut again = node.stream("u").position(stream.last_event_id()).open().await;
    assert_eq!(again.ready().await.resume, "exact");
    node.signal(signal("z")).await;
    again.expect("z").await;
}

#[tokio::test]
async fn signals_and_notifications_keep_their_order() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    for number in 1..=5 {
        node.signal(signal(&format!("s{number}"))).await;
        node.notify("u", &format!("n{number}")).await;
    }
    let mut seen = Vec::new();
    while seen.len() < 10 {
        let event = stream.event().await;
        match event.name.as_str() {
            "counts" => {}
            "notification" => seen.push(event.json()["title"].as_str().unwrap().to_owned()),
            name => seen.push(name.to_owned()),
        }
    }
    assert_eq!(seen, ["s1", "n1", "s2", "n2", "s3", "n3", "s4", "n4", "s5", "n5"]);
}

#[tokio::test]
async fn data_is_any_json_on_one_line() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    for data in ["null", "1.10", "\"a\\nb\"", "[1, 2]", "{\"a\":\"data: x\\n\\nevent: y\"}", "\"\u{2028}\""] {
        let body = format!(r#"{{"to":{{"users":["u"]}},"event":"x","data":{data}}}"#);
        let request = Request::post("/api/signals").bearer(node.api_key()).body("application/json", body);
        let _ = node.send(request).await.expect(202);
        let event = stream.expect("x").await;
        assert_eq!(event.json(), serde_json::from_str::<Value>(data).unwrap());
        assert_eq!(event.raw.iter().filter(|byte| **byte == b'\n').count(), 3, "event, data, blank: {event:?}");
    }
    node.signal(signal("without")).await;
    assert_eq!(stream.expect("without").await.data, "null");
}

#[tokio::test]
async fn a_name_is_1_to_64_visible_characters_and_not_the_streams_own() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let longest = "é".repeat(64);
    for good in ["x", "order.status", "Ready", "a:b", "ready2", longest.as_str()] {
        node.signal(signal(good)).await;
        stream.expect(good).await;
    }
    let long = format!("{longest}x");
    let bad = [
        "",
        " ",
        "a b",
        "a\nid: 9",
        "a\rdata: x",
        "a\0b",
        "\u{2028}",
        "\u{200b}",
        "\u{202e}x",
        "\u{ad}",
        "x\u{61c}",
        "\u{2066}x\u{2069}",
        "\u{e0041}",
        "\u{9b}31m",
        "a\tb",
        "a\u{a0}b",
        "a\u{3000}b",
        "a\u{85}",
        "\u{7f}",
        "\u{feff}x",
        long.as_str(),
    ];
    for bad in bad.into_iter().chain(RESERVED) {
        assert_eq!(node.post_api("/api/signals", signal(bad)).await.pointers(), ["/event"], "{bad:?}");
    }
    node.signal(signal("end")).await;
    stream.expect("end").await;
}

#[tokio::test]
async fn a_signal_is_checked_like_a_publish() {
    let node = start().await;
    let cases = [
        (json!({}), &["/event", "/to"][..]),
        (json!({"to": {"users": []}, "event": "a b", "key": "", "x": 1}), &["/event", "/key", "/to/users", "/x"]),
        (json!({"to": {"users": ["\n"]}, "event": "x", "key": 7}), &["/key", "/to/users/0"]),
    ];
    for (body, expected) in cases {
        assert_eq!(node.post_api("/api/signals", body).await.pointers(), expected);
    }
    let _ = node.send(Request::post("/api/signals").json(signal("x"))).await.problem(401);
    let _ = node.send(Request::post("/api/signals").bearer(&node.token("u")).json(signal("x"))).await.problem(403);
    let text = Request::post("/api/signals").bearer(node.api_key()).body("text/plain", "{}");
    let _ = node.send(text).await.problem(415);
}

#[tokio::test]
async fn a_reader_that_keeps_up_gets_every_signal_of_a_key() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    for number in 1..=5 {
        node.signal(json!({"to": {"users": ["u"]}, "event": "x", "data": number, "key": "k"})).await;
        assert_eq!(stream.expect("x").await.data, number.to_string());
    }
}
