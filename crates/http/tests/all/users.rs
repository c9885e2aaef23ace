//! Revoking a user's credentials, and erasing a user.

use crate::{
    stream_wire::Wire,
    support::{Answer, App, as_key, as_user, credentials, mint},
};
use axum::body::Body;
use campanile_core::{Clock, Engine, ManualClock, Timestamp, store::MemoryStore};
use campanile_http::{HttpOptions, JwtOptions, TokenOptions, mint_token};
use http::Request;
use serde_json::json;
use std::{sync::Arc, time::Duration};

async fn revoke(app: &App, user: &str, issued_before: &str) -> Answer {
    let request = as_key().method("POST").uri(format!("/api/users/{user}/revoke"));
    let body = json!({"issuedBefore": issued_before}).to_string();
    app.call(request.header("content-type", "application/json").body(Body::from(body)).unwrap()).await
}

async fn delete(app: &App, path: &str) -> Answer {
    app.call(as_key().method("DELETE").uri(path).body(Body::empty()).unwrap()).await
}

const NOW: i64 = 1_800_000_000;
const SOON: &str = "2027-01-15T08:00:01Z";

/// An application whose clock stands, and tokens by it.
fn at_now() -> (App, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
    let engine = Engine::builder(Arc::new(MemoryStore::default())).clock(clock.clone());
    (App::over(engine, credentials(JwtOptions::default()), HttpOptions::default()), clock)
}

fn token(clock: &ManualClock, user: &str, scope: Option<&str>) -> String {
    let options = TokenOptions { user: Some(user.into()), scope: scope.map(Into::into), ..TokenOptions::default() };
    mint_token(crate::support::SECRET, clock.now(), &options).unwrap()
}

async fn get(app: &App, path: &str, token: &str) -> Answer {
    app.call(Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn older_tokens_are_401_and_younger_ones_good() {
    let (app, clock) = at_now();
    let old = token(&clock, "u1", None);
    let other = token(&clock, "u2", None);
    assert_eq!(get(&app, "/notifications", &old).await.status, 200);
    let answer = revoke(&app, "u1", SOON).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0), "{answer}");
    for path in ["/notifications", "/notifications/counts", "/notifications/changes"] {
        let answer = get(&app, path, &old).await;
        answer.problem(401, "credentials-invalid");
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{path}");
        assert_eq!(get(&app, path, &other).await.status, 200, "{path}");
    }
    get(&app, "/notifications/stream", &old).await.problem(401, "credentials-invalid");
    for (method, path) in [
        ("POST", "/notifications/read-all"),
        ("POST", "/notifications/bulk"),
        ("POST", "/notifications/stream/tickets"),
        ("DELETE", "/notifications/00000000-0000-7000-8000-000000000000"),
        ("HEAD", "/notifications/stream"),
    ] {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {old}"));
        assert_eq!(app.call(request.body(Body::empty()).unwrap()).await.status, 401, "{method} {path}");
    }
    clock.set(Timestamp::from_seconds(NOW + 1));
    assert_eq!(get(&app, "/notifications", &token(&clock, "u1", None)).await.status, 200, "issued at that moment");
    assert_eq!(revoke(&app, "u1", "2020-01-01T00:00:00Z").await.status, 202);
    assert_eq!(get(&app, "/notifications", &old).await.status, 401, "an earlier moment takes nothing back");
}

#[tokio::test]
async fn tickets_from_before_and_an_applications_tokens_are_revoked_too() {
    let (app, clock) = at_now();
    let request = Request::post("/notifications/stream/tickets");
    let request = request.header("authorization", format!("Bearer {}", token(&clock, "u1", None)));
    let ticket = app.call(request.body(Body::empty()).unwrap()).await.json()["ticket"].as_str().unwrap().to_owned();
    let admin = token(&clock, "u1", Some("notifications:admin"));
    assert_eq!(get(&app, "/api/connections", &admin).await.status, 200);
    assert_eq!(revoke(&app, "u1", SOON).await.status, 202);
    get(&app, "/api/connections", &admin).await.problem(401, "credentials-invalid");
    for method in ["HEAD", "GET"] {
        let request = Request::builder().method(method).uri(format!("/notifications/stream?ticket={ticket}"));
        assert_eq!(app.call(request.body(Body::empty()).unwrap()).await.status, 401, "{method}");
    }
}

#[tokio::test]
async fn open_streams_of_revoked_tokens_end_with_revoked() {
    let app = App::new();
    let address = app.listen().await;
    let mut wire = Wire::open(address, "u1", "", "").await;
    wire.until("event: ready").await;
    let mut other = Wire::open(address, "u2", "", "").await;
    other.until("event: ready").await;
    assert_eq!(revoke(&app, "u1", "2100-01-01T00:00:00Z").await.status, 202);
    let told = wire.read_out().await;
    assert!(told.contains("event: reconnect\ndata: {\"reason\":\"revoked\""), "{told}");
    app.publish("u2", "not touched").await;
    other.until("not touched").await;
    let again = Wire::open(address, "u1", "", "connection: close\r\n").await.read_out().await;
    assert!(again.starts_with("HTTP/1.1 401 "), "{again}");
}

