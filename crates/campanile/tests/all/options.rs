//! What is given to the builder takes effect.

use super::{SECRET, get, mounted};
use axum::{Router, body::Body, http::Request};
use campanile::{
    AudienceDraft, Builder, Campanile, Clock, ConnectionLimitPolicy, Draft, HeartbeatForm, HttpOptions, MemoryStore,
    SseOptions, SystemClock, TokenOptions, mint_token,
};
use http_body_util::BodyExt;
use std::time::Duration;
use tower::ServiceExt;

fn builder() -> Builder {
    Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET)
}

async fn with(sse: SseOptions) -> (Campanile, Router) {
    let campanile = builder().sse(sse).build().await.unwrap();
    (campanile.clone(), mounted(&campanile))
}

/// A stream of `u1`.
struct Stream(Body);

impl Stream {
    async fn open(app: &Router, query: &str) -> Result<Self, u16> {
        let options = TokenOptions { user: Some("u1".into()), ..TokenOptions::default() };
        let token = mint_token(SECRET.as_bytes(), SystemClock.now(), &options).unwrap();
        let request = Request::get(format!("/push/stream{query}")).header("authorization", format!("Bearer {token}"));
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        if status == 200 { Ok(Self(response.into_body())) } else { Err(status) }
    }

    /// Reads until this has come; all of it up to there.
    async fn until(&mut self, text: &str) -> String {
        let mut read = String::new();
        while !read.contains(text) {
            let frame = self.0.frame().await.unwrap_or_else(|| panic!("it ended: {read}")).unwrap();
            read.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
        read
    }
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_as_often_and_in_the_form_that_was_asked_for() {
    let seven = SseOptions { heartbeat: Duration::from_secs(7), ..SseOptions::default() };
    let (_campanile, app) = with(seven.clone()).await;
    let mut stream = Stream::open(&app, "").await.unwrap();
    assert!(stream.until("event: ready").await.contains(r#""heartbeatSeconds":7"#));
    let began = tokio::time::Instant::now();
    stream.until("event: __heartbeat__\ndata:\n\n").await;
    assert!((6..=7).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let (_campanile, app) = with(SseOptions { heartbeat_form: HeartbeatForm::Comment, ..seven }).await;
    let mut stream = Stream::open(&app, "").await.unwrap();
    assert!(!stream.until("\n:").await.contains("__heartbeat__"));
}

#[tokio::test(start_paused = true)]
async fn a_user_has_as_many_streams_as_was_said_and_the_next_one_is_treated_as_was_said() {
    let one = SseOptions { max_connections_per_user: 1, ..SseOptions::default() };
    let (_campanile, app) = with(one.clone()).await;
    let _first = Stream::open(&app, "").await.unwrap();
    assert_eq!(Stream::open(&app, "").await.err(), Some(429));
    let (_campanile, app) =
        with(SseOptions { connection_limit_policy: ConnectionLimitPolicy::EvictOldest, ..one }).await;
    let mut first = Stream::open(&app, "").await.unwrap();
    let _second = Stream::open(&app, "").await.unwrap();
    first.until(r#""reason":"evicted""#).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_has_as_many_streams_as_was_said() {
    let (_campanile, app) = with(SseOptions { max_connections: Some(1), ..SseOptions::default() }).await;
    let _first = Stream::open(&app, "").await.unwrap();
    assert_eq!(Stream::open(&app, "").await.err(), Some(503));
}

#[tokio::test(start_paused = true)]
async fn a_position_is_resumed_from_no_further_back_than_was_said() {
    let (campanile, app) = with(SseOptions { replay_limit: 2, ..SseOptions::default() }).await;
    let start = Stream::open(&app, "").await.unwrap().until("\n\n").await;
    let id = start.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    for (published, resume) in [(2, r#""resume":"exact""#), (1, r#""resume":"reset""#)] {
        for _ in 0..published {
            campanile.publisher().publish(&Draft::new("t", AudienceDraft::users(["u1"]))).await.unwrap();
        }
        let mut stream = Stream::open(&app, &format!("?lastEventId={id}")).await.unwrap();
        let ready = stream.until("\n\n").await;
        assert!(ready.contains(resume), "{ready}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_lasts_as_long_as_was_said() {
    let day = Duration::from_secs(24 * 60 * 60);
    let (_campanile, app) = with(SseOptions { max_lifetime: Some(day / 48), ..SseOptions::default() }).await;
    let mut stream = Stream::open(&app, "").await.unwrap();
    let began = tokio::time::Instant::now();
    stream.until("event: reconnect").await;
    let lasted = began.elapsed();
    assert!((24..=36).contains(&(lasted.as_secs() / 60)), "half an hour, give or take a fifth: {lasted:?}");
}

#[tokio::test]
async fn a_users_allowance_per_minute_is_set_by_the_builder() {
    let options = HttpOptions { connects_per_minute: 2, ..HttpOptions::default() };
    let app = mounted(&builder().http(options).build().await.unwrap());
    let poll = async || get(&app, "/push/changes").await.0;
    assert_eq!((poll().await, poll().await, poll().await), (200, 200, 429));
}
