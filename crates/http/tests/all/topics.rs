//! Topics and their members.

use crate::support::{Answer, App, as_key};
use axum::body::Body;
use serde_json::{Value, json};

async fn call(app: &App, method: &str, path: &str) -> Answer {
    app.call(as_key().method(method).uri(path).body(Body::empty()).unwrap()).await
}

async fn members(app: &App, topic: &str) -> Vec<String> {
    let answer = call(app, "GET", &format!("/api/topics/{topic}/members")).await;
    assert_eq!(answer.json()["nextCursor"], Value::Null, "{answer}");
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["user"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn users_join_and_leave_as_often_as_they_like() {
    let app = App::new();
    assert!(members(&app, "news").await.is_empty());
    for _ in 0..2 {
        let answer = call(&app, "PUT", "/api/topics/news/members/u1").await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    }
    call(&app, "PUT", "/api/topics/news/members/u2?tenant=acme").await;
    assert_eq!(members(&app, "news").await, ["u1"]);
    for _ in 0..2 {
        assert_eq!(call(&app, "DELETE", "/api/topics/news/members/u1").await.status, 204);
    }
    assert!(members(&app, "news").await.is_empty());
    let elsewhere = call(&app, "GET", "/api/topics/news/members?tenant=acme").await.json();
    assert_eq!(elsewhere["items"], json!([{"user": "u2"}]));
}

#[tokio::test]
async fn members_are_listed_in_pages_by_name() {
    let app = App::new();
    for user in ["c", "%C3%A9", "a", "b"] {
        assert_eq!(call(&app, "PUT", &format!("/api/topics/t/members/{user}")).await.status, 204);
    }
    let first = call(&app, "GET", "/api/topics/t/members?limit=3").await.json();
    assert_eq!(first["items"], json!([{"user": "a"}, {"user": "b"}, {"user": "c"}]));
    let next = first["nextCursor"].as_str().unwrap();
    call(&app, "DELETE", "/api/topics/t/members/c").await;
    let second = call(&app, "GET", &format!("/api/topics/t/members?limit=1&cursor={next}")).await.json();
    assert_eq!(second, json!({"items": [{"user": "é"}], "nextCursor": null}));
    for bad in ["limit=0", "cursor=%00", "user=u1"] {
        let name = bad.split('=').next().unwrap();
        let answer = call(&app, "GET", &format!("/api/topics/t/members?{bad}")).await;
        assert_eq!(answer.pointers(), [format!("/query/{name}")]);
    }
}

#[tokio::test]
async fn names_in_a_path_decode_to_any_valid_name() {
    let app = App::new();
    for (topic, user, decoded) in [
        ("a%2Fb", "u%2F1", "u/1"),
        ("%25", "%3Fx%3D1%23", "?x=1#"),
        ("caf%C3%A9", "Zo%C3%AB%20%F0%9F%94%94", "Zoë 🔔"),
        ("a+b", "u+1", "u+1"),
        ("..", "%2E%2E", ".."),
        ("members", "members", "members"),
        ("-", &"x".repeat(256), &"x".repeat(256)),
    ] {
        let path = format!("/api/topics/{topic}/members/{user}");
        assert_eq!(call(&app, "PUT", &path).await.status, 204, "{path}");
        assert_eq!(members(&app, topic).await, [decoded]);
    }
    let body = json!({"type": "t", "to": {"topic": "a/b"}});
    assert_eq!(app.api("/api/notifications", body.to_string()).await.json()["recipients"], 1);
}

#[tokio::test]
async fn names_that_cannot_be_are_422_with_their_place() {
    let app = App::new();
    let long = "x".repeat(257);
    for (topic, user, pointer) in [
        ("t", "a%00b", "/path/user"),
        ("t", "a%0Ab", "/path/user"),
        ("t", "%C2%85", "/path/user"),
        ("t", long.as_str(), "/path/user"),
        ("a%7F", "u", "/path/topic"),
        (long.as_str(), "u", "/path/topic"),
    ] {
        let path = format!("/api/topics/{topic}/members/{user}");
        for method in ["PUT", "DELETE"] {
            assert_eq!(call(&app, method, &path).await.pointers(), [pointer], "{method} {path}");
        }
    }
    call(&app, "PUT", "/api/topics/t/members/%FF").await.problem(400, "malformed");
    call(&app, "PUT", "/api/topics/t/members/").await.problem(404, "not-found");
}
