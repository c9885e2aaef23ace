//! Changing the inbox.

use crate::support::App;
use axum::body::Body;
use serde_json::{Value, json};

async fn counts(app: &App) -> (u64, u64, u64) {
    let counts = app.user("u1", "GET", "/notifications/counts").await.json();
    let number = |name: &str| counts[name].as_u64().unwrap();
    (number("unread"), number("unseen"), number("version"))
}

#[tokio::test]
async fn an_item_is_read_unread_archived_and_taken_back() {
    let app = App::new();
    let id = app.publish("u1", "one").await;
    let item = || app.user("u1", "GET", "/notifications/counts");
    assert_eq!(item().await.status, 200);
    for (action, expected) in [
        ("read", (0, 0, 2)),
        ("read", (0, 0, 2)),
        ("unread", (1, 0, 3)),
        ("archive", (0, 0, 4)),
        ("archive", (0, 0, 4)),
        ("unarchive", (1, 0, 5)),
    ] {
        let answer = app.user("u1", "POST", &format!("/notifications/{id}/{action}")).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0), "{action}");
        assert_eq!(counts(&app).await, expected, "{action}");
    }
    let state = app.user("u1", "GET", &format!("/notifications/{id}")).await.json();
    assert_eq!((&state["read"], &state["readAt"], &state["archivedAt"]), (&json!(false), &Value::Null, &Value::Null));
    assert!(state["seenAt"].is_string(), "read implies seen: {state}");
}

#[tokio::test]
async fn an_item_is_deleted_once() {
    let app = App::new();
    let id = app.publish("u1", "one").await;
    let path = format!("/notifications/{id}");
    app.user("u2", "DELETE", &path).await.problem(404, "not-found");
    assert_eq!(app.user("u1", "DELETE", &path).await.status, 204);
    assert_eq!(counts(&app).await, (0, 0, 2));
    app.user("u1", "DELETE", &path).await.problem(404, "not-found");
    app.user("u1", "GET", &path).await.problem(404, "not-found");
}

#[tokio::test]
async fn what_is_not_in_the_inbox_is_404() {
    let app = App::new();
    let foreign = app.publish("u2", "other").await;
    for id in [foreign.as_str(), "00000000-0000-7000-8000-000000000000", "nonsense"] {
        for action in ["read", "unread", "archive", "unarchive"] {
            app.user("u1", "POST", &format!("/notifications/{id}/{action}")).await.problem(404, "not-found");
        }
    }
}

#[tokio::test]
async fn bodies_may_be_empty_or_an_empty_object() {
    let app = App::new();
    let id = app.publish("u1", "one").await;
    let path = format!("/notifications/{id}/read");
    assert_eq!(app.user_json("u1", "POST", &path, "").await.status, 204);
    assert_eq!(app.user_json("u1", "POST", &path, " {} ").await.status, 204);
    app.user_json("u1", "POST", &path, "{").await.problem(400, "malformed");
    assert_eq!(app.user_json("u1", "POST", &path, "[]").await.pointers(), [""]);
    assert_eq!(app.user_json("u1", "POST", &path, r#"{"read":false}"#).await.pointers(), ["/read"]);
    let form = crate::support::as_user("u1").method("POST").uri(&path).header("content-type", "text/plain");
    app.call(form.body(Body::from("{}")).unwrap()).await.problem(415, "unsupported-media-type");
    let large = Body::from(vec![b' '; 65_537]);
    let large =
        crate::support::as_user("u1").method("POST").uri(&path).header("content-type", "application/json").body(large);
    app.call(large.unwrap()).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn all_up_to_a_place_is_read_and_seen() {
    let app = App::new();
    for title in ["1", "2", "3", "4"] {
        app.publish("u1", title).await;
    }
    let mark = async |path: &str, body: &str| app.user_json("u1", "POST", path, body).await;
    assert_eq!(mark("/notifications/seen", r#"{"upTo":2}"#).await.status, 204);
    assert_eq!(counts(&app).await, (4, 2, 5));
    assert_eq!(mark("/notifications/read-all", r#"{"upTo":3}"#).await.status, 204);
    assert_eq!(counts(&app).await, (1, 1, 6));
    assert_eq!(mark("/notifications/seen", "{}").await.status, 204);
    assert_eq!(counts(&app).await, (1, 0, 7));
    let cursor = app.user("u1", "GET", "/notifications").await.json()["streamCursor"].as_str().unwrap().to_owned();
    assert_eq!(mark("/notifications/read-all", &format!(r#"{{"upTo":"{cursor}"}}"#)).await.status, 204);
    assert_eq!(counts(&app).await, (0, 0, 8));
    assert_eq!(mark("/notifications/read-all", "").await.status, 204);
    assert_eq!(counts(&app).await, (0, 0, 8), "nothing changed, so nothing is logged");
}

#[tokio::test]
async fn a_place_above_the_head_is_the_head() {
    let app = App::new();
    for above in ["99", "18446744073709551616000", "18446744073709551615"] {
        app.publish("u1", "one").await;
        let body = format!(r#"{{"upTo":{above}}}"#);
        assert_eq!(app.user_json("u1", "POST", "/notifications/read-all", &body).await.status, 204, "{above}");
        assert_eq!(counts(&app).await.0, 0, "{above}");
    }
}

#[tokio::test]
async fn a_bad_place_is_422_and_a_foreign_one_409() {
    let app = App::new();
    app.publish("u1", "one").await;
    for path in ["/notifications/read-all", "/notifications/seen"] {
        for bad in ["-1", "1.5", "1e3", "true", "\"41\"", "\"\"", "[1]", "{}", "\"7f3a-1\""] {
            let answer = app.user_json("u1", "POST", path, &format!(r#"{{"upTo":{bad}}}"#)).await;
            assert_eq!(answer.pointers(), ["/upTo"], "{bad}");
        }
        let other = app.user("u2", "GET", "/notifications").await.json()["streamCursor"].as_str().unwrap().to_owned();
        let answer = app.user_json("u1", "POST", path, &format!(r#"{{"upTo":"{other}"}}"#)).await;
        answer.problem(409, "foreign-cursor");
        assert_eq!(app.user_json("u1", "POST", path, r#"{"upTo":1,"upTo":2,"x":1}"#).await.pointers(), ["/upTo", "/x"]);
        app.user_json("u1", "POST", path, "nonsense").await.problem(400, "malformed");
    }
    assert_eq!(counts(&app).await, (1, 1, 1));
}