#[tokio::test]
async fn a_waiting_poll_of_a_revoked_token_ends_with_401() {
    let app = App::new();
    let (answer, revoked) = tokio::join!(app.user("u1", "GET", "/notifications/changes?wait=60"), async {
        while app.http.engine().connections() == 0 {
            tokio::task::yield_now().await;
        }
        revoke(&app, "u1", "2100-01-01T00:00:00Z").await
    });
    assert_eq!(revoked.status, 202);
    answer.problem(401, "credentials-invalid");
}

#[tokio::test]
async fn a_revocation_says_a_moment_and_nothing_else() {
    let app = App::new();
    let post = async |body: &str| {
        let request = as_key().method("POST").uri("/api/users/u1/revoke").header("content-type", "application/json");
        app.call(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    for (body, pointers) in [
        ("{}", &["/issuedBefore"][..]),
        (r#"{"issuedBefore":null}"#, &["/issuedBefore"]),
        (r#"{"issuedBefore":1800000000}"#, &["/issuedBefore"]),
        (r#"{"issuedBefore":"yesterday"}"#, &["/issuedBefore"]),
        (r#"{"issuedBefore":"2026-01-31"}"#, &["/issuedBefore"]),
        (r#"{"issuedBefore":"2026-01-31T12:00:00Z","user":"u2"}"#, &["/user"]),
        ("[]", &[""]),
    ] {
        assert_eq!(post(body).await.pointers(), pointers, "{body}");
    }
    post("{").await.problem(400, "malformed");
    post("").await.problem(400, "malformed");
    assert_eq!(post(r#"{"issuedBefore":"2100-01-31T12:00:00+02:00","tenant":"acme"}"#).await.status, 202);
    assert_eq!(app.user("u1", "GET", "/notifications").await.status, 200, "another tenant's user");
    assert_eq!(revoke(&app, "a%00", "2026-01-31T12:00:00Z").await.pointers(), ["/path/user"]);
}

#[tokio::test]
async fn an_erased_user_is_gone_and_begins_anew() {
    let app = App::new();
    let id = app.publish("u/1", "secret words").await;
    app.publish("u2", "other").await;
    let before = app.user("u/1", "GET", "/notifications").await.json();
    let cursor = before["streamCursor"].as_str().unwrap();
    let join = as_key().method("PUT").uri("/api/topics/news/members/u%2F1").body(Body::empty()).unwrap();
    assert_eq!(app.call(join).await.status, 204);
    let mut wire = Wire::open(app.listen().await, "u/1", "", "").await;
    wire.until("event: ready").await;
    let answer = delete(&app, "/api/users/u%2F1").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0));
    assert!(wire.read_out().await.contains(r#""reason":"revoked""#));
    app.user("u/1", "GET", &format!("/notifications/{id}")).await.problem(404, "not-found");
    let after = app.user("u/1", "GET", "/notifications").await.json();
    assert_eq!((&after["items"], &after["counts"]), (&json!([]), &json!({"unread": 0, "unseen": 0, "version": 0})));
    let changes = app.user("u/1", "GET", &format!("/notifications/changes?after={cursor}")).await.json();
    assert_eq!((&changes["resume"], &changes["resetReason"]), (&json!("reset"), &json!("unknown")));
    let news = as_key().uri("/api/topics/news/members").body(Body::empty()).unwrap();
    assert_eq!(app.call(news).await.json()["items"], json!([]));
    assert_eq!(app.user("u2", "GET", "/notifications/counts").await.json()["unread"], 1);
    assert_eq!(delete(&app, "/api/users/u%2F1").await.status, 202);
    assert_eq!(delete(&app, "/api/users/nobody").await.status, 202);
}

#[tokio::test]
async fn a_token_without_iat_falls_to_any_revocation() {
    let app = App::new();
    let claims = json!({"sub": "u1", "exp": 4_000_000_000u64});
    let key = jsonwebtoken::EncodingKey::from_secret(crate::support::SECRET);
    let bare = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    assert_eq!(get(&app, "/notifications", &bare).await.status, 200);
    assert_eq!(revoke(&app, "u1", "2000-01-01T00:00:00Z").await.status, 202);
    assert_eq!(get(&app, "/notifications", &bare).await.status, 401);
    assert_eq!(app.user("u1", "GET", "/notifications").await.status, 200);
    let minted =
        mint(&TokenOptions { user: Some("u1".into()), ttl: Duration::from_secs(9), ..TokenOptions::default() });
    assert_eq!(get(&app, "/notifications", &minted).await.status, 200);
    assert_eq!(app.call(as_user("u1").uri("/notifications").body(Body::empty()).unwrap()).await.status, 200);
}
