//! So many per minute and user.

use crate::support::{Answer, App};
use campanile_core::{Engine, SseOptions, store::MemoryStore};
use campanile_http::HttpOptions;
use std::{sync::Arc, time::Duration};

fn limited(connects_per_minute: u32, changes_per_minute: u32) -> App {
    let options = HttpOptions { connects_per_minute, changes_per_minute, ..HttpOptions::default() };
    App::with(Engine::builder(Arc::new(MemoryStore::default())), options)
}

fn refused(answer: &Answer, code: &str, seconds: &str) {
    answer.problem(429, code);
    assert_eq!(answer.header("retry-after"), Some(seconds), "{answer}");
}

/// Opens a stream and closes it again.
async fn connect(app: &App, user: &str, query: &str) -> u16 {
    let request = crate::support::as_user(user).uri(format!("/notifications/stream{query}"));
    app.send(request.body(axum::body::Body::empty()).unwrap()).await.status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn too_many_connects_per_minute_are_429() {
    let app = limited(3, 600);
    for _ in 0..3 {
        assert_eq!(connect(&app, "u1", "").await, 200);
    }
    refused(&app.user("u1", "GET", "/notifications/stream").await, "too-many-connects", "20");
    refused(&app.user("u1", "GET", "/notifications/changes").await, "too-many-connects", "20");
    assert_eq!(app.user("u1", "HEAD", "/notifications/stream").await.status, 429);
    assert_eq!(connect(&app, "u2", "").await, 200, "others have their own allowance");
    assert_eq!(app.user("u1", "GET", "/notifications").await.status, 200, "reading the inbox is no connect");
    tokio::time::advance(Duration::from_secs(20)).await;
    assert_eq!(connect(&app, "u1", "").await, 200, "after the time that was told");
    assert_eq!(connect(&app, "u1", "").await, 429);
}

#[tokio::test(start_paused = true)]
async fn a_plain_event_source_is_told_to_come_back_later() {
    let app = limited(1, 600);
    assert_eq!(connect(&app, "u1", "?eventsource=1").await, 200);
    let answer = app.user("u1", "GET", "/notifications/stream?eventsource=1").await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert_eq!((answer.status.as_u16(), text.contains("event: ready")), (200, false));
    assert!(text.starts_with("retry: ") && text.contains(r#"{"reason":"busy","#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn long_polls_are_connects_and_head_is_none() {
    let app = limited(2, 600);
    for _ in 0..5 {
        assert_eq!(app.user("u1", "HEAD", "/notifications/stream").await.status, 200);
    }
    for _ in 0..2 {
        assert_eq!(app.user("u1", "GET", "/notifications/changes?wait=1").await.status, 200);
    }
    refused(&app.user("u1", "GET", "/notifications/changes?wait=1").await, "too-many-connects", "28");
    assert_eq!(connect(&app, "u1", "").await, 429);
    tokio::time::advance(Duration::from_secs(28)).await;
    for _ in 0..3 {
        let waited = app.user("u1", "GET", "/notifications/changes?wait=60").await;
        assert_eq!(waited.status, 200, "whoever waits a minute each time never meets the limit");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_another_reason_does_not_count() {
    let sse = SseOptions { max_connections_per_user: 1, ..SseOptions::default() };
    let options = HttpOptions { connects_per_minute: 3, ..HttpOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())).sse(sse), options);
    let request = crate::support::as_user("u1").uri("/notifications/stream").body(axum::body::Body::empty()).unwrap();
    let open = app.send(request).await;
    for path in ["/notifications/stream", "/notifications/changes?wait=9"] {
        for _ in 0..5 {
            app.user("u1", "GET", path).await.problem(429, "too-many-connections");
        }
    }
    drop(open);
    assert_eq!(
        (connect(&app, "u1", "").await, connect(&app, "u1", "").await, connect(&app, "u1", "").await),
        (200, 200, 429)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_connect_leaves_the_ticket_good() {
    let app = limited(1, 600);
    let ticket = app.user("u1", "POST", "/notifications/stream/tickets").await.json()["ticket"].clone();
    let query = format!("/notifications/stream?ticket={}", ticket.as_str().unwrap());
    assert_eq!(connect(&app, "u1", "").await, 200);
    let by_ticket = || http::Request::get(&query).body(axum::body::Body::empty()).unwrap();
    assert_eq!(app.send(by_ticket()).await.status(), 429);
    tokio::time::advance(Duration::from_secs(29)).await;
    assert_eq!(app.send(by_ticket()).await.status(), 429, "not 401");
}

#[tokio::test(start_paused = true)]
async fn too_many_changes_per_minute_are_429() {
    let app = limited(600, 6);
    let id = app.publish("u1", "one").await;
    for (method, path) in [
        ("POST", format!("/notifications/{id}/read")),
        ("POST", format!("/notifications/{id}/unread")),
        ("POST", "/notifications/read-all".into()),
        ("POST", "/notifications/seen".into()),
        ("POST", format!("/notifications/{id}/archive")),
        ("DELETE", format!("/notifications/{id}")),
    ] {
        assert_eq!(app.user("u1", method, &path).await.status, 204, "{method} {path}");
    }
    for (method, path) in [
        ("POST", "/notifications/read-all".to_owned()),
        ("POST", "/notifications/bulk".into()),
        ("DELETE", format!("/notifications/{id}")),
    ] {
        refused(&app.user("u1", method, &path).await, "too-many-changes", "10");
    }
    for path in ["/notifications", "/notifications/counts", "/notifications/changes"] {
        assert_eq!(app.user("u1", "GET", path).await.status, 200, "{path} changes nothing");
    }
    assert_eq!(app.user("u2", "POST", "/notifications/seen").await.status, 204);
    app.publish("u1", "an application is not the user").await;
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(app.user("u1", "POST", "/notifications/seen").await.status, 204);
}
