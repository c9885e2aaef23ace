//! What only the demo page may ask for: tokens for anybody, a session cookie, a publish without a key. Same origin only.

use super::{page, secrets::DevSecrets};
use crate::{
    config::{Auth, Config, Secret},
    failure::Failure,
    mint::{self, Wish},
    node::Node,
};
use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use campanile_core::{Clock, Fault, Timestamp, UserId};
use campanile_http::{Code, Problem};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::{sync::Arc, time::Duration};
use tower::ServiceExt;

/// How long a token or session of the page is good; it gets new ones by itself.
const TTL: Duration = Duration::from_secs(60 * 60);

/// What the demo's endpoints work with. Cheap to clone.
#[derive(Clone)]
pub(super) struct Demo(Arc<Inner>);

struct Inner {
    auth: Auth,
    secret: Secret,
    /// What an application would send along.
    authorization: HeaderValue,
    clock: Arc<dyn Clock>,
    /// The application's API, at the path where applications find it.
    api: Router,
    publish_path: String,
}

impl Demo {
    pub(super) fn new(config: &Config, secrets: &DevSecrets, node: &Node) -> Result<Self, Failure> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", secrets.api_key.expose()));
        Ok(Self(Arc::new(Inner {
            auth: config.auth.clone(),
            secret: config.auth.jwt_secret.clone().unwrap_or_else(|| secrets.jwt_secret.clone()),
            authorization: bearer
                .map_err(|_| Failure::Runtime("the API key beside the database is damaged; delete that file".into()))?,
            clock: node.engine().clock().clone(),
            api: node.public(Router::new()),
            publish_path: format!("{}/api/notifications", config.base_path),
        })))
    }

    /// A token for a user.
    pub(super) fn token(&self, user: &str, ttl: Duration) -> Result<String, Failure> {
        let wish = Wish { user: Some(user.into()), ttl, ..Wish::default() };
        mint::token(&self.0.auth, &self.0.secret, self.now(), wish)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The page and its endpoints.
    pub(super) fn router(self, base: &str) -> Router {
        let endpoints = Router::new()
            .route(&format!("{base}/demo/token"), post(token))
            .route(&format!("{base}/demo/session"), post(sign_in).delete(sign_out))
            .route(&format!("{base}/demo/publish"), post(publish))
            .layer(middleware::from_fn(own_page_only));
        Router::new()
            .route(&format!("{base}/"), get(page::index))
            .route(&format!("{base}/demo/{{name}}"), get(page::file))
            .merge(endpoints)
            .with_state(self)
    }
}

/// `{"user":"alice"}` → `{"token":"…","expiresAt":"…"}`.
async fn token(State(demo): State<Demo>, body: Bytes) -> Response {
    let user = match user(&body) {
        Ok(user) => user,
        Err(problem) => return problem.into_response(),
    };
    let expires_at = demo.now().plus(TTL);
    match demo.token(user.as_str(), TTL) {
        Ok(token) => {
            let json = serde_json::json!({ "token": token, "expiresAt": expires_at.to_string() });
            ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], json.to_string())
                .into_response()
        }
        Err(failure) => unable(&failure),
    }
}

/// `{"user":"alice"}` → a cookie with a token.
async fn sign_in(State(demo): State<Demo>, body: Bytes) -> Response {
    let user = match user(&body) {
        Ok(user) => user,
        Err(problem) => return problem.into_response(),
    };
    match demo.token(user.as_str(), TTL) {
        Ok(token) => session(&demo, &token, TTL),
        Err(failure) => unable(&failure),
    }
}

async fn sign_out(State(demo): State<Demo>) -> Response {
    session(&demo, "", Duration::ZERO)
}

fn session(demo: &Demo, token: &str, ttl: Duration) -> Response {
    let (name, seconds) = (&demo.0.auth.cookie, ttl.as_secs());
    let cookie = format!("{name}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

/// The body of `POST /api/notifications`, published with the application's key: what is wrong with it is said by the API itself.
async fn publish(State(demo): State<Demo>, request: Request) -> Response {
    let mut publish = Request::new(request.into_body());
    *publish.method_mut() = Method::POST;
    let Ok(uri) = demo.0.publish_path.parse() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    *publish.uri_mut() = uri;
    let headers = publish.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::AUTHORIZATION, demo.0.authorization.clone());
    match demo.0.api.clone().oneshot(publish).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

fn user(body: &[u8]) -> Result<UserId, Problem> {
    let body: serde_json::Value = serde_json::from_slice(body).map_err(|_| Problem::malformed())?;
    let user = body.get("user").and_then(serde_json::Value::as_str).and_then(|user| UserId::new(user).ok());
    user.ok_or_else(|| {
        Problem::invalid(vec![Fault::new("/user", "must be a string of 1 to 256 bytes without control characters")])
    })
}

fn unable(failure: &Failure) -> Response {
    tracing::error!(%failure, "no token for the demo page");
    Problem::new(Code::Internal, "No token could be made.").into_response()
}

/// Middleware: refuses other pages (a page on another port of this machine is another page), and bodies that a form could send.
async fn own_page_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if is_foreign(headers) {
        let detail = "The demo's own endpoints answer its own page and programs, not other pages.";
        return Problem::new(Code::ForeignOrigin, detail).into_response();
    }
    if request.method() == Method::POST && !is_json(headers) {
        return Problem::new(Code::UnsupportedMediaType, "The body must be declared as application/json.")
            .into_response();
    }
    next.run(request).await
}

/// Browsers say which page asks; programs do not, and may.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    let own = headers.get(header::HOST).map(|host| format!("http://{}", text(host)));
    let origins = headers.get_all(header::ORIGIN).iter().map(|origin| Some(text(origin)));
    let sites = headers.get_all("sec-fetch-site").iter().map(text);
    origins.into_iter().any(|origin| origin != own)
        || sites.into_iter().any(|site| site != "same-origin" && site != "none")
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn other_pages_are_told_from_our_own_and_from_programs() {
        let host = ("host", "localhost:8080");
        for own in
            [&[host][..], &[host, ("origin", "http://localhost:8080")], &[host, ("sec-fetch-site", "same-origin")]]
        {
            assert!(!is_foreign(&headers(own)), "{own:?}");
        }
        for foreign in [
            ("origin", "http://localhost:3000"),
            ("origin", "https://localhost:8080"),
            ("origin", "null"),
            ("origin", ""),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
        ] {
            assert!(is_foreign(&headers(&[host, foreign])), "{foreign:?}");
        }
        let two = [host, ("origin", "http://localhost:8080"), ("origin", "http://evil.example")];
        assert!(is_foreign(&headers(&two)));
    }

    #[test]
    fn what_a_form_can_send_is_not_json() {
        for good in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(is_json(&headers(&[("content-type", good)])), "{good}");
        }
        for bad in ["text/plain", "application/x-www-form-urlencoded", "text/plain; a=application/json", ""] {
            assert!(!is_json(&headers(&[("content-type", bad)])), "{bad}");
        }
        assert!(!is_json(&headers(&[])));
    }
}
