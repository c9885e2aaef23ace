//! Whom a publish and a signal are for: users, a topic, everyone.

use crate::{
    stream_wire::Wire,
    support::{App, KEY, as_key, eventually},
};
use axum::body::Body;
use campanile_core::{Engine, store::MemoryStore};
use campanile_http::HttpOptions;
use http::Request;
use std::sync::Arc;

const PATH: &str = "/api/notifications";

async fn join(app: &App, topic: &str, user: &str) {
    let request = Request::put(format!("/api/topics/{topic}/members/{user}")).header("x-api-key", KEY);
    assert_eq!(app.call(request.body(Body::empty()).unwrap()).await.status, 204);
}

async fn visit(app: &App, users: &[&str]) {
    for user in users {
        assert_eq!(app.user(user, "GET", "/notifications").await.status, 200);
    }
}

async fn unread(app: &App, user: &str) -> u64 {
    app.user(user, "GET", "/notifications/counts").await.json()["unread"].as_u64().unwrap()
}

async fn publish(app: &App, to: &str) -> u64 {
    let answer = app.api(PATH, format!(r#"{{"type":"t","to":{to}}}"#)).await;
    assert_eq!(answer.status, 202, "{answer}");
    answer.json()["recipients"].as_u64().unwrap()
}

#[tokio::test]
async fn a_topic_is_its_members_at_the_publish() {
    let app = App::new();
    for user in ["u1", "u2", "u3"] {
        join(&app, "news", user).await;
    }
    assert_eq!(publish(&app, r#"{"topic":"news","except":["u3","nobody"]}"#).await, 2);
    join(&app, "news", "late").await;
    for (user, expected) in [("u1", 1), ("u2", 1), ("u3", 0), ("late", 0)] {
        assert_eq!(unread(&app, user).await, expected, "{user}");
    }
    assert_eq!(publish(&app, r#"{"topic":"a topic that nobody joined"}"#).await, 0);
    let elsewhere =
        as_key().method("POST").uri(format!("{PATH}?tenant=acme")).header("content-type", "application/json");
    let elsewhere = elsewhere.body(Body::from(r#"{"type":"t","to":{"topic":"news"}}"#)).unwrap();
    assert_eq!(app.call(elsewhere).await.json()["recipients"], 0);
}

#[tokio::test]
async fn everyone_is_every_user_with_a_log() {
    let app = App::new();
    assert_eq!(publish(&app, r#"{"everyone":true}"#).await, 0);
    visit(&app, &["u1", "u2", "u3"]).await;
    assert_eq!(publish(&app, r#"{"everyone":true,"except":["u2"]}"#).await, 2);
    for (user, expected) in [("u1", 1), ("u2", 0), ("u3", 1), ("new", 0)] {
        assert_eq!(unread(&app, user).await, expected, "{user}");
    }
}

#[tokio::test]
async fn the_actor_is_left_out_of_topics_and_of_everyone() {
    let app = App::new();
    visit(&app, &["u1", "u2"]).await;
    join(&app, "news", "u1").await;
    for (to, recipients) in [(r#"{"topic":"news"}"#, 0), (r#"{"everyone":true}"#, 1)] {
        let answer = app.api(PATH, format!(r#"{{"type":"t","to":{to},"actorId":"u1"}}"#)).await;
        assert_eq!(answer.json()["recipients"], recipients, "{to}");
        let answer = app.api(PATH, format!(r#"{{"type":"t","to":{to},"actorId":"u1","notifyActor":true}}"#)).await;
        assert_eq!(answer.json()["recipients"], recipients + 1, "{to}");
    }
}

#[tokio::test]
async fn an_audience_is_exactly_one_of_users_topic_and_everyone() {
    let app = App::new();
    for (to, pointers) in [
        (r"{}", &["/to"][..]),
        (r#"{"except":["u1"]}"#, &["/to"]),
        (r#"{"users":["u1"],"topic":"news"}"#, &["/to"]),
        (r#"{"users":["u1"],"everyone":true}"#, &["/to"]),
        (r#"{"topic":"news","everyone":true}"#, &["/to"]),
        (r#"{"everyone":false}"#, &["/to/everyone"]),
        (r#"{"everyone":"true"}"#, &["/to/everyone"]),
        (r#"{"everyone":1}"#, &["/to/everyone"]),
        (r#"{"everyone":null}"#, &["/to"]),
        (r#"{"topic":""}"#, &["/to/topic"]),
        (r#"{"topic":"a\u0000b"}"#, &["/to/topic"]),
        (r#"{"topic":["news"]}"#, &["/to/topic"]),
        (r#"{"topic":"news","except":[""]}"#, &["/to/except/0"]),
        (r#"{"everyone":true,"everybody":true}"#, &["/to/everybody"]),
    ] {
        assert_eq!(app.api(PATH, format!(r#"{{"type":"t","to":{to}}}"#)).await.pointers(), pointers, "{to}");
        assert_eq!(app.api("/api/signals", format!(r#"{{"event":"e","to":{to}}}"#)).await.pointers(), pointers, "{to}");
    }
    assert_eq!(publish(&app, r#"{"users":["u1"],"topic":null,"everyone":null}"#).await, 1);
}

#[tokio::test]
async fn more_than_10000_recipients_are_422_saying_so() {
    let options = HttpOptions { body_bytes: 1 << 20, ..HttpOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())), options);
    let users: Vec<String> = (0..10_000).map(|n| format!("u{n}")).collect();
    let publish_to =
        async |to: serde_json::Value| app.api(PATH, serde_json::json!({"type": "t", "to": to}).to_string()).await;
    let all = publish_to(serde_json::json!({"users": users})).await;
    assert_eq!(all.json()["recipients"], 10_000);
    assert_eq!(publish_to(serde_json::json!({"everyone": true})).await.json()["recipients"], 10_000);
    visit(&app, &["one more"]).await;
    let refused = publish_to(serde_json::json!({"everyone": true})).await;
    assert_eq!(refused.pointers(), ["/to"]);
    assert!(refused.problem(422, "invalid")["errors"][0]["detail"].as_str().unwrap().contains("10000"), "{refused}");
    assert_eq!(unread(&app, "one more").await, 0);
    assert_eq!(publish_to(serde_json::json!({"everyone": true, "except": ["u0"]})).await.json()["recipients"], 10_000);
}

#[tokio::test]
async fn signals_reach_the_open_streams_of_a_topic_and_of_everyone() {
    let app = App::new();
    let address = app.listen().await;
    join(&app, "news", "u1").await;
    let (mut first, mut second) = (Wire::open(address, "u1", "", "").await, Wire::open(address, "u2", "", "").await);
    first.until("event: ready").await;
    second.until("event: ready").await;
    eventually("both are there", || app.http.engine().connections() == 2).await;
    for (to, connections) in [
        (r#"{"topic":"news"}"#, 1),
        (r#"{"everyone":true}"#, 2),
        (r#"{"everyone":true,"except":["u1"]}"#, 1),
        (r#"{"topic":"other"}"#, 0),
    ] {
        let answer = app.api("/api/signals", format!(r#"{{"event":"e","data":{to},"to":{to}}}"#)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["connections"]), (202, &connections.into()), "{to}");
    }
    let seen = second.until(r#"data: {"everyone":true,"except":["u1"]}"#).await;
    assert!(seen.contains("event: e\ndata: {\"everyone\":true}\n\n") && !seen.contains("news"), "{seen}");
    let seen = first.until(r#"data: {"everyone":true}"#).await;
    assert!(seen.contains("event: e\ndata: {\"topic\":\"news\"}\n\n"), "{seen}");
}
