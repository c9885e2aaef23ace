//! Section 2: changing the inbox.

use crate::support::{builder, counts, items, mark, mark_up_to, notify_many, position, start};
use campanile_testkit::Request;
use serde_json::{Value, json};

const MARKS: [&str; 4] = ["read", "unread", "archive", "unarchive"];

#[tokio::test]
async fn a_mark_on_what_is_unknown_or_foreign_is_404() {
    let node = start().await;
    let id = node.notify("u", "x").await;
    for what in MARKS {
        let foreign = node.post_as("other", &format!("/notifications/{id}/{what}")).await;
        let unknown =
            node.post_as("other", &format!("/notifications/01890000-0000-7000-8000-000000000000/{what}")).await;
        assert_eq!(foreign.problem(404), unknown.problem(404));
        let _ = node.post_as("u", &format!("/notifications/nonsense/{what}")).await.problem(404);
    }
    assert_eq!(counts(&node, "u").await, (1, 1, 1), "nothing happened");
}

#[tokio::test]
async fn bodies_may_be_empty_or_an_empty_object() {
    let node = start().await;
    let id = node.notify("u", "x").await;
    for what in MARKS {
        let request = || Request::post(format!("/notifications/{id}/{what}"));
        let _ = node.send_as("u", request()).await.expect(204);
        let _ = node.send_as("u", request().json(json!({}))).await.expect(204);
        let _ = node.send_as("u", request().body("application/json", "")).await.expect(204);
        let _ = node.send_as("u", request().json(json!({"a": 1}))).await.problem(422);
        let _ = node.send_as("u", request().body("application/json", "{")).await.problem(400);
        let _ = node.send_as("u", request().body("text/plain", "{}")).await.problem(415);
    }
    for what in ["read-all", "seen"] {
        let request = || Request::post(format!("/notifications/{what}"));
        let _ = node.send_as("u", request()).await.expect(204);
        let _ = node.send_as("u", request().json(json!({}))).await.expect(204);
    }
}

#[tokio::test]
async fn read_all_reaches_up_to_a_seq() {
    let node = start().await;
    let ids = notify_many(&node, "u", 1..=4).await;
    mark(&node, "u", &ids[0], "archive").await;
    mark_up_to(&node, "u", "read-all", json!({"upTo": 3})).await;
    let read = items(&node, "u", "?status=read").await;
    assert_eq!(crate::support::each(&read, "title"), ["3", "2"]);
    let archived = items(&node, "u", "?status=archived").await;
    assert_eq!(archived[0]["read"], false, "archived ones are skipped");
    assert_eq!(counts(&node, "u").await, (1, 1, 6));
}

#[tokio::test]
async fn seen_clears_the_badge_without_reading() {
    let node = start().await;
    notify_many(&node, "u", 1..=3).await;
    mark_up_to(&node, "u", "seen", json!({"upTo": 2})).await;
    assert_eq!(counts(&node, "u").await, (3, 1, 4));
    let seen: Vec<bool> = items(&node, "u", "").await.iter().map(|item| !item["seenAt"].is_null()).collect();
    assert_eq!(seen, [false, true, true]);
    mark_up_to(&node, "u", "seen", json!({})).await;
    assert_eq!(counts(&node, "u").await, (3, 0, 5));
}

#[tokio::test]
async fn a_cursor_is_as_good_as_a_seq() {
    let node = start().await;
    node.notify("u", "1").await;
    let cursor = position(&node, "u").await;
    node.notify("u", "2").await;
    for what in ["seen", "read-all"] {
        mark_up_to(&node, "u", what, json!({"upTo": cursor})).await;
    }
    assert_eq!(counts(&node, "u").await, (1, 1, 4));
}

#[tokio::test]
async fn a_cursor_of_another_epoch_is_409() {
    let node = start().await;
    node.notify("u", "1").await;
    node.notify("other", "1").await;
    let foreign = position(&node, "other").await;
    for what in ["seen", "read-all"] {
        let request = Request::post(format!("/notifications/{what}")).json(json!({"upTo": foreign}));
        let _ = node.send_as("u", request).await.problem(409);
    }
    assert_eq!(counts(&node, "u").await, (1, 1, 1), "nothing happened");
}

#[tokio::test]
async fn above_the_head_is_the_head_and_absent_is_the_head_at_arrival() {
    let node = start().await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    notify_many(&node, "u", 1..=2).await;
    for (body, reach) in [(json!({"upTo": 1_000_000}), 2), (json!({"upTo": u64::MAX}), 4), (json!({}), 6)] {
        mark_up_to(&node, "u", "read-all", body).await;
        assert_eq!(stream.until("updated").await.json()["upTo"], reach);
        node.notify("u", "more").await;
    }
    assert_eq!(counts(&node, "u").await, (1, 1, 8));
}

#[tokio::test]
async fn a_reach_that_is_none_is_422() {
    let node = start().await;
    for bad in [json!(-1), json!(1.5), json!("x"), json!(""), json!([1]), json!(true), json!({"a": 1}), json!("1")] {
        for what in ["seen", "read-all"] {
            let request = Request::post(format!("/notifications/{what}")).json(json!({"upTo": bad}));
            let answer = node.send_as("u", request).await;
            assert_eq!(answer.pointers(), ["/upTo"], "{bad}");
        }
    }
    let unknown = Request::post("/notifications/seen").json(json!({"upto": 1}));
    assert_eq!(node.send_as("u", unknown).await.pointers(), ["/upto"]);
}

#[tokio::test]
async fn a_mark_that_was_answered_survives_a_kill() {
    let mut node = builder().start().await;
    let id = node.notify("u", "x").await;
    mark(&node, "u", &id, "read").await;
    node.kill();
    node.restart().await;
    assert_eq!(counts(&node, "u").await, (0, 0, 2));
    let item = node.get_as("u", &format!("/notifications/{id}")).await.expect(200).json();
    assert_ne!(item["readAt"], Value::Null);
}
