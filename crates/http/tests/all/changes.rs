//! `GET /notifications/changes`: the log as JSON, by long poll.

use crate::{
    stream_wire::Wire,
    support::{Answer, App, as_user, eventually, mint, token},
};
use axum::body::Body;
use campanile_core::{Engine, RetentionOptions, SseOptions, store::MemoryStore};
use campanile_http::{HttpOptions, TokenOptions};
use http::Request;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

const PATH: &str = "/notifications/changes";

async fn changes(app: &App, query: &str) -> Answer {
    let answer = app.user("u1", "GET", &format!("{PATH}?{query}")).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer
}

async fn cursor(app: &App) -> String {
    changes(app, "").await.json()["cursor"].as_str().unwrap().to_owned()
}

fn limited(sse: SseOptions) -> App {
    App::with(Engine::builder(Arc::new(MemoryStore::default())).sse(sse), HttpOptions::default())
}

#[tokio::test]
async fn without_a_position_it_is_the_head() {
    let app = App::new();
    app.publish("u1", "before").await;
    let answer = changes(&app, "").await;
    let page = answer.json();
    let expected = json!({"resume": "fresh", "resetReason": null, "changes": [], "cursor": page["cursor"], "more": false,
        "counts": {"unread": 1, "unseen": 1, "version": 1}});
    assert_eq!(page, expected);
    assert_eq!(page["cursor"], app.user("u1", "GET", "/notifications").await.json()["streamCursor"]);
    assert_eq!(changes(&app, "after=").await.json(), expected);
}

