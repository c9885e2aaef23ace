//! Reading the inbox.

use crate::{stream_wire::Wire, support::App};
use serde_json::{Value, json};

async fn titles(app: &App, path: &str) -> Vec<String> {
    let answer = app.user("u1", "GET", path).await;
    assert_eq!(answer.status, 200, "{answer}");
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_inbox_is_listed_newest_first_in_pages_that_stay_put() {
    let app = App::new();
    for n in 1..=5 {
        app.publish("u1", &n.to_string()).await;
    }
    let first = app.user("u1", "GET", "/notifications?limit=2").await.json();
    assert_eq!((&first["items"][0]["title"], &first["items"][1]["title"]), (&json!("5"), &json!("4")));
    assert_eq!(first["counts"], json!({"unread": 5, "unseen": 5, "version": 5}));
    app.publish("u1", "6").await;
    let next = |page: &Value| page["nextCursor"].as_str().unwrap().to_owned();
    let second = app.user("u1", "GET", &format!("/notifications?limit=2&cursor={}", next(&first))).await.json();
    assert_eq!((&second["items"][0]["title"], &second["items"][1]["title"]), (&json!("3"), &json!("2")));
    let third = app.user("u1", "GET", &format!("/notifications?limit=2&cursor={}", next(&second))).await.json();
    assert_eq!(third["items"].as_array().unwrap().len(), 1);
    assert_eq!(third["nextCursor"], Value::Null);
    assert_eq!(titles(&app, "/notifications").await.len(), 6);
}

#[tokio::test]
async fn an_empty_inbox_is_an_empty_page_with_a_position() {
    let app = App::new();
    let page = app.user("u1", "GET", "/notifications").await.json();
    assert_eq!((&page["items"], &page["nextCursor"]), (&json!([]), &Value::Null));
    assert_eq!(page["counts"], json!({"unread": 0, "unseen": 0, "version": 0}));
    assert!(page["streamCursor"].as_str().unwrap().ends_with("-0"));
}

#[tokio::test]
async fn opening_the_stream_at_the_inboxs_position_misses_and_repeats_nothing() {
    let app = App::new();
    app.publish("u1", "listed").await;
    let page = app.user("u1", "GET", "/notifications").await.json();
    app.publish("u1", "between").await;
    let query = format!("?lastEventId={}", page["streamCursor"].as_str().unwrap());
    let mut wire = Wire::open(app.listen().await, "u1", &query, "").await;
    let stream = wire.until("event: counts").await;
    assert!(stream.contains(r#""resume":"exact""#) && stream.contains(r#""title":"between""#), "{stream}");
    assert!(!stream.contains("listed"), "{stream}");
}

#[tokio::test]
async fn the_list_is_narrowed_by_state_type_and_severity() {
    let app = App::new();
    for (kind, severity) in [("a", "info"), ("a", "error"), ("b", "error")] {
        let title = format!("{kind}-{severity}");
        let body = json!({"type": kind, "to": {"users": ["u1"]}, "severity": severity, "title": title});
        assert_eq!(app.api("/api/notifications", body.to_string()).await.status, 202);
    }
    let id = |title: &'static str| {
        let app = &app;
        async move {
            let items = app.user("u1", "GET", "/notifications").await.json()["items"].clone();
            let item = items.as_array().unwrap().iter().find(|item| item["title"] == title).unwrap().clone();
            item["notificationId"].as_str().unwrap().to_owned()
        }
    };
    let (read, archived) = (id("a-error").await, id("b-error").await);
    assert_eq!(app.user("u1", "POST", &format!("/notifications/{read}/read")).await.status, 204);
    assert_eq!(app.user("u1", "POST", &format!("/notifications/{archived}/archive")).await.status, 204);
    for (query, expected) in [
        ("", &["a-error", "a-info"][..]),
        ("?status=all", &["a-error", "a-info"]),
        ("?status=unread", &["a-info"]),
        ("?status=read", &["a-error"]),
        ("?status=archived", &["b-error"]),
        ("?type=a&severity=error", &["a-error"]),
        ("?type=b", &[]),
        ("?severity=fatal", &[]),
    ] {
        assert_eq!(titles(&app, &format!("/notifications{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn bad_parameters_are_422_with_their_names() {
    let app = App::new();
    for query in ["limit=0", "limit=101", "limit=x", "status=new", "severity=loud", "type=", "cursor=x", "page=2"] {
        let name = query.split('=').next().unwrap();
        let answer = app.user("u1", "GET", &format!("/notifications?{query}")).await;
        assert_eq!(answer.pointers(), [format!("/query/{name}")], "{query}");
    }
}

#[tokio::test]
async fn a_page_of_another_inbox_is_409() {
    let app = App::new();
    for title in ["1", "2"] {
        app.publish("u1", title).await;
        app.publish("u2", title).await;
    }
    let other = app.user("u2", "GET", "/notifications?limit=1").await.json()["nextCursor"].as_str().unwrap().to_owned();
    app.user("u1", "GET", &format!("/notifications?cursor={other}")).await.problem(409, "foreign-cursor");
    let position = app.user("u1", "GET", "/notifications").await.json()["streamCursor"].as_str().unwrap().to_owned();
    assert_eq!(app.user("u1", "GET", &format!("/notifications?cursor={position}")).await.pointers(), ["/query/cursor"]);
}

#[tokio::test]
async fn one_item_is_read_by_its_owner_only() {
    let app = App::new();
    let id = app.publish("u1", "mine").await;
    let path = format!("/notifications/{id}");
    let item = app.user("u1", "GET", &path).await.json();
    assert_eq!((&item["title"], &item["seq"], &item["read"]), (&json!("mine"), &json!(1), &json!(false)));
    app.user("u2", "GET", &path).await.problem(404, "not-found");
    for unknown in ["00000000-0000-7000-8000-000000000000", "nonsense", "%ff", &id.replace('-', "")] {
        app.user("u1", "GET", &format!("/notifications/{unknown}")).await.problem(404, "not-found");
    }
    let head = app.user("u1", "HEAD", &path).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
}

#[tokio::test]
async fn counts_are_true_at_their_version() {
    let app = App::new();
    assert_eq!(
        app.user("u1", "GET", "/notifications/counts").await.json(),
        json!({"unread": 0, "unseen": 0, "version": 0})
    );
    app.publish("u1", "one").await;
    app.publish("u2", "other").await;
    let answer = app.user("u1", "GET", "/notifications/counts").await;
    assert_eq!(answer.body.as_ref(), br#"{"unread":1,"unseen":1,"version":1}"#);
}
