//! Section 2: one change of several notifications.

use crate::support::{counts, delete, each, items, notify_many, open, start, unknown_id};
use campanile_testkit::{Answer, Request, TestNode};
use serde_json::{Value, json};

async fn bulk(node: &TestNode, user: &str, body: Value) -> Answer {
    node.send_as(user, Request::post("/notifications/bulk").json(body)).await
}

async fn change(node: &TestNode, ids: &[String], state: Value) -> Value {
    bulk(node, "u", json!({"notificationIds": ids, "state": state})).await.expect(200).json()
}

#[tokio::test]
async fn several_change_in_one_entry_and_what_is_unknown_or_foreign_is_named() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let ids = notify_many(&node, "u", 1..=3).await;
    let foreign = node.notify("v", "not yours").await;
    stream.until_some(|event| (event.name == "counts" && event.json()["version"] == 3).then_some(())).await;
    let asked = [&ids[0], &foreign, &ids[1], &ids[0], &unknown_id(1)].map(Clone::clone);
    let answer = bulk(&node, "u", json!({"notificationIds": asked, "state": {"read": true}})).await.expect(200);
    assert_eq!(answer.field("content-type"), Some("application/json"), "{answer}");
    assert_eq!(answer.json(), json!({"changed": 2, "notFound": [foreign, unknown_id(1)]}));
    let updated = stream.expect("updated").await;
    assert_eq!(updated.json(), json!({"notificationIds": ids[..2], "state": {"read": true}}));
    assert_eq!(updated.seq(), 4, "one entry");
    assert_eq!(stream.expect("counts").await.json(), json!({"unread": 1, "unseen": 1, "version": 4}));
    assert_eq!(counts(&node, "v").await, (1, 1, 1), "nothing of a foreign one was changed");
}

#[tokio::test]
async fn only_what_really_changes_is_counted_and_told() {
    let node = start().await;
    let ids = notify_many(&node, "u", 1..=3).await;
    assert_eq!(change(&node, &ids[..2], json!({"read": true})).await["changed"], 2);
    assert_eq!(change(&node, &ids[..2], json!({"read": true})).await, json!({"changed": 0, "notFound": []}));
    assert_eq!(counts(&node, "u").await, (1, 1, 4), "a call that changes nothing is no entry");
    let mut stream = open(&node, "u").await;
    assert_eq!(change(&node, &ids, json!({"read": true})).await["changed"], 1);
    let told = stream.expect("updated").await;
    assert_eq!(told.json(), json!({"notificationIds": [ids[2]], "state": {"read": true}}));
}

#[tokio::test]
async fn every_word_of_the_state_can_be_set_and_those_with_two_sides_taken_back() {
    let node = start().await;
    let ids = notify_many(&node, "u", 1..=2).await;
    for (state, expected) in [
        (json!({"seen": true}), (2, 0, 3)),
        (json!({"read": true}), (0, 0, 4)),
        (json!({"read": false}), (2, 0, 5)),
        (json!({"archived": true}), (0, 0, 6)),
        (json!({"archived": false, "read": true}), (0, 0, 7)),
        (json!({"removed": true}), (0, 0, 8)),
    ] {
        assert_eq!(change(&node, &ids, state.clone()).await, json!({"changed": 2, "notFound": []}), "{state}");
        assert_eq!(counts(&node, "u").await, expected, "{state}");
    }
    assert!(items(&node, "u", "").await.is_empty() && items(&node, "u", "?status=archived").await.is_empty());
    assert_eq!(change(&node, &ids, json!({"read": true})).await, json!({"changed": 0, "notFound": ids}));
    let _ = delete(&node, "u", &ids[0]).await.problem(404);
}

#[tokio::test]
async fn a_call_has_1_to_100_ids() {
    let node = start().await;
    let mine = node.notify("u", "mine").await;
    let unknown: Vec<String> = (0..100).map(unknown_id).collect();
    let hundred = [&[mine][..], &unknown[1..]].concat();
    let answer = change(&node, &hundred, json!({"read": true})).await;
    assert_eq!(answer, json!({"changed": 1, "notFound": unknown[1..]}));
    for ids in [[&hundred[..], &[unknown_id(500)]].concat(), Vec::new()] {
        let refused = bulk(&node, "u", json!({"notificationIds": ids, "state": {"archived": true}})).await;
        assert_eq!(refused.pointers(), ["/notificationIds"]);
    }
    assert_eq!(counts(&node, "u").await, (0, 0, 2), "nothing of a refused call is done");
}

#[tokio::test]
async fn every_fault_is_told_at_once_with_its_place() {
    let node = start().await;
    let id = unknown_id(1);
    for (body, pointers) in [
        (json!({}), &["/notificationIds", "/state"][..]),
        (json!({"notificationIds": null, "state": null}), &["/notificationIds", "/state"]),
        (json!({"notificationIds": id, "state": "read"}), &["/notificationIds", "/state"]),
        (
            json!({"notificationIds": [id, "nonsense", 7], "state": {"read": true}, "all": true}),
            &["/all", "/notificationIds/1", "/notificationIds/2"],
        ),
        (json!({"notificationIds": [id], "state": {}}), &["/state"]),
        (
            json!({"notificationIds": [id], "state": {"read": 1, "seen": false, "removed": false, "gone": true}}),
            &["/state/gone", "/state/read", "/state/removed", "/state/seen"],
        ),
        (json!([id]), &[""]),
    ] {
        assert_eq!(bulk(&node, "u", body.clone()).await.pointers(), pointers, "{body}");
    }
    let twice = format!(r#"{{"notificationIds":["{id}"],"state":{{"read":true,"read":false}}}}"#);
    let twice = Request::post("/notifications/bulk").body("application/json", twice);
    assert_eq!(node.send_as("u", twice).await.pointers(), ["/state/read"]);
}

#[tokio::test]
async fn a_body_is_needed_and_is_json() {
    let node = start().await;
    let post = |media_type: &str, body: &str| Request::post("/notifications/bulk").body(media_type, body);
    let _ = node.post_as("u", "/notifications/bulk").await.problem(400);
    let _ = node.send_as("u", post("application/json", "{")).await.problem(400);
    let _ = node.send_as("u", post("text/plain", "{}")).await.problem(415);
    let _ = node.send_as("u", post("application/x-www-form-urlencoded", "a=b")).await.problem(415);
    let _ = node.send(post("application/json", "{}")).await.problem(401);
}

#[tokio::test]
async fn a_change_of_many_is_seen_by_all_who_read() {
    let node = start().await;
    let ids = notify_many(&node, "u", 1..=4).await;
    change(&node, &ids[1..3], json!({"archived": true})).await;
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["4", "1"]);
    let archived = items(&node, "u", "?status=archived").await;
    assert_eq!(each(&archived, "title"), ["3", "2"]);
    assert!(archived.iter().all(|item| item["archivedAt"].is_string() && item["readAt"].is_null()), "{archived:?}");
}
