//! `Idempotency-Key`: a repeated publish answers what the first one did.

use crate::{
    held::Held,
    support::{Answer, App, KEY, mint, scoped},
};
use axum::body::Body;
use campanile_core::Engine;
use campanile_http::{HttpOptions, TokenOptions};
use http::Request;
use serde_json::json;
use std::sync::Arc;

const BODY: &str = r#"{"type":"t","to":{"users":["u1","u2"]}}"#;

async fn publish_as(app: &App, bearer: &str, key: &str, path: &str, body: &str) -> Answer {
    let request =
        Request::post(path).header("authorization", format!("Bearer {bearer}")).header("idempotency-key", key);
    app.call(request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap()).await
}

async fn publish(app: &App, key: &str, body: &str) -> Answer {
    publish_as(app, KEY, key, "/api/notifications", body).await
}

async fn unread(app: &App, user: &str) -> u64 {
    app.user(user, "GET", "/notifications/counts").await.json()["unread"].as_u64().unwrap()
}

#[tokio::test]
async fn the_same_key_and_body_give_the_first_answer_again() {
    let app = App::new();
    let first = publish(&app, "k1", BODY).await;
    assert_eq!((first.status.as_u16(), &first.json()["replayed"]), (202, &json!(false)));
    for _ in 0..2 {
        let again = publish(&app, "k1", BODY).await;
        assert_eq!((again.status.as_u16(), &again.json()["replayed"]), (202, &json!(true)));
        for member in ["notificationId", "recipients"] {
            assert_eq!(again.json()[member], first.json()[member], "{member}");
        }
        assert_eq!(again.header("location"), first.header("location"));
    }
    assert_eq!(unread(&app, "u1").await, 1);
    assert_eq!(publish(&app, "k2", BODY).await.json()["replayed"], false);
    assert_eq!(unread(&app, "u1").await, 2);
}

#[tokio::test]
async fn the_same_key_for_another_body_is_422_whatever_the_difference() {
    let app = App::new();
    assert_eq!(publish(&app, "k", BODY).await.status, 202);
    for other in [r#"{"type":"t","to":{"users":["u1"]}}"#.to_owned(), BODY.replace(',', ", "), format!("{BODY}\n")] {
        publish(&app, "k", &other).await.problem(422, "idempotency-key-reused");
    }
    assert_eq!(unread(&app, "u1").await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_tenant_and_credential() {
    let app = App::new();
    let token = |issuer: &str, user: &str| {
        mint(&TokenOptions {
            user: Some(user.into()),
            issuer: Some(issuer.into()),
            scope: Some("notifications:publish".into()),
            ..TokenOptions::default()
        })
    };
    let path = "/api/notifications";
    for (bearer, path) in [
        (KEY.to_owned(), path),
        (KEY.to_owned(), "/api/notifications?tenant=acme"),
        ("another".into(), path),
        (token("a", "app"), path),
        (token("b", "app"), path),
        (token("a", "bpp"), path),
        (scoped("notifications:publish"), path),
    ] {
        assert_eq!(publish_as(&app, &bearer, "k", path, BODY).await.json()["replayed"], false, "{path}");
        assert_eq!(publish_as(&app, &bearer, "k", path, BODY).await.json()["replayed"], true, "{path}");
    }
    let renewed = mint(&TokenOptions {
        user: Some("app".into()),
        issuer: Some("a".into()),
        scope: Some("notifications:admin".into()),
        ..TokenOptions::default()
    });
    assert_eq!(publish_as(&app, &renewed, "k", path, BODY).await.json()["replayed"], true, "a renewed token");
    assert_eq!(unread(&app, "u1").await, 6);
}

#[tokio::test]
async fn refusals_are_not_stored() {
    let app = App::new();
    let bad = r#"{"type":"two words","to":{"users":["u1"]}}"#;
    assert_eq!(publish(&app, "k", bad).await.pointers(), ["/type"]);
    publish(&app, "k", "{").await.problem(400, "malformed");
    assert_eq!(publish(&app, "k", BODY).await.json()["replayed"], false);
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_ascii() {
    let app = App::new();
    assert_eq!(publish(&app, &"x".repeat(255), BODY).await.status, 202);
    for bad in ["", "two words", "é", &"x".repeat(256)] {
        assert_eq!(publish(&app, bad, BODY).await.pointers(), ["/header/idempotency-key"], "{bad:?}");
    }
    let twice = crate::support::as_key().method("POST").uri("/api/notifications");
    let twice = twice.header("idempotency-key", "a").header("idempotency-key", "a");
    let twice = twice.header("content-type", "application/json").body(Body::from(BODY)).unwrap();
    assert_eq!(app.call(twice).await.pointers(), ["/header/idempotency-key"]);
    let in_body = r#"{"type":"t","to":{"users":["u1"]},"idempotencyKey":"k1"}"#;
    assert_eq!(app.api("/api/notifications", in_body).await.pointers(), ["/idempotencyKey"]);
    assert_eq!(unread(&app, "u1").await, 1);
}

#[tokio::test]
async fn one_in_progress_is_409() {
    let store = Arc::new(Held::default());
    let app = App::with(Engine::builder(store.clone()), HttpOptions::default());
    let (first, second) = tokio::join!(publish(&app, "k", BODY), async {
        let second = publish(&app, "k", BODY).await;
        store.let_go();
        second
    });
    second.problem(409, "idempotency-in-progress");
    assert!(second.header("retry-after").is_some());
    assert_eq!((first.status.as_u16(), &first.json()["replayed"]), (202, &json!(false)));
    let (again, ()) = tokio::join!(publish(&app, "k", BODY), async { store.let_go() });
    assert_eq!(again.json()["replayed"], true);
}
