//! What became of a publish, and withdrawing it.

use crate::{
    stream_wire::Wire,
    support::{Answer, App, as_key},
};
use axum::body::Body;
use serde_json::{Value, json};

async fn get(app: &App, path: &str) -> Answer {
    app.call(as_key().uri(path).body(Body::empty()).unwrap()).await
}

async fn withdraw(app: &App, id: &str) -> Answer {
    app.call(as_key().method("DELETE").uri(format!("/api/notifications/{id}")).body(Body::empty()).unwrap()).await
}

async fn publish_to(app: &App, users: &[&str]) -> String {
    let body = json!({"type": "a.b", "to": {"users": users}, "title": "words to be withdrawn"}).to_string();
    let answer = app.api("/api/notifications", body).await;
    answer.header("location").unwrap().to_owned()
}

fn id_of(location: &str) -> &str {
    location.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn the_location_of_a_publish_says_what_became_of_it() {
    let app = App::new();
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: ready").await;
    let location = publish_to(&app, &["u1", "u2", "u3"]).await;
    let id = id_of(&location);
    assert_eq!(app.user("u2", "POST", &format!("/notifications/{id}/read")).await.status, 204);
    let outcome = get(&app, &location).await.json();
    assert!(outcome["occurredAt"].as_str().unwrap().ends_with('Z'));
    let expected = json!({"notificationId": id, "type": "a.b", "occurredAt": outcome["occurredAt"], "state": "done",
        "recipients": 3, "stored": 3, "live": 1, "read": 1});
    assert_eq!(outcome, expected);
    assert_eq!(withdraw(&app, id).await.status, 202);
    assert_eq!(get(&app, &location).await.json()["state"], "withdrawn");
}

#[tokio::test]
async fn recipients_are_listed_in_pages_with_what_they_did() {
    let app = App::new();
    let location = publish_to(&app, &["zoë", "u1", "u2"]).await;
    let id = id_of(&location);
    for (user, action) in [("u1", "read"), ("u2", "archive")] {
        assert_eq!(app.user(user, "POST", &format!("/notifications/{id}/{action}")).await.status, 204);
    }
    assert_eq!(app.user("zoë", "DELETE", &format!("/notifications/{id}")).await.status, 204);
    let first = get(&app, &format!("{location}/recipients?limit=2")).await.json();
    let items = first["items"].as_array().unwrap();
    assert_eq!((&items[0]["user"], &items[1]["user"]), (&json!("u1"), &json!("u2")));
    assert_eq!((&items[0]["seq"], &items[0]["read"], &items[0]["seen"]), (&json!(1), &json!(true), &json!(true)));
    assert!(items[0]["readAt"].is_string() && items[0]["seenAt"].is_string() && items[0]["archivedAt"].is_null());
    assert_eq!((&items[1]["read"], &items[1]["archived"]), (&json!(false), &json!(true)));
    assert!(items.iter().all(|item| item["removed"] == false));
    let next = first["nextCursor"].as_str().unwrap();
    let second = get(&app, &format!("{location}/recipients?limit=2&cursor={next}")).await.json();
    assert_eq!((&second["items"][0]["user"], &second["items"][0]["removed"]), (&json!("zoë"), &json!(true)));
    assert_eq!((second["items"].as_array().unwrap().len(), &second["nextCursor"]), (1, &Value::Null));
}

#[tokio::test]
async fn bad_pages_are_422_with_their_parameters() {
    let app = App::new();
    let location = publish_to(&app, &["u1"]).await;
    for (query, name) in [("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=zz", "cursor"), ("page=2", "page")] {
        let answer = get(&app, &format!("{location}/recipients?{query}")).await;
        assert_eq!(answer.pointers(), [format!("/query/{name}")], "{query}");
    }
}

#[tokio::test]
async fn what_was_never_published_in_this_tenant_is_404() {
    let app = App::new();
    let location = publish_to(&app, &["u1"]).await;
    for path in [
        format!("{location}?tenant=acme"),
        "/api/notifications/00000000-0000-7000-8000-000000000000".into(),
        "/api/notifications/nonsense".into(),
        "/api/notifications/%ff".into(),
    ] {
        get(&app, &path).await.problem(404, "not-found");
        get(&app, &path.replace("?", "/recipients?")).await.problem(404, "not-found");
        let request = as_key().method("DELETE").uri(&path).body(Body::empty()).unwrap();
        app.call(request).await.problem(404, "not-found");
    }
    assert_eq!(get(&app, &location).await.json()["state"], "done");
}

#[tokio::test]
async fn a_withdrawn_notification_is_gone_from_inboxes_and_told_to_streams() {
    let app = App::new();
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: ready").await;
    let location = publish_to(&app, &["u1", "u2"]).await;
    let id = id_of(&location).to_owned();
    wire.until("event: counts").await;
    let answer = withdraw(&app, &id).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0));
    let told = wire.until(r#""state":{"removed":true}}"#).await;
    assert!(told.contains(&format!("event: updated\ndata: {{\"notificationIds\":[\"{id}\"],\"state\"")), "{told}");
    wire.until(r#"data: {"unread":0,"unseen":0,"version":2}"#).await;
    for user in ["u1", "u2"] {
        app.user(user, "GET", &format!("/notifications/{id}")).await.problem(404, "not-found");
        assert_eq!(app.user(user, "GET", "/notifications").await.json()["items"], json!([]));
    }
    assert_eq!(withdraw(&app, &id).await.status, 202, "again is as good as once");
    let replayed = get_changes(&app, "u2").await;
    assert!(!replayed.contains("words to be withdrawn") && replayed.contains(&id), "{replayed}");
}

async fn get_changes(app: &App, user: &str) -> String {
    let page = app.user(user, "GET", "/notifications").await.json();
    let cursor = page["streamCursor"].as_str().unwrap();
    let (epoch, _) = cursor.split_once('-').unwrap();
    let answer = app.user(user, "GET", &format!("/notifications/changes?after={epoch}-0")).await;
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn withdrawing_takes_no_body_or_an_empty_one() {
    let app = App::new();
    let location = publish_to(&app, &["u1"]).await;
    let delete = |body: &'static str| {
        let request = as_key().method("DELETE").uri(&location).header("content-type", "application/json");
        request.body(Body::from(body)).unwrap()
    };
    assert_eq!(app.call(delete(r#"{"why":"no"}"#)).await.pointers(), ["/why"]);
    assert_eq!(app.call(delete("{}")).await.status, 202);
}
