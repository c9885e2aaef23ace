//! Section 3: erasing a user.

use crate::support::{builder, call, counts, each, items, mark, notify_many, open, position, read, scoped, start};
use campanile_testkit::{Request, TestNode};
use serde_json::{Value, json};

async fn erase(node: &TestNode, user: &str) {
    let answer = call(node, "DELETE", &format!("/api/users/{user}")).await.expect(202);
    assert!(answer.body.is_empty(), "{answer}");
}

#[tokio::test]
async fn inbox_log_and_memberships_are_gone_and_nobody_elses() {
    let node = start().await;
    let shared = node.publish(json!({"type": "t", "to": {"users": ["u", "v"]}, "title": "shared"})).await;
    let own = node.notify("u", "own").await;
    for user in ["u", "v"] {
        let _ = call(&node, "PUT", &format!("/api/topics/news/members/{user}")).await.expect(204);
    }
    mark(&node, "u", &own, "archive").await;
    erase(&node, "u").await;
    assert!(items(&node, "u", "").await.is_empty() && items(&node, "u", "?status=archived").await.is_empty());
    assert_eq!(counts(&node, "u").await, (0, 0, 0));
    for id in [&own, &shared] {
        let _ = node.get_as("u", &format!("/notifications/{id}")).await.problem(404);
    }
    assert_eq!(read(&node, "/api/topics/news/members").await["items"], json!([{"user": "v"}]));
    assert_eq!(each(&items(&node, "v", "").await, "title"), ["shared"]);
    let outcome = read(&node, &format!("/api/notifications/{shared}")).await;
    assert_eq!((&outcome["recipients"], &outcome["state"]), (&json!(2), &json!("done")));
    let recipients = read(&node, &format!("/api/notifications/{shared}/recipients")).await;
    assert_eq!(each(recipients["items"].as_array().unwrap(), "user"), ["v"]);
}

#[tokio::test]
async fn open_streams_and_waiting_polls_end_with_revoked() {
    let node = start().await;
    let mut streams = [open(&node, "u").await, open(&node, "u").await];
    let mut other = open(&node, "v").await;
    node.notify("u", "x").await;
    for stream in &mut streams {
        stream.expect("notification").await;
        stream.expect("counts").await;
    }
    erase(&node, "u").await;
    for stream in &mut streams {
        assert_eq!(stream.farewell().await["reason"], "revoked");
    }
    node.notify("v", "still here").await;
    other.expect("notification").await;
}

#[tokio::test]
async fn a_later_visit_begins_a_new_log_and_no_old_position_fits() {
    let node = start().await;
    let begin = position(&node, "u").await;
    notify_many(&node, "u", 1..=3).await;
    let head = position(&node, "u").await;
    erase(&node, "u").await;
    let mut stream = node.stream("u").position(&head).open().await;
    let ready = stream.ready().await;
    assert_eq!((ready.resume.as_str(), ready.reset_reason.as_deref()), ("reset", Some("unknown")));
    let epoch = |cursor: &str| cursor.rsplit_once('-').unwrap().0.to_owned();
    assert!(ready.seq() == 0 && epoch(&ready.cursor) != epoch(&head), "{ready:?}");
    node.notify("u", "new life").await;
    assert_eq!(stream.expect("notification").await.seq(), 1);
    for old in [&begin, &head] {
        let page = node.get_as("u", &format!("/notifications/changes?after={old}")).await.expect(200).json();
        assert_eq!((&page["resume"], &page["resetReason"]), (&json!("reset"), &json!("unknown")), "{old}");
        let upto = Request::post("/notifications/read-all").json(json!({"upTo": old}));
        let _ = node.send_as("u", upto).await.problem(409);
    }
    assert_eq!(counts(&node, "u").await, (1, 1, 1));
}

#[tokio::test]
async fn everyone_does_not_mean_who_is_erased() {
    let node = start().await;
    for user in ["u", "v"] {
        items(&node, user, "").await;
    }
    erase(&node, "u").await;
    let everyone = json!({"type": "t", "to": {"everyone": true}});
    assert_eq!(node.post_api("/api/notifications", everyone).await.expect(202).json()["recipients"], 1);
}

#[tokio::test]
async fn an_erasure_survives_a_kill_and_so_does_the_new_life() {
    let mut node = builder().start().await;
    node.notify("u", "old life").await;
    erase(&node, "u").await;
    node.notify("u", "new life").await;
    let cursor = position(&node, "u").await;
    node.restart().await;
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["new life"]);
    assert_eq!(position(&node, "u").await, cursor);
}

#[tokio::test]
async fn any_user_can_be_erased_again_and_even_one_who_never_was() {
    let node = start().await;
    node.notify("u/1", "x").await;
    for user in ["u%2F1", "u%2F1", "nobody", "Zo%C3%AB"] {
        erase(&node, user).await;
    }
    assert_eq!(counts(&node, "u/1").await, (0, 0, 0));
    assert_eq!(call(&node, "DELETE", "/api/users/a%00").await.pointers(), ["/path/user"]);
    let _ = call(&node, "DELETE", "/api/users/%FF").await.problem(400);
    let _ = call(&node, "DELETE", "/api/users/").await.problem(404);
}

#[tokio::test]
async fn erasing_is_for_administrators_and_within_a_tenant() {
    let node = start().await;
    node.notify("u", "x").await;
    let request = || Request::new("DELETE", "/api/users/u");
    let _ = node.send(request()).await.problem(401);
    let _ = node.send(request().bearer(&node.token("u"))).await.problem(403);
    let _ = node.send(request().bearer(&scoped(&node, "a", "notifications:publish"))).await.problem(403);
    let body: Value = json!({"why": "x"});
    assert_eq!(node.send(request().bearer(node.api_key()).json(body)).await.pointers(), ["/why"]);
    let _ = call(&node, "DELETE", "/api/users/u?tenant=acme").await.expect(202);
    assert_eq!(counts(&node, "u").await, (1, 1, 1));
    let _ = node.send(request().bearer(&scoped(&node, "a", "notifications:admin"))).await.expect(202);
    assert_eq!(counts(&node, "u").await, (0, 0, 0));
}
