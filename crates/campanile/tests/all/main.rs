//! The façade as an application uses it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]
#![cfg(feature = "axum")]

mod channels;
mod contract;
mod demo;
mod options;
mod refused;
mod serving;
mod typed;

use axum::{Router, body::Body, http::Request};
use campanile::{
    ApiKey, AudienceDraft, Campanile, Clock, Draft, EngineError, KeySource, MemoryStore, SignalDraft, SystemClock,
    Tenant, TokenOptions, Topic, UserId, mint_token,
};
use http_body_util::BodyExt;
use tower::ServiceExt;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn campanile() -> Campanile {
    let keys = [ApiKey::of_secret("tests", "key")];
    Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).api_keys(keys).build().await.unwrap()
}

/// An application with a state of its own: the routers go into it before that is given.
#[derive(Clone)]
struct Own(&'static str);

fn mounted(campanile: &Campanile) -> Router {
    Router::new()
        .route("/own", axum::routing::get(|axum::extract::State(Own(own))| async move { own }))
        .nest("/push", campanile.router())
        .nest("/push-api", campanile.api_router())
        .merge(campanile.ops_router())
        .merge(campanile.metrics_router())
        .with_state(Own("own"))
}

async fn get(app: &Router, path: &str) -> (u16, String) {
    let options = TokenOptions { user: Some("u1".into()), ..TokenOptions::default() };
    let token = mint_token(SECRET.as_bytes(), SystemClock.now(), &options).unwrap();
    let request = Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn an_application_publishes_and_its_user_reads() {
    let campanile = campanile().await;
    let app = mounted(&campanile);
    let publisher = campanile.publisher();
    let draft = Draft { title: Some("hello".into()), ..Draft::new("t", AudienceDraft::users(["u1", "u2"])) };
    assert_eq!(publisher.publish(&draft).await.unwrap().recipients, 2);
    let elsewhere = publisher.for_tenant(Tenant::new("acme").unwrap());
    elsewhere.publish(&draft).await.unwrap();
    let (status, page) = get(&app, "/push").await;
    assert_eq!(status, 200);
    assert_eq!(page.matches(r#""title":"hello""#).count(), 1, "{page}");
    let signal = SignalDraft { to: AudienceDraft::users(["u1"]), event: "ping".into(), ..SignalDraft::default() };
    assert_eq!(publisher.signal(&signal).await.unwrap(), 0);
    let EngineError::Invalid(faults) = publisher.publish(&Draft::default()).await.unwrap_err() else { panic!() };
    assert_eq!(faults.len(), 2);
}

#[tokio::test]
async fn a_publish_with_a_key_happens_once_and_can_be_taken_back() {
    let campanile = campanile().await;
    let (app, publisher) = (mounted(&campanile), campanile.publisher());
    let draft = Draft { title: Some("once".into()), ..Draft::new("t", AudienceDraft::users(["u1"])) };
    let first = publisher.publish(&draft).once("invoice-42").await.unwrap();
    let again = publisher.publish(&draft).once("invoice-42").await.unwrap();
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(again.notification_id, first.notification_id);
    let other = Draft { title: Some("other".into()), ..draft };
    assert!(matches!(publisher.publish(&other).once("invoice-42").await, Err(EngineError::KeyReused)));
    assert_eq!(get(&app, "/push").await.1.matches(r#""title":"once""#).count(), 1);
    assert!(publisher.withdraw(first.notification_id).await.unwrap());
    assert!(!get(&app, "/push").await.1.contains("once"));
    assert!(!publisher.for_tenant(Tenant::new("acme").unwrap()).withdraw(first.notification_id).await.unwrap());
}

#[tokio::test]
async fn members_of_a_topic_are_published_to_together() {
    let publisher = campanile().await.publisher();
    let (topic, user) = (Topic::new("news").unwrap(), UserId::new("u1").unwrap());
    let draft = Draft::new("t", AudienceDraft::Topic { topic: "news".into(), except: Vec::new() });
    publisher.join(&topic, &user).await.unwrap();
    assert_eq!(publisher.publish(&draft).await.unwrap().recipients, 1);
    publisher.leave(&topic, &user).await.unwrap();
    assert_eq!(publisher.publish(&draft).await.unwrap().recipients, 0);
}

#[tokio::test]
async fn the_routes_live_beside_the_applications_own() {
    let app = mounted(&campanile().await);
    assert_eq!(get(&app, "/own").await, (200, "own".into()));
    for (path, status) in [
        ("/push/counts", 200),
        ("/push-api/connections", 403),
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/metrics", 200),
        ("/push/a/b", 404),
        ("/elsewhere", 404),
    ] {
        assert_eq!(get(&app, path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn tokens_are_taken_by_public_keys_too() {
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../http/tests/keys/rsa-a.pub.pem");
    let building = Campanile::builder().store(MemoryStore::default()).public_keys(KeySource::pem_file(key).unwrap());
    let app = mounted(&building.build().await.unwrap());
    assert_eq!(get(&app, "/push").await.0, 401, "signed with a secret that is not known here");
    let text = std::fs::read_to_string(key).unwrap();
    assert_eq!(KeySource::pem(&text).unwrap().algorithms().unwrap().len(), 1);
    assert!(KeySource::pem("no key").is_err() && KeySource::jwks("{}").is_err());
}

#[tokio::test(start_paused = true)]
async fn leaving_ends_streams_and_closes_the_store() {
    let campanile = campanile().await;
    let app = mounted(&campanile);
    let stream = tokio::spawn({
        let app = app.clone();
        async move { get(&app, "/push/stream").await.1 }
    });
    while campanile.engine().connections() == 0 {
        tokio::task::yield_now().await;
    }
    campanile.shutdown().await;
    assert!(stream.await.unwrap().contains(r#"{"reason":"draining","#));
    assert_eq!(get(&app, "/health/ready").await.0, 503);
    assert_eq!(get(&app, "/push").await.0, 503);
}

#[tokio::test]
async fn other_hosts_than_those_named_are_told_so() {
    let campanile = campanile().await;
    let app = campanile.for_hosts(mounted(&campanile), ["app.example"]);
    for (host, status) in [("app.example:8080", 200), ("evil.example", 421)] {
        let request = Request::get("/own").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), status, "{host}");
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_embedded_store_keeps_what_was_published() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || {
        let store = campanile::Sqlite::open(folder.path().join("app.db")).unwrap();
        Campanile::builder().store(store).jwt_secret(SECRET).build().await.unwrap()
    };
    let first = open().await;
    first.publisher().publish(&Draft::new("t", AudienceDraft::users(["u1"]))).await.unwrap();
    first.shutdown().await;
    drop(first);
    let again = open().await;
    let (status, page) = get(&mounted(&again), "/push").await;
    assert_eq!(status, 200);
    assert!(page.contains(r#""counts":{"unread":1,"unseen":1,"version":1}"#), "{page}");
    again.shutdown().await;
}
