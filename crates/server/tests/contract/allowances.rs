//! Section 1, answers, "too many connects per minute", and `limits.…_per_minute`: whoever comes back a thousand times a second waits.

use crate::support::{builder, polite_refusal, retry_after, start_with};
use campanile_testkit::{Request, TestNode, token};
use serde_json::json;

/// Three connects a minute: one comes back after twenty seconds.
async fn start() -> TestNode {
    start_with("LIMITS__CONNECTS_PER_MINUTE", 3).await
}

async fn connect(node: &TestNode, user: &str) -> u16 {
    node.stream(user).open().await.status()
}

#[tokio::test]
async fn one_connect_too_many_in_a_minute_is_429_and_says_when_there_is_one_again() {
    let node = start().await;
    for _ in 0..3 {
        assert_eq!(connect(&node, "u").await, 200);
    }
    for _ in 0..3 {
        let refused = node.stream("u").refused().await;
        assert_ne!(refused.problem(429)["detail"], "Too many concurrent SSE connections.", "it is another limit");
        assert!((1..=20).contains(&retry_after(&refused)), "{refused}");
    }
    let head = node.stream("u").by("HEAD").await.expect(429);
    assert!(head.body.is_empty() && head.field("retry-after").is_some(), "{head}");
    assert_eq!(connect(&node, "v").await, 200, "another user has an allowance of the own");
}

#[tokio::test]
async fn an_event_source_is_asked_to_come_back_instead() {
    let node = start().await;
    for _ in 0..3 {
        assert_eq!(connect(&node, "u").await, 200);
    }
    polite_refusal(node.stream("u").query("eventsource", "1").open().await, "busy").await;
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
async fn what_never_was_a_connection_does_not_count() {
    let node = start().await;
    for _ in 0..10 {
        let _ = node.stream("u").by("HEAD").await.expect(200);
        let _ = node.anonymous_stream().refused().await.problem(401);
        let unacceptable = Request::get("/notifications/stream").bearer(&node.token("u")).field("Accept", "text/html");
        let _ = node.send(unacceptable).await.problem(406);
    }
    for expected in [200, 200, 200, 429] {
        assert_eq!(connect(&node, "u").await, expected);
    }
}

#[tokio::test]
async fn polls_and_streams_have_one_allowance() {
    let node = start().await;
    assert_eq!(connect(&node, "u").await, 200);
    let _ = node.get_as("u", "/notifications/changes").await.expect(200);
    assert_eq!(connect(&node, "u").await, 200);
    let refused = node.get_as("u", "/notifications/changes").await;
    let _ = refused.problem(429);
    assert!((1..=20).contains(&retry_after(&refused)), "{refused}");
}

#[tokio::test]
async fn changes_have_an_allowance_too_and_reading_has_none() {
    let node = start_with("LIMITS__CHANGES_PER_MINUTE", 2).await;
    let id = node.notify("u", "x").await;
    for what in ["read", "unread"] {
        let _ = node.post_as("u", &format!("/notifications/{id}/{what}")).await.expect(204);
    }
    let refused = node.post_as("u", "/notifications/seen").await;
    let _ = refused.problem(429);
    assert!((1..=30).contains(&retry_after(&refused)), "{refused}");
    for _ in 0..5 {
        let _ = node.get_as("u", "/notifications").await.expect(200);
    }
    let _ = node.post_as("v", "/notifications/seen").await.expect(204);
}