#[tokio::test]
async fn the_log_after_a_position_is_what_the_stream_would_say() {
    let app = App::new();
    let start = cursor(&app).await;
    let body = r#"{"type":"t","to":{"users":["u1"]},"title":"one","data":{"exact":1.10,"big":123456789012345678901234567890}}"#;
    let id = app.api("/api/notifications", body).await.json()["notificationId"].as_str().unwrap().to_owned();
    assert_eq!(app.user("u1", "POST", &format!("/notifications/{id}/read")).await.status, 204);
    app.publish("u1", "two").await;
    assert_eq!(app.user("u1", "POST", "/notifications/seen").await.status, 204);
    let mut wire = Wire::open(app.listen().await, "u1", &format!("?lastEventId={start}"), "").await;
    let stream = wire.until(r#""version":4}"#).await + &wire.until("event: counts").await;
    let answer = changes(&app, &format!("after={start}")).await;
    assert!(
        String::from_utf8_lossy(&answer.body).contains(r#""data":{"exact":1.10,"big":123456789012345678901234567890}"#)
    );
    let page = answer.json();
    assert_eq!((&page["resume"], &page["resetReason"], &page["more"]), (&json!("exact"), &Value::Null, &json!(false)));
    let events = page["changes"].as_array().unwrap();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["notification", "updated", "notification", "updated"]);
    for event in events {
        let head =
            format!("id: {}\nevent: {}\ndata: ", event["id"].as_str().unwrap(), event["event"].as_str().unwrap());
        let (_, rest) = stream.split_once(&head).unwrap_or_else(|| panic!("{head} in {stream}"));
        let data: Value = serde_json::from_str(rest.lines().next().unwrap()).unwrap();
        assert_eq!(data, event["data"]);
    }
    assert_eq!(page["cursor"], events[3]["id"]);
    assert_eq!(page["counts"], json!({"unread": 1, "unseen": 0, "version": 4}));
}

#[tokio::test]
async fn a_long_log_is_read_in_pieces() {
    let app = App::new();
    let mut after = cursor(&app).await;
    for n in 0..5 {
        app.publish("u1", &n.to_string()).await;
    }
    let mut titles = Vec::new();
    for (expected, more) in [(2, true), (2, true), (1, false)] {
        let page = changes(&app, &format!("after={after}&limit=2&wait=60")).await.json();
        let events = page["changes"].as_array().unwrap();
        assert_eq!((events.len(), &page["more"], &page["resume"]), (expected, &more.into(), &json!("exact")));
        titles.extend(events.iter().map(|event| event["data"]["title"].as_str().unwrap().to_owned()));
        after = page["cursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(titles, ["0", "1", "2", "3", "4"]);
    assert_eq!(changes(&app, &format!("after={after}")).await.json()["changes"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_position_of_this_log_is_a_reset_at_once() {
    let retention = RetentionOptions { log_entries: 3, ..RetentionOptions::default() };
    let sse = SseOptions { replay_limit: 2, ..SseOptions::default() };
    let store = Arc::new(MemoryStore::default());
    let app = App::with(Engine::builder(store).sse(sse).retention(retention), HttpOptions::default());
    for n in 0..6 {
        app.publish("u1", &n.to_string()).await;
    }
    let head = cursor(&app).await;
    let (epoch, _) = head.split_once('-').unwrap();
    let other = app.user("u2", "GET", "/notifications").await.json()["streamCursor"].as_str().unwrap().to_owned();
    let started = Instant::now();
    for (after, reason) in [
        ("nonsense".to_owned(), "unknown"),
        ("%FF%FE".into(), "unknown"),
        ("a%0aid:%209".into(), "unknown"),
        (other, "unknown"),
        (format!("{epoch}-7"), "unknown"),
        (format!("{epoch}-2"), "expired"),
        (format!("{epoch}-3"), "too-far"),
        ("x".repeat(5000), "unknown"),
    ] {
        let page = changes(&app, &format!("after={after}&wait=60")).await.json();
        assert_eq!((&page["resume"], &page["resetReason"]), (&json!("reset"), &json!(reason)), "{after}");
        assert_eq!((&page["changes"], &page["cursor"], &page["more"]), (&json!([]), &json!(head), &json!(false)));
    }
    assert_eq!(started.elapsed(), Duration::ZERO, "nobody waited");
    assert_eq!(changes(&app, &format!("after={epoch}-4")).await.json()["resume"], "exact");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_first_change() {
    let app = App::new();
    let start = cursor(&app).await;
    for query in [format!("after={start}&wait=60"), "wait=60".into()] {
        let (answer, id) = tokio::join!(changes(&app, &query), async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            assert_eq!(app.http.engine().connections(), 1, "a long poll counts as a connection");
            app.publish("u1", "at last").await
        });
        let events = answer.json()["changes"].as_array().unwrap().clone();
        assert_eq!(events.last().unwrap()["data"]["notificationId"], id, "{query}");
        assert_eq!(app.http.engine().connections(), 0);
        let publish = Duration::from_secs(60);
        tokio::time::advance(publish).await;
        if query.starts_with("wait") {
            assert_eq!((events.len(), &answer.json()["resume"]), (1, &json!("fresh")));
        } else {
            assert_eq!(app.user("u1", "DELETE", &format!("/notifications/{id}")).await.status, 204);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_nothing_ends_in_time_and_empty() {
    let app = App::new();
    let start = cursor(&app).await;
    for seconds in [1, 60] {
        let started = Instant::now();
        let page = changes(&app, &format!("after={start}&wait={seconds}")).await.json();
        assert_eq!((&page["resume"], &page["changes"], &page["cursor"]), (&json!("exact"), &json!([]), &json!(start)));
        let waited = started.elapsed();
        assert!(waited >= Duration::from_secs(seconds) && waited < Duration::from_secs(seconds + 1), "{waited:?}");
    }
    let started = Instant::now();
    let head = as_user("u1").method("HEAD").uri(format!("{PATH}?wait=60")).body(Body::empty()).unwrap();
    assert_eq!(app.call(head).await.status, 200);
    assert_eq!(started.elapsed(), Duration::ZERO, "HEAD does not wait");
}

#[tokio::test]
async fn a_wait_ends_with_the_token() {
    let app = App::new();
    let short = mint(&TokenOptions { user: Some("u1".into()), ttl: Duration::from_secs(1), ..TokenOptions::default() });
    let started = Instant::now();
    let request = Request::get(format!("{PATH}?wait=60")).header("authorization", format!("Bearer {short}"));
    assert_eq!(app.call(request.body(Body::empty()).unwrap()).await.status, 200);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_the_waits_and_refuses_new_ones() {
    let app = App::new();
    let started = Instant::now();
    let (answer, ()) = tokio::join!(changes(&app, "wait=60"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        app.http.engine().drain(Duration::from_secs(10));
    });
    assert_eq!(answer.json()["changes"], json!([]));
    assert!(started.elapsed() < Duration::from_secs(12));
    let refused = app.user("u1", "GET", &format!("{PATH}?wait=60")).await;
    refused.problem(503, "draining");
    assert!(refused.header("retry-after").is_some());
}

#[tokio::test]
async fn long_polls_and_streams_share_the_limits() {
    let app = limited(SseOptions { max_connections_per_user: 1, max_connections: Some(1), ..SseOptions::default() });
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: ready").await;
    let refused = app.user("u1", "GET", &format!("{PATH}?wait=60")).await;
    assert!([429, 503].contains(&refused.status.as_u16()), "{refused}");
    assert!(refused.header("retry-after").is_some());
    let app = limited(SseOptions { max_connections_per_user: 1, ..SseOptions::default() });
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: ready").await;
    let refused = app.user("u1", "GET", &format!("{PATH}?wait=60")).await;
    assert_eq!(refused.problem(429, "too-many-connections")["detail"], "Too many concurrent SSE connections.");
    assert_eq!(changes(&app, "").await.status, 200, "what does not wait takes no place");
    drop(wire);
    eventually("the place is free", || app.http.engine().connections() == 0).await;
    let (answer, stream) = tokio::join!(changes(&app, "wait=1"), async {
        while app.http.engine().connections() == 0 {
            tokio::task::yield_now().await;
        }
        app.user("u1", "HEAD", "/notifications/stream").await
    });
    assert_eq!((answer.status.as_u16(), stream.status.as_u16()), (200, 429));
}

#[tokio::test]
async fn a_closed_long_poll_gives_its_place_back_at_once() {
    let app = limited(SseOptions { max_connections_per_user: 1, ..SseOptions::default() });
    let address = app.listen().await;
    let head =
        format!("GET {PATH}?wait=60 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n", token("u1"));
    for _ in 0..3 {
        let wire = Wire::send(address, &head).await;
        eventually("the poll waits", || app.http.engine().connections() == 1).await;
        let polls = app.http.engine().connections();
        drop(wire);
        eventually("its place is free", || app.http.engine().connections() == 0).await;
        assert_eq!(polls, 1);
    }
    let mut wire = Wire::send(address, &head).await;
    eventually("the poll waits", || app.http.engine().connections() == 1).await;
    app.publish("u1", "over the wire").await;
    let answer = wire.until("over the wire").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("content-type: application/json"), "{answer}");
}

#[tokio::test]
async fn a_long_poll_is_in_the_list_of_connections_and_can_be_cut() {
    let app = App::new();
    let list = || crate::support::as_key().uri("/api/connections?user=u1").body(Body::empty()).unwrap();
    let (answer, open) = tokio::join!(changes(&app, "wait=60"), async {
        while app.http.engine().connections() == 0 {
            tokio::task::yield_now().await;
        }
        let open = app.call(list()).await.json()["items"][0].clone();
        let cut =
            crate::support::as_key().method("DELETE").uri("/api/users/u1/connections").body(Body::empty()).unwrap();
        assert_eq!(app.call(cut).await.status, 202);
        open
    });
    assert_eq!((&open["transport"], &open["user"]), (&json!("long-poll"), &json!("u1")));
    assert_eq!(answer.json()["changes"], json!([]));
    assert_eq!(app.call(list()).await.json()["items"], json!([]));
}

#[tokio::test]
async fn bad_parameters_are_422_with_their_names() {
    let app = App::new();
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("wait=61", "wait"),
        ("wait=-1", "wait"),
        ("wait=1.5", "wait"),
        ("wait=", "wait"),
        ("since=1", "since"),
        ("after=a&after=b", "after"),
    ] {
        let answer = app.user("u1", "GET", &format!("{PATH}?{query}")).await;
        assert_eq!(answer.pointers(), [format!("/query/{name}")], "{query}");
    }
    assert_eq!(changes(&app, "limit=1000&wait=0").await.status, 200);
}

#[tokio::test]
async fn signals_are_not_in_the_log() {
    let app = App::new();
    let start = cursor(&app).await;
    let signal = r#"{"to":{"users":["u1"]},"event":"e","data":1}"#;
    assert_eq!(app.api("/api/signals", signal).await.status, 202);
    assert_eq!(changes(&app, &format!("after={start}")).await.json()["changes"], json!([]));
}
