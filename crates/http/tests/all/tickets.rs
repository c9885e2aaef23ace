//! Tickets over the routes.

use crate::{
    stream_wire::Wire,
    support::{App, mint},
};
use axum::body::Body;
use campanile_core::{Engine, SseOptions, store::MemoryStore};
use campanile_http::{HttpOptions, TokenOptions};
use http::Request;
use std::{sync::Arc, time::Duration};

async fn issue(app: &App, user: &str) -> String {
    let answer = app.user(user, "POST", "/notifications/stream/tickets").await;
    assert_eq!(answer.status, 201, "{answer}");
    assert_eq!(answer.json()["expiresIn"], 30);
    answer.json()["ticket"].as_str().unwrap().to_owned()
}

async fn open(app: &App, ticket: &str) -> http::Response<Body> {
    app.send(Request::get(format!("/notifications/stream?ticket={ticket}")).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_ticket_opens_one_stream_of_its_user() {
    let app = App::new();
    let ticket = issue(&app, "u7").await;
    assert!(ticket.len() >= 32 && ticket.bytes().all(|b| b.is_ascii_alphanumeric()), "{ticket}");
    let address = app.listen().await;
    let mut wire =
        Wire::send(address, &format!("GET /notifications/stream?ticket={ticket} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
    wire.until(r#""user":"u7""#).await;
    assert_eq!(open(&app, &ticket).await.status(), 401);
    assert_eq!(open(&app, "").await.status(), 401);
    assert_eq!(open(&app, "%FF").await.status(), 401);
}

#[tokio::test]
async fn a_refused_stream_and_head_leave_the_ticket_good() {
    let options = SseOptions { max_connections_per_user: 1, ..SseOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())).sse(options), HttpOptions::default());
    let (first, second) = (issue(&app, "u1").await, issue(&app, "u1").await);
    let stream = open(&app, &first).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(open(&app, &second).await.status(), 429);
    assert_eq!(open(&app, &format!("{second}&eventsource=1")).await.status(), 200, "a refusal is no stream");
    drop(stream);
    let not_acceptable = Request::get(format!("/notifications/stream?ticket={second}")).header("accept", "text/html");
    assert_eq!(app.send(not_acceptable.body(Body::empty()).unwrap()).await.status(), 406);
    let head = Request::head(format!("/notifications/stream?ticket={second}")).body(Body::empty()).unwrap();
    assert_eq!(app.send(head).await.status(), 200);
    assert_eq!(open(&app, &second).await.status(), 200);
    assert_eq!(open(&app, &second).await.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_good_for_half_a_minute() {
    let app = App::new();
    let ticket = issue(&app, "u1").await;
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(open(&app, &ticket).await.status(), 401);
}

#[tokio::test]
async fn the_stream_of_a_ticket_ends_with_the_callers_token() {
    let app = App::new();
    let options = TokenOptions { user: Some("u1".into()), ttl: Duration::from_secs(1), ..TokenOptions::default() };
    let request =
        Request::post("/notifications/stream/tickets").header("authorization", format!("Bearer {}", mint(&options)));
    let ticket = app.call(request.body(Body::empty()).unwrap()).await.json()["ticket"].as_str().unwrap().to_owned();
    let address = app.listen().await;
    let wire =
        Wire::send(address, &format!("GET /notifications/stream?ticket={ticket} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
    assert!(wire.read_out().await.contains(
        r#"event: reconnect
data: {"reason":"expired","#
    ));
}

#[tokio::test]
async fn a_ticket_counts_for_nothing_but_the_stream() {
    let app = App::new();
    let ticket = issue(&app, "u1").await;
    for path in ["/notifications", "/notifications/counts", "/notifications/stream/tickets", "/api/notifications"] {
        let method = if path.ends_with("counts") || path == "/notifications" { "GET" } else { "POST" };
        let request = Request::builder().method(method).uri(format!("{path}?ticket={ticket}"));
        let request = request.header("content-type", "application/json").body(Body::from("{}")).unwrap();
        app.call(request).await.problem(401, "credentials-missing");
    }
}

#[tokio::test]
async fn asking_for_a_ticket_takes_no_body_or_an_empty_one() {
    let app = App::new();
    let answer = app.user_json("u1", "POST", "/notifications/stream/tickets", "{}").await;
    assert_eq!(answer.status, 201);
    let answer = app.user_json("u1", "POST", "/notifications/stream/tickets", r#"{"ttl":3600}"#).await;
    assert_eq!(answer.pointers(), ["/ttl"]);
}
