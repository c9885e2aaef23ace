//! Section 3: taking a notification back.

use crate::support::{builder, call, counts, delete, each, items, mark, open, position, read, start};
use campanile_testkit::{Request, TestNode, soon};
use serde_json::{Value, json};
use std::{fs, time::Duration};

async fn publish(node: &TestNode, users: &[&str], title: &str) -> String {
    node.publish(json!({"type": "t", "to": {"users": users}, "title": title, "body": "with words of its own"})).await
}

async fn withdraw(node: &TestNode, id: &str) {
    let answer = call(node, "DELETE", &format!("/api/notifications/{id}")).await.expect(202);
    assert!(answer.body.is_empty(), "{answer}");
}

/// Whether any file of the node's folder has this text in it.
fn is_on_disk(node: &TestNode, text: &str) -> bool {
    let files = fs::read_dir(node.folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut contents = files.filter(|path| path.is_file()).map(|path| fs::read(path).unwrap_or_default());
    contents.any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

/// The text leaves the files within a moment, while the node runs.
async fn leaves_the_disk(node: &TestNode, text: &str) {
    soon(&format!("{text} is gone from the files"), async {
        while is_on_disk(node, text) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_notification_leaves_every_inbox_and_every_stream_is_told() {
    let node = start().await;
    let mut streams = [open(&node, "u").await, open(&node, "u").await, open(&node, "v").await];
    let id = publish(&node, &["u", "v", "w"], "oops").await;
    let kept = publish(&node, &["u"], "kept").await;
    withdraw(&node, &id).await;
    for (stream, seq) in streams.iter_mut().zip([3, 3, 2]) {
        let told = stream.until("updated").await;
        assert_eq!(told.json(), json!({"notificationIds": [id], "state": {"removed": true}}));
        assert_eq!(told.seq(), seq);
    }
    assert_eq!(each(&items(&node, "u", "").await, "notificationId"), [json!(kept)]);
    for (user, expected) in [("u", (1, 1, 3)), ("v", (0, 0, 2)), ("w", (0, 0, 2))] {
        assert_eq!(counts(&node, user).await, expected, "{user}");
        let _ = node.get_as(user, &format!("/notifications/{id}")).await.problem(404);
        let _ = node.post_as(user, &format!("/notifications/{id}/read")).await.problem(404);
        let _ = delete(&node, user, &id).await.problem(404);
    }
}

#[tokio::test]
async fn it_is_replayed_as_removed_at_its_own_place_and_its_text_is_not() {
    let node = start().await;
    let begin = position(&node, "u").await;
    let before = publish(&node, &["u"], "before").await;
    let id = publish(&node, &["u"], "regretted").await;
    mark(&node, "u", &id, "read").await;
    withdraw(&node, &id).await;
    let mut stream = node.stream("u").position(&begin).open().await;
    stream.ready().await;
    let removed = json!({"notificationIds": [id], "state": {"removed": true}});
    let mut seen = Vec::new();
    for seq in 1..=4 {
        let event = stream.until_some(|event| event.id.is_some().then(|| event.clone())).await;
        assert_eq!(event.seq(), seq);
        seen.push((event.name.clone(), event.json()));
    }
    assert_eq!((seen[0].0.as_str(), &seen[0].1["notificationId"]), ("notification", &json!(before)));
    assert_eq!(seen[1], ("updated".into(), removed.clone()));
    assert_eq!(seen[2], ("updated".into(), json!({"notificationIds": [id], "state": {"read": true}})));
    assert_eq!(seen[3], ("updated".into(), removed));
    assert!(!String::from_utf8_lossy(stream.body()).contains("regretted"));
    let changes = node.get_as("u", &format!("/notifications/changes?after={begin}")).await.expect(200);
    assert!(!changes.text().contains("regretted"), "{changes}");
    let of_changes: Vec<Value> = each(changes.json()["changes"].as_array().unwrap(), "data");
    assert_eq!(of_changes, seen.into_iter().map(|(_, data)| data).collect::<Vec<_>>());
}

#[tokio::test]
async fn again_is_as_good_as_once_and_nothing_happens_twice() {
    let node = start().await;
    let id = publish(&node, &["u"], "x").await;
    for _ in 0..3 {
        withdraw(&node, &id).await;
    }
    assert_eq!(counts(&node, "u").await, (0, 0, 2));
    let outcome = read(&node, &format!("/api/notifications/{id}")).await;
    assert_eq!((&outcome["state"], &outcome["recipients"]), (&json!("withdrawn"), &json!(1)));
    let page = read(&node, &format!("/api/notifications/{id}/recipients")).await;
    assert_eq!((&page["items"][0]["user"], &page["items"][0]["removed"]), (&json!("u"), &json!(true)));
}

#[tokio::test]
async fn whoever_has_deleted_it_is_not_told_again() {
    let node = start().await;
    let id = publish(&node, &["u", "v"], "x").await;
    let _ = delete(&node, "u", &id).await.expect(204);
    withdraw(&node, &id).await;
    assert_eq!((counts(&node, "u").await, counts(&node, "v").await), ((0, 0, 2), (0, 0, 2)));
}

#[tokio::test]
async fn a_withdrawal_that_was_answered_survives_a_kill() {
    let mut node = builder().start().await;
    let id = publish(&node, &["u"], "x").await;
    withdraw(&node, &id).await;
    node.restart().await;
    assert!(items(&node, "u", "").await.is_empty());
    assert_eq!(read(&node, &format!("/api/notifications/{id}")).await["state"], "withdrawn");
}

#[tokio::test]
async fn one_for_many_is_withdrawn_from_all() {
    let node = start().await;
    let users: Vec<String> = (0..1000).map(|user| user.to_string()).collect();
    let id = node.publish(json!({"type": "t", "to": {"users": users}, "title": "to all"})).await;
    let mut last = open(&node, "999").await;
    withdraw(&node, &id).await;
    assert_eq!(last.expect("updated").await.seq(), 2);
    for user in ["0", "500", "999"] {
        assert!(items(&node, user, "").await.is_empty());
    }
}

#[tokio::test]
async fn its_text_is_nowhere_on_the_disk_any_more() {
    let mut node = builder().start().await;
    let long = "a long secret ".repeat(1000);
    let withdrawn = publish(&node, &["u", "v"], "the-withdrawn-secret").await;
    let kept = publish(&node, &["u"], "the-kept-text").await;
    let deleted = publish(&node, &["u"], "the-deleted-secret").await;
    let large = node.publish(json!({"type": "t", "to": {"users": ["u"]}, "data": {"long": long}})).await;
    assert!(is_on_disk(&node, "the-withdrawn-secret"), "a test that could not fail would be none");
    withdraw(&node, &withdrawn).await;
    withdraw(&node, &large).await;
    let _ = delete(&node, "u", &deleted).await.expect(204);
    for secret in ["the-withdrawn-secret", "the-deleted-secret", "long secret a long"] {
        leaves_the_disk(&node, secret).await;
    }
    assert!(is_on_disk(&node, "the-kept-text"));
    node.restart().await;
    assert_eq!(each(&items(&node, "u", "").await, "notificationId"), [json!(kept)]);
}

#[tokio::test]
async fn the_text_of_an_erased_user_leaves_the_disk_too() {
    let node = builder().start().await;
    node.notify("u", "the-erased-secret").await;
    node.publish(json!({"type": "t", "to": {"users": ["u", "v"]}, "title": "the-shared-text"})).await;
    assert!(is_on_disk(&node, "the-erased-secret"));
    let _ = call(&node, "DELETE", "/api/users/u").await.expect(202);
    leaves_the_disk(&node, "the-erased-secret").await;
    assert!(is_on_disk(&node, "the-shared-text"), "v has it still");
}

#[tokio::test]
async fn a_body_is_empty_or_an_empty_object() {
    let node = start().await;
    let id = publish(&node, &["u"], "x").await;
    let request = || Request::new("DELETE", format!("/api/notifications/{id}")).bearer(node.api_key());
    assert_eq!(node.send(request().json(json!({"why": "x"}))).await.pointers(), ["/why"]);
    let _ = node.send(request().body("application/json", "{")).await.problem(400);
    let _ = node.send(request().body("text/plain", "{}")).await.problem(415);
    assert_eq!(items(&node, "u", "").await.len(), 1);
    let _ = node.send(request().json(json!({}))).await.expect(202);
}
