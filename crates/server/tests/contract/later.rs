//! What this build does not have yet is refused in so many words, never ignored.

use crate::support::{builder, draft, items, start};
use campanile_testkit::{Answer, Request};
use serde_json::json;

fn not_in_this_build(answer: &Answer) {
    let problem = answer.problem(501);
    assert_eq!(problem["code"], "not-in-this-build", "{answer}");
    assert!(problem["detail"].as_str().unwrap().contains("not in this build"), "{answer}");
}

#[tokio::test]
async fn the_users_api_says_what_is_missing() {
    let node = start().await;
    let bulk = Request::post("/notifications/bulk").json(json!({"notificationIds": [], "state": {"read": true}}));
    not_in_this_build(&node.send_as("u", bulk).await);
    not_in_this_build(&node.get_as("u", "/notifications/changes").await);
    not_in_this_build(&node.get_as("u", "/notifications/changes?after=x&wait=30").await);
}

#[tokio::test]
async fn the_applications_api_says_what_is_missing() {
    let node = start().await;
    let id = "01890000-0000-7000-8000-000000000000";
    for (method, path) in [
        ("POST", "/api/notifications/batch".to_owned()),
        ("GET", format!("/api/notifications/{id}")),
        ("GET", format!("/api/notifications/{id}/recipients")),
        ("DELETE", format!("/api/notifications/{id}")),
        ("PUT", "/api/topics/news/members/u".into()),
        ("DELETE", "/api/topics/news/members/u".into()),
        ("GET", "/api/topics/news/members".into()),
        ("GET", "/api/connections".into()),
        ("DELETE", format!("/api/connections/{id}")),
        ("DELETE", "/api/users/u/connections".into()),
        ("POST", "/api/users/u/revoke".into()),
        ("DELETE", "/api/users/u".into()),
    ] {
        not_in_this_build(&node.send(Request::new(method, &path).bearer(node.api_key())).await);
        let _ = node.send(Request::new(method, &path)).await.problem(401);
    }
}

#[tokio::test]
async fn an_idempotency_key_is_refused_and_not_ignored() {
    let node = start().await;
    let request = Request::post("/api/notifications").bearer(node.api_key()).field("Idempotency-Key", "a");
    not_in_this_build(&node.send(request.json(draft(&["u"]))).await);
    assert!(items(&node, "u", "").await.is_empty());
}

#[tokio::test]
async fn other_audiences_are_refused_with_their_place() {
    let node = start().await;
    items(&node, "bystander", "").await;
    for (to, pointer) in [(json!({"topic": "news"}), "/to/topic"), (json!({"everyone": true}), "/to/everyone")] {
        for (target, body) in
            [("/api/notifications", json!({"type": "t", "to": to})), ("/api/signals", json!({"event": "x", "to": to}))]
        {
            let answer = node.post_api(target, body).await;
            assert_eq!(answer.pointers(), [pointer]);
            assert!(answer.text().contains("not in this build"), "{answer}");
        }
    }
    assert!(items(&node, "bystander", "").await.is_empty());
}

#[tokio::test]
async fn a_configuration_key_without_effect_stops_the_start() {
    for (name, value) in [
        ("TLS__CERT", "cert.pem"),
        ("BUS__URL", "redis://127.0.0.1"),
        ("SSE__MEMORY_BUDGET_BYTES", "1000000"),
        ("LIMITS__CONNECTS_PER_MINUTE", "600"),
        ("LIMITS__CHANGES_PER_MINUTE", "600"),
    ] {
        let (code, said) = builder().env(&format!("CAMPANILE_{name}"), value).refused().await;
        assert_eq!(code, 64, "{said}");
        assert!(said.contains("not in this build"), "{name}: {said}");
    }
}
