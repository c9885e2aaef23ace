//! Section 5, limits: so many per minute and user.

use crate::support::{builder, counts, mark, open, polite_refusal, position, start_with, unknown_id};
use campanile_testkit::{Answer, Request, TestNode, token};
use serde_json::json;

/// A refusal, with the seconds after which to come back.
fn refused(answer: &Answer, code: &str) -> u64 {
    assert_eq!(answer.problem(429)["code"], code);
    let seconds = answer.field("retry-after").and_then(|value| value.parse().ok());
    seconds.unwrap_or_else(|| panic!("no seconds to wait: {answer}"))
}

async fn stream(node: &TestNode, user: &str) -> u16 {
    node.stream(user).open().await.status()
}

#[tokio::test]
async fn so_many_connects_a_minute_and_no_more() {
    let node = start_with("LIMITS__CONNECTS_PER_MINUTE", 3).await;
    for _ in 0..3 {
        assert_eq!(stream(&node, "u").await, 200);
    }
    let seconds = refused(&node.stream("u").refused().await, "too-many-connects");
    assert!((10..=20).contains(&seconds), "a third of a minute, less what has passed: {seconds}");
    assert_eq!(node.send_as("u", Request::new("HEAD", "/notifications/stream")).await.status(), 429);
    assert_eq!(stream(&node, "v").await, 200, "others have their own allowance");
    let _ = node.get_as("u", "/notifications").await.expect(200);
    mark_seen(&node, "u").await;
}

async fn mark_seen(node: &TestNode, user: &str) {
    let _ = node.post_as(user, "/notifications/seen").await.expect(204);
}

#[tokio::test]
async fn a_poll_is_a_connect_and_head_is_none() {
    let node = start_with("LIMITS__CONNECTS_PER_MINUTE", 2).await;
    for _ in 0..5 {
        let _ = node.send_as("u", Request::new("HEAD", "/notifications/stream")).await.expect(200);
    }
    let _ = node.get_as("u", "/notifications/changes").await.expect(200);
    assert_eq!(stream(&node, "u").await, 200);
    refused(&node.get_as("u", "/notifications/changes").await, "too-many-connects");
    refused(&node.get_as("u", "/notifications/changes?wait=1").await, "too-many-connects");
}

#[tokio::test]
async fn what_is_refused_for_another_reason_counts_for_nothing() {
    let builder = builder().env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 3);
    let node = builder.env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1).start().await;
    let first = open(&node, "u").await;
    for _ in 0..5 {
        assert_eq!(node.stream("u").refused().await.problem(429)["code"], "too-many-connections");
        let _ = node.get_as("u", "/notifications/changes?limit=0").await.problem(422);
        let _ = node.stream("u").field("Accept", "text/html").refused().await;
    }
    drop(first);
    node.has_streams(0).await;
    assert_eq!(stream(&node, "u").await, 200);
}

#[tokio::test]
async fn a_plain_event_source_is_asked_to_come_back_instead() {
    let node = start_with("LIMITS__CONNECTS_PER_MINUTE", 1).await;
    let request = node.stream("u").query("eventsource", "1");
    request.open().await.ready().await;
    polite_refusal(request.open().await, "busy").await;
}

#[tokio::test]
async fn the_same_name_in_another_tenant_is_somebody_else() {
    let node = builder()
        .env("CAMPANILE_AUTH__TENANT_CLAIM", "org")
        .env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 1)
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1)
        .start()
        .await;
    let stream = |org: &str| {
        let claims = json!({"sub": "u", "org": org, "exp": token::now() + 600});
        node.anonymous_stream().bearer(&node.sign(claims))
    };
    let mut held = Vec::new();
    for org in ["a", "b"] {
        let mut stream = stream(org).open().await;
        stream.ready().await;
        held.push(stream);
    }
    for org in ["a", "b"] {
        let _ = stream(org).refused().await.problem(429);
    }
}

#[tokio::test]
async fn so_many_changes_a_minute_and_no_more_whatever_their_kind() {
    let node = start_with("LIMITS__CHANGES_PER_MINUTE", 8).await;
    let id = node.notify("u", "x").await;
    for what in ["read", "unread", "archive", "unarchive"] {
        mark(&node, "u", &id, what).await;
    }
    let up_to = |path: &str| Request::post(path).json(json!({"upTo": 1}));
    let bulk = Request::post("/notifications/bulk").json(json!({"notificationIds": [id], "state": {"read": true}}));
    let delete = Request::new("DELETE", format!("/notifications/{}", unknown_id(1)));
    for (request, status) in [
        (up_to("/notifications/seen"), 204),
        (up_to("/notifications/read-all"), 204),
        (bulk.clone(), 200),
        (delete.clone(), 404),
    ] {
        assert_eq!(node.send_as("u", request).await.status(), status);
    }
    let before = counts(&node, "u").await;
    let read = Request::post(format!("/notifications/{id}/unread"));
    for request in [read, up_to("/notifications/seen"), up_to("/notifications/read-all"), bulk, delete] {
        let seconds = refused(&node.send_as("u", request).await, "too-many-changes");
        assert!((1..=8).contains(&seconds), "an eighth of a minute, rounded up: {seconds}");
    }
    assert_eq!(counts(&node, "u").await, before, "nothing was changed");
    mark_seen(&node, "v").await;
}

#[tokio::test]
async fn reading_and_publishing_are_not_limited() {
    let builder = builder().env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 1);
    let node = builder.env("CAMPANILE_LIMITS__CHANGES_PER_MINUTE", 1).start().await;
    for _ in 0..5 {
        let id = node.notify("u", "x").await;
        position(&node, "u").await;
        counts(&node, "u").await;
        let _ = node.get_as("u", &format!("/notifications/{id}")).await.expect(200);
        let _ = node.post_as("u", "/notifications/stream/tickets").await.expect(201);
        let _ = crate::support::call(&node, "DELETE", &format!("/api/notifications/{id}")).await.expect(202);
    }
}

#[tokio::test]
async fn six_hundred_connects_a_minute_are_the_default() {
    let node = crate::support::start().await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (to, request) = (node.address(), Request::get("/notifications/changes").bearer(&node.token("u")));
        all.spawn(async move { request.send(to).await.status() });
    }
    let taken = all.join_all().await.iter().filter(|status| **status == 200).count();
    assert!((600..1000).contains(&taken), "600, and ten for each second that it took: {taken}");
}
