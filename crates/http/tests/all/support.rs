//! An application under test, and a client for it.

use axum::{Router, body::Body};
use bytes::Bytes;
use campanile_core::{Clock, Engine, EngineBuilder, SystemClock, store::MemoryStore};
use campanile_http::{ApiKey, Credentials, Http, HttpOptions, Jwt, JwtOptions, TokenOptions, mint_token, openapi};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tower::ServiceExt;

pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub(crate) const KEY: &str = "an-api-key-for-tests";
pub(crate) const LISTED: &str = "https://app.example";

/// One node without a listener.
pub(crate) struct App {
    pub(crate) http: Http,
    pub(crate) router: Router,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl App {
    pub(crate) fn new() -> Self {
        Self::with(Engine::builder(Arc::new(MemoryStore::default())), HttpOptions::default())
    }

    pub(crate) fn with(engine: EngineBuilder, options: HttpOptions) -> Self {
        Self::over(engine, credentials(JwtOptions::default()), options)
    }

    pub(crate) fn over(engine: EngineBuilder, credentials: Credentials, options: HttpOptions) -> Self {
        let options = HttpOptions { cors_origins: vec![LISTED.into()], ..options };
        let http = Http::new(engine.start(), credentials, options).unwrap();
        let routes = Router::new()
            .nest("/notifications", http.user_router())
            .nest("/api", http.api_router())
            .merge(http.ops_router())
            .merge(http.openapi_router(&openapi::document("")))
            .merge(http.metrics_router());
        Self { router: http.finish(routes), http }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> http::Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.send(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A user's request without a body.
    pub(crate) async fn user(&self, user: &str, method: &str, path: &str) -> Answer {
        self.call(as_user(user).method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    /// A user's request with a JSON body.
    pub(crate) async fn user_json(&self, user: &str, method: &str, path: &str, body: &str) -> Answer {
        let request = as_user(user).method(method).uri(path).header("content-type", "application/json");
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// An application's request with a JSON body.
    pub(crate) async fn api(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.call(
            as_key().method("POST").uri(path).header("content-type", "application/json").body(body.into()).unwrap(),
        )
        .await
    }

    /// Publishes to one user; answers the id.
    pub(crate) async fn publish(&self, user: &str, title: &str) -> String {
        let body = serde_json::json!({"type": "t", "to": {"users": [user]}, "title": title});
        let answer = self.api("/api/notifications", body.to_string()).await;
        assert_eq!(answer.status, 202, "{answer}");
        answer.json()["notificationId"].as_str().unwrap().to_owned()
    }

    /// Serves on a free port of the loopback.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }
}

pub(crate) fn credentials(options: JwtOptions) -> Credentials {
    Credentials::default()
        .with_jwt(Jwt::hs256(SECRET, options).unwrap())
        .with_api_keys([ApiKey::of_secret("other", "another"), ApiKey::of_secret("tests", KEY)])
}

pub(crate) fn as_user(user: &str) -> http::request::Builder {
    Request::builder().header("authorization", format!("Bearer {}", token(user)))
}

pub(crate) fn as_key() -> http::request::Builder {
    Request::builder().header("authorization", format!("Bearer {KEY}"))
}

pub(crate) fn token(user: &str) -> String {
    mint(&TokenOptions { user: Some(user.into()), ..TokenOptions::default() })
}

pub(crate) fn scoped(scope: &str) -> String {
    mint(&TokenOptions { scope: Some(scope.into()), ..TokenOptions::default() })
}

pub(crate) fn mint(options: &TokenOptions) -> String {
    mint_token(SECRET, SystemClock.now(), options).unwrap()
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks that this is a problem with this status and code, and answers it.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self}");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["code"], code, "{self}");
        assert_eq!(problem["status"], status);
        assert!(problem["type"].as_str().unwrap().ends_with(code), "{self}");
        assert!(["title", "detail"].iter().all(|member| problem[member].is_string()), "{self}");
        problem
    }

    /// The pointers of a 422.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let problem = self.problem(422, "invalid");
        let errors = problem["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

/// Waits for something that another task will make true, for five seconds of the test's clock.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..5000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("never: {what}");
}
