//! Whole requests to all routes, with an engine behind them: paths, heads and bodies as anybody may write them.

use crate::{HMAC_SECRET, NOW, head};
use axum::{Router, body::Body};
use campanile_core::{Engine, ManualClock, Timestamp, store::MemoryStore};
use campanile_http::{ApiKey, Credentials, Http, HttpOptions, Jwt, JwtOptions, TokenOptions, mint_token};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use serde_json::Value;
use std::{cell::RefCell, sync::Arc};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const KEY: &str = "an-api-key-for-the-fuzzer";
/// After so many requests everything is forgotten, so that none depends on all before it and the memory stays bounded.
const REQUESTS: usize = 500;

/// A node without a listener.
struct Node {
    runtime: Runtime,
    router: Router,
    token: HeaderValue,
    key: HeaderValue,
    left: usize,
}

thread_local! {
    static NODE: RefCell<Option<Node>> = const { RefCell::new(None) };
}

impl Node {
    fn new() -> Self {
        // Paused: what waits is told at once that its time is over.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let now = Timestamp::from_seconds(NOW);
        let credentials = Credentials::default()
            .with_jwt(Jwt::hs256(HMAC_SECRET, JwtOptions::default()).expect("a long secret"))
            .with_api_keys([ApiKey::of_secret("fuzz", KEY)]);
        let _inside = runtime.enter();
        let engine = Engine::builder(Arc::new(MemoryStore::default())).clock(Arc::new(ManualClock::at(now))).start();
        let http = Http::new(engine, credentials, HttpOptions::default()).expect("good options");
        let routes = Router::new()
            .nest("/notifications", http.user_router())
            .nest("/api", http.api_router())
            .merge(http.ops_router())
            .merge(http.metrics_router());
        let user = TokenOptions { user: Some("u1".into()), ..TokenOptions::default() };
        let token = mint_token(HMAC_SECRET, now, &user).expect("a token");
        let [token, key] =
            [token.as_str(), KEY].map(|secret| HeaderValue::try_from(format!("Bearer {secret}")).expect("a header"));
        let router = http.finish(routes);
        drop(_inside);
        Self { runtime, router, token, key, left: REQUESTS }
    }

    /// Puts real credentials where the request says `user` or `key`.
    fn admit(&self, headers: &mut HeaderMap) {
        let real = match headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes) {
            Some(b"user") => &self.token,
            Some(b"key") => &self.key,
            _ => return,
        };
        headers.insert(header::AUTHORIZATION, real.clone());
    }

    fn ask(&self, mut parts: Parts, body: &[u8]) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.admit(&mut parts.headers);
        let request = Request::from_parts(parts, Body::from(body.to_vec()));
        self.runtime.block_on(async {
            let (parts, mut body) = self.router.clone().oneshot(request).await.expect("an answer").into_parts();
            let mut bytes = Vec::new();
            // A stream goes on for ever: what is there at once is enough.
            while let Some(Some(frame)) = body.frame().now_or_never() {
                bytes.extend(frame.expect("a body").into_data().unwrap_or_default());
            }
            (parts.status, parts.headers, bytes)
        })
    }
}

/// A head, a blank line, a body.
pub(crate) fn run(data: &[u8]) {
    let Some((parts, body)) = head::request(data) else { return };
    let method = parts.method.clone();
    let answer = NODE.with_borrow_mut(|node| {
        let fresh = node.take().filter(|node| node.left > 0).unwrap_or_else(Node::new);
        let answer = fresh.ask(parts, body);
        *node = Some(Node { left: fresh.left - 1, ..fresh });
        answer
    });
    check(&method, answer);
}

/// What every answer has, whatever was asked.
fn check(method: &Method, (status, headers, body): (StatusCode, HeaderMap, Vec<u8>)) {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().expect("text").to_owned());
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{}", String::from_utf8_lossy(&body));
    assert_eq!(text(header::X_CONTENT_TYPE_OPTIONS).as_deref(), Some("nosniff"));
    assert!(text(header::CACHE_CONTROL).is_some_and(|value| value.contains("no-store")));
    assert!(headers.get_all(header::VARY).iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"origin")));
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(kind, "application/problem+json", "{status}");
    }
    if kind.ends_with("json") && *method != Method::HEAD {
        // Lines are JSON each, and everything else is one line of it.
        for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let json: Value = serde_json::from_slice(line).expect("JSON");
            assert!(status.is_success() || json["status"] == status.as_u16(), "{json}");
        }
    }
    if kind.starts_with("text/event-stream") && *method != Method::HEAD {
        assert!(body.starts_with(b"retry: ") && body.ends_with(b"\n"), "{:?}", String::from_utf8_lossy(&body));
    }
}
