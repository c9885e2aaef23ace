//! `POST /api/notifications/batch`.

use crate::{
    held::Held,
    support::{Answer, App, KEY, as_key, scoped},
};
use axum::body::Body;
use campanile_core::{Engine, store::MemoryStore};
use campanile_http::HttpOptions;
use serde_json::{Value, json};
use std::sync::Arc;

const PATH: &str = "/api/notifications/batch";

async fn lines(app: &App, body: &str) -> Answer {
    let request = as_key().method("POST").uri(PATH).header("content-type", "application/x-ndjson");
    app.call(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn outcomes(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer}");
    answer.json().as_array().unwrap().clone()
}

fn statuses(outcomes: &[Value]) -> Vec<u64> {
    outcomes.iter().map(|outcome| outcome["status"].as_u64().unwrap()).collect()
}

async fn titles(app: &App, user: &str) -> Vec<String> {
    let items = app.user(user, "GET", "/notifications?limit=100").await.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_publish_of_an_array_is_answered_in_order() {
    let app = App::new();
    let body = json!([
        {"type": "t", "to": {"users": ["u1", "u2"]}, "title": "1"},
        {"type": "t", "to": {"users": ["u1"]}, "title": "2"},
    ]);
    let answer = app.api(PATH, body.to_string()).await;
    let outcomes = outcomes(&answer);
    assert_eq!(statuses(&outcomes), [202, 202]);
    assert_eq!((&outcomes[0]["recipients"], &outcomes[1]["recipients"]), (&json!(2), &json!(1)));
    for outcome in &outcomes {
        assert_eq!(outcome["replayed"], false);
        let id = outcome["notificationId"].as_str().unwrap();
        assert_eq!(app.user("u1", "GET", &format!("/notifications/{id}")).await.status, 200);
    }
    assert_eq!(titles(&app, "u1").await, ["2", "1"]);
    assert_eq!(app.api(PATH, "[]").await.json(), json!([]));
}

#[tokio::test]
async fn one_bad_publish_does_not_spoil_the_rest() {
    let app = App::new();
    let body = json!([
        {"type": "t", "to": {"users": ["u1"]}, "title": "1"},
        {"type": "two words", "to": {"users": []}},
        7,
        {"type": "t", "to": {"users": ["u1"]}, "title": "2", "surprise": 1},
        {"type": "t", "to": {"users": ["u1"]}, "title": "3"},
        {"type": "t", "to": {"users": ["u1"]}, "tenant": ""},
    ]);
    let outcomes = outcomes(&app.api(PATH, body.to_string()).await);
    assert_eq!(statuses(&outcomes), [202, 422, 422, 422, 202, 422]);
    let pointers = |at: usize| -> Vec<&str> {
        let errors = outcomes[at]["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
    };
    assert_eq!(pointers(1), ["/type", "/to/users"]);
    assert_eq!((pointers(2), pointers(3), pointers(5)), (vec![""], vec!["/surprise"], vec!["/tenant"]));
    assert_eq!(outcomes[1]["code"], "invalid");
    assert!(["type", "title", "detail"].iter().all(|member| outcomes[1][member].is_string()));
    assert_eq!(titles(&app, "u1").await, ["3", "1"]);
}

#[tokio::test]
async fn lines_are_answered_by_lines_and_a_malformed_one_is_400_alone() {
    let app = App::new();
    let body = concat!(
        r#"{"type":"t","to":{"users":["u1"]},"title":"1"}"#,
        "\r\n\n  \n",
        "{\"type\":\n",
        "{\"title\":\"\\ud800\"}\n",
        "nonsense\n",
        r#"{"type":"t","to":{"users":["u1"]},"title":"2"}"#,
    );
    let answer = lines(&app, body).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/x-ndjson")));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(text.ends_with("}\n"), "{text}");
    let outcomes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(statuses(&outcomes), [202, 400, 400, 400, 202]);
    assert_eq!(outcomes[1]["code"], "malformed");
    assert_eq!(titles(&app, "u1").await, ["2", "1"]);
    assert_eq!(lines(&app, "").await.body.len(), 0);
}

#[tokio::test]
async fn an_array_that_cannot_be_parsed_is_400_as_a_whole() {
    let app = App::new();
    for body in ["", "[", r#"[{"type":"t","to":{"users":["u1"]}},]"#, "{}x", r#"[{"type":"t","to":{"users":["u1"]}}]]"#]
    {
        app.api(PATH, body).await.problem(400, "malformed");
    }
    for body in ["{}", "null", r#"{"type":"t","to":{"users":["u1"]}}"#] {
        assert_eq!(app.api(PATH, body).await.pointers(), [""], "{body}");
    }
    assert!(titles(&app, "u1").await.is_empty());
}

#[tokio::test]
async fn a_batch_has_at_most_1000_publishes_10000_users_and_4_mib() {
    let app = App::new();
    let many = |items: usize, users: usize| {
        let users: Vec<String> = (0..users).map(|n| format!("u{n}")).collect();
        let item = json!({"type": "t", "to": {"users": users}});
        Value::from(vec![item; items]).to_string()
    };
    assert_eq!(app.api(PATH, many(1001, 1)).await.pointers(), [""]);
    assert_eq!(app.api(PATH, many(1001, 0)).await.pointers(), [""], "bad ones count");
    assert_eq!(app.api(PATH, many(101, 100)).await.pointers(), [""]);
    app.api(PATH, " ".repeat((4 << 20) + 1)).await.problem(413, "body-too-large");
    assert_eq!(app.user("u0", "GET", "/notifications/counts").await.json()["unread"], 0, "nothing of it was done");
    let full = outcomes(&app.api(PATH, many(1000, 10)).await);
    assert_eq!(statuses(&full), vec![202; 1000]);
    let large = format!("{}{}", many(1, 10_000), " ".repeat(4 << 20));
    assert_eq!(statuses(&outcomes(&app.api(PATH, large[..4 << 20].to_owned()).await)), [202]);
    assert_eq!(app.user("u9", "GET", "/notifications/counts").await.json()["unread"], 1001);
}

#[tokio::test]
async fn the_publishes_reach_the_store_together_and_in_their_order() {
    let store = Arc::new(Held::default());
    let app = App::with(Engine::builder(store.clone()), HttpOptions::default());
    let titles_in: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let items: Vec<_> = titles_in.iter().map(|t| json!({"type": "t", "to": {"users": ["u1"]}, "title": t})).collect();
    let (answer, ()) = tokio::join!(app.api(PATH, Value::from(items).to_string()), async {
        while store.waiting() < 100 {
            tokio::task::yield_now().await;
        }
        store.let_go();
    });
    assert_eq!(statuses(&outcomes(&answer)), vec![202; 100]);
    let newest_first: Vec<String> = titles_in.into_iter().rev().collect();
    assert_eq!(titles(&app, "u1").await, newest_first);
}

#[tokio::test]
async fn publishes_of_a_batch_may_have_their_own_keys() {
    let app = App::new();
    let item = |key: &str, title: &str| {
        format!(r#"{{"type":"t","to":{{"users":["u1"]}},"title":"{title}","idempotencyKey":"{key}"}}"#)
    };
    let body = format!("[{}, {},{},{}]", item("a", "1"), item("b", "2"), item("a", "1"), item("b", "other"));
    let first = outcomes(&app.api(PATH, body.clone()).await);
    assert_eq!(statuses(&first), [202, 202, 202, 422]);
    assert_eq!((&first[0]["replayed"], &first[2]["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(first[2]["notificationId"], first[0]["notificationId"]);
    assert_eq!(first[3]["code"], "idempotency-key-reused");
    let again = outcomes(&app.api(PATH, body).await);
    assert_eq!((&again[1]["replayed"], &again[1]["notificationId"]), (&json!(true), &first[1]["notificationId"]));
    assert_eq!(titles(&app, "u1").await, ["2", "1"]);
    let bad = json!([{"type": "t", "to": {"users": ["u1"]}, "idempotencyKey": "two words"}, {"idempotencyKey": 7}]);
    let outcomes = outcomes(&app.api(PATH, bad.to_string()).await);
    assert_eq!(outcomes[0]["errors"][0]["pointer"], "/idempotencyKey");
    assert!(outcomes[1]["errors"].to_string().contains("/idempotencyKey"));
    let request = as_key().method("POST").uri(PATH).header("content-type", "application/json");
    let keyed = app.call(request.header("idempotency-key", "k").body(Body::from("[]")).unwrap()).await;
    assert_eq!(keyed.pointers(), ["/header/idempotency-key"]);
}

#[tokio::test]
async fn each_publish_may_name_its_tenant_but_a_tokens_only_its_own() {
    let app = App::new();
    let body = r#"[{"type":"t","to":{"users":["u1"]},"tenant":"acme"},{"type":"t","to":{"users":["u1"]}}]"#;
    assert_eq!(statuses(&outcomes(&app.api(PATH, body).await)), [202, 202]);
    assert_eq!(app.user("u1", "GET", "/notifications/counts").await.json()["unread"], 1);
    for (bearer, path, expected) in [
        (scoped("notifications:publish"), PATH.to_owned(), [403, 202]),
        (KEY.to_owned(), format!("{PATH}?tenant=acme"), [202, 202]),
        (KEY.to_owned(), format!("{PATH}?tenant=other"), [422, 202]),
    ] {
        let request = http::Request::post(&path).header("authorization", format!("Bearer {bearer}"));
        let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
        assert_eq!(statuses(&outcomes(&app.call(request).await)), expected, "{path}");
    }
}

#[tokio::test]
async fn a_batch_is_json_or_lines_by_its_own_account() {
    let app = App::new();
    for content_type in ["text/plain", "application/ndjson", "application/x-ndjson; charset=latin1"] {
        let request = as_key().method("POST").uri(PATH).header("content-type", content_type);
        app.call(request.body(Body::from("[]")).unwrap()).await.problem(415, "unsupported-media-type");
    }
    let single = as_key().method("POST").uri("/api/notifications").header("content-type", "application/x-ndjson");
    app.call(single.body(Body::from("{}")).unwrap()).await.problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn publishes_that_the_store_does_not_take_are_503_each() {
    let store = Arc::new(MemoryStore::default());
    let app = App::with(Engine::builder(store), HttpOptions::default());
    app.http.engine().store().close().await;
    let body = r#"[{"type":"t","to":{"users":["u1"]}},{"type":"","to":{"users":["u1"]}}]"#;
    assert_eq!(statuses(&outcomes(&app.api(PATH, body).await)), [503, 422]);
}
