//! Section 3: the channels of a type.

use crate::support::{builder, counts, draft_with, each, items, open, read};
use campanile_testkit::{NodeBuilder, TestNode};
use serde_json::{Value, json};

fn with_channels(channels: &str) -> NodeBuilder {
    builder().config(&format!("[types.ticker]\nchannels = [{channels}]\n"))
}

async fn publish(node: &TestNode, title: &str) -> Value {
    let draft = json!({"type": "ticker", "to": {"users": ["u"]}, "title": title});
    node.post_api("/api/notifications", draft).await.expect(202).json()
}

#[tokio::test]
async fn in_app_is_stored_and_logged_and_so_in_the_stream_once_with_or_without_sse() {
    for channels in ["\"inApp\"", "\"inApp\", \"sse\"", "\"sse\", \"inApp\""] {
        let node = with_channels(channels).start().await;
        let mut stream = open(&node, "u").await;
        publish(&node, "1").await;
        let event = stream.expect("notification").await;
        assert_eq!((event.seq(), &event.json()["title"]), (1, &json!("1")), "{channels}");
        assert_eq!(stream.expect("counts").await.json(), json!({"unread": 1, "unseen": 1, "version": 1}));
        publish(&node, "2").await;
        assert_eq!(stream.expect("notification").await.seq(), 2, "{channels}");
        assert_eq!(each(&items(&node, "u", "").await, "title"), ["2", "1"]);
    }
}

#[tokio::test]
async fn sse_alone_is_live_only_and_nothing_is_stored_or_counted() {
    let node = with_channels("\"sse\"").start().await;
    let mut stream = open(&node, "u").await;
    publish(&node, "live").await;
    let live = stream.expect("notification").await;
    assert_eq!((live.id.as_ref(), &live.json()["title"]), (None, &json!("live")));
    node.publish(draft_with("title", json!("stored"))).await;
    let stored = stream.expect("notification").await;
    assert_eq!((stored.seq(), &stored.json()["title"]), (1, &json!("stored")), "no counts came with the live one");
    let members = |event: &campanile_testkit::Event| -> Vec<String> {
        event.json().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(members(&live), members(&stored));
    assert_eq!(counts(&node, "u").await, (1, 1, 1));
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["stored"]);
    let mut late = open(&node, "u").await;
    node.signal(json!({"to": {"users": ["u"]}, "event": "end"})).await;
    late.expect("end").await;
}

#[tokio::test]
async fn live_only_reaches_topics_and_everyone_as_well() {
    let node = with_channels("\"sse\"").start().await;
    let mut stream = open(&node, "u").await;
    let _ = crate::support::call(&node, "PUT", "/api/topics/news/members/u").await.expect(204);
    for (to, title) in [(json!({"topic": "news"}), "1"), (json!({"everyone": true}), "2")] {
        let draft = json!({"type": "ticker", "to": to, "title": title});
        assert_eq!(node.post_api("/api/notifications", draft).await.expect(202).json()["recipients"], 1);
        assert_eq!(stream.expect("notification").await.json()["title"], title);
    }
}

#[tokio::test]
async fn a_channel_nobody_registered_is_a_warning_and_an_outcome_and_no_error() {
    let node = with_channels("\"inApp\", \"pager\"").start().await;
    let answer = publish(&node, "x").await;
    assert_eq!(answer["recipients"], 1);
    assert_eq!(items(&node, "u", "").await.len(), 1);
    let _ = node.logged("a warning at the start", |line| line.contains("WARN") && line.contains("pager")).await;
    let id = answer["notificationId"].as_str().unwrap();
    let line = node.logged("a warning", |line| line.contains("WARN") && line.contains(id)).await;
    assert!(line.contains("pager"), "{line}");
    node.metric_becomes("campanile_deliveries", "unregistered", 1.0).await;
}

#[tokio::test]
async fn a_channel_nobody_registered_alone_stores_nothing_and_says_so() {
    let node = with_channels("\"pager\"").start().await;
    let mut stream = open(&node, "u").await;
    let id = publish(&node, "x").await["notificationId"].as_str().unwrap().to_owned();
    let outcome = read(&node, &format!("/api/notifications/{id}")).await;
    assert_eq!((&outcome["recipients"], &outcome["stored"], &outcome["live"]), (&json!(1), &json!(0), &json!(0)));
    node.signal(json!({"to": {"users": ["u"]}, "event": "end"})).await;
    stream.expect("end").await;
}
