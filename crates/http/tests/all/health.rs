//! Health and metrics.

use crate::support::App;
use axum::body::Body;
use campanile_core::{
    Engine, Mark, NotificationId, Recipient, Seq, Tenant, Timestamp, Topic, UserId,
    store::{
        Done, Head, InboxPage, InboxQuery, Item, LogPage, Marked, MemoryStore, NamePage, Publish, Published,
        RecipientRecord, Record, Store, StoreResult, Sweep, Swept, Withdrawn,
    },
};
use campanile_http::{ApiKey, HttpOptions};
use futures_util::future::{BoxFuture, pending};
use http::Request;
use std::{sync::Arc, time::Duration};

async fn get(app: &App, path: &str) -> crate::support::Answer {
    app.call(Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_node_is_ready_until_it_leaves_and_alive_all_the_time() {
    let app = App::new();
    assert_eq!(get(&app, "/health/live").await.json()["status"], "live");
    assert_eq!(get(&app, "/health/ready").await.json()["status"], "ready");
    app.http.fail_readiness();
    get(&app, "/health/ready").await.problem(503, "draining");
    let draining = App::new();
    draining.http.engine().drain(Duration::from_secs(1));
    get(&draining, "/health/ready").await.problem(503, "draining");
    assert_eq!(get(&draining, "/health/live").await.status, 200);
}

#[tokio::test]
async fn a_node_without_its_store_is_not_ready() {
    let app = App::new();
    app.http.engine().store().close().await;
    get(&app, "/health/ready").await.problem(503, "store-unavailable");
    assert_eq!(get(&app, "/health/live").await.status, 200);
}

/// A store that never answers.
struct Stuck;

impl Store for Stuck {
    fn open(&self, _: Recipient, _: Done<Head>) {}
    fn publish(&self, _: Publish, _: Done<Published>) {}
    fn withdraw(&self, _: Tenant, _: NotificationId, _: Timestamp, _: Done<Withdrawn>) {}
    fn erase(&self, _: Recipient, _: Done<bool>) {}
    fn set_member(&self, _: Topic, _: Recipient, _: bool, _: Done<()>) {}
    fn revoke(&self, _: Recipient, _: Timestamp, _: Done<()>) {}
    fn record(&self, _: Tenant, _: NotificationId) -> BoxFuture<'_, StoreResult<Option<Record>>> {
        Box::pin(pending())
    }
    fn recipients(
        &self,
        _: Tenant,
        _: NotificationId,
        _: Option<UserId>,
        _: usize,
    ) -> BoxFuture<'_, StoreResult<Option<NamePage<RecipientRecord>>>> {
        Box::pin(pending())
    }
    fn members(
        &self,
        _: Tenant,
        _: Topic,
        _: Option<UserId>,
        _: usize,
    ) -> BoxFuture<'_, StoreResult<NamePage<UserId>>> {
        Box::pin(pending())
    }
    fn revocations(&self) -> BoxFuture<'_, StoreResult<Vec<(Recipient, Timestamp)>>> {
        Box::pin(pending())
    }
    fn mark(&self, _: Mark, _: Done<Marked>) {}
    fn sweep(&self, _: Sweep, _: Done<Swept>) {}
    fn heads(&self, _: Vec<Recipient>) -> BoxFuture<'_, StoreResult<Vec<Option<Head>>>> {
        Box::pin(pending())
    }
    fn log(&self, _: Recipient, _: Seq, _: usize, _: usize) -> BoxFuture<'_, StoreResult<Option<LogPage>>> {
        Box::pin(pending())
    }
    fn inbox(&self, _: Recipient, _: InboxQuery) -> BoxFuture<'_, StoreResult<Option<InboxPage>>> {
        Box::pin(pending())
    }
    fn item(&self, _: Recipient, _: NotificationId) -> BoxFuture<'_, StoreResult<Option<Item>>> {
        Box::pin(pending())
    }
    fn check(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(pending())
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_does_not_hang_the_check() {
    let app = App::with(Engine::builder(Arc::new(Stuck)), HttpOptions::default());
    get(&app, "/health/ready").await.problem(503, "store-unavailable");
}

#[tokio::test]
async fn the_metrics_are_prometheus_text_and_open_metrics_for_those_who_ask() {
    let app = App::new();
    app.publish("u1", "one").await;
    let asks = Request::get("/metrics").header("accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    let open_metrics = app.call(asks.body(Body::empty()).unwrap()).await;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((open_metrics.status.as_u16(), open_metrics.header("content-type")), (200, Some(content_type)));
    assert!(open_metrics.body.ends_with(b"# EOF\n"), "{:?}", open_metrics.body);
    let answer = get(&app, "/metrics").await;
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some(content_type)));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!text.contains("# EOF"), "{text}");
    for line in [
        "# TYPE campanile_publishes_total counter",
        "campanile_connections 0",
        r#"campanile_publishes_total{outcome="accepted"} 1"#,
        "campanile_publish_seconds_count 1",
        "campanile_events_written_total 0",
        "campanile_written_bytes_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn the_metrics_ask_for_an_administrators_key_if_there_is_one() {
    let options = HttpOptions { admin_keys: vec![ApiKey::of_secret("ops", "root-key")], ..HttpOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())), options);
    get(&app, "/metrics").await.problem(401, "credentials-missing");
    for (name, value, status) in [
        ("authorization", "Bearer root-key", 200),
        ("x-api-key", "root-key", 200),
        ("x-api-key", "another", 401),
        ("authorization", "Basic root-key", 401),
    ] {
        let request = Request::get("/metrics").header(name, value).body(Body::empty()).unwrap();
        assert_eq!(app.call(request).await.status, status, "{name}: {value}");
    }
}
