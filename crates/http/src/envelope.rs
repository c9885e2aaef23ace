//! What every answer has, errors included: CORS for listed origins, `nosniff`, no caching; and what becomes of a panic.

use crate::{Code, Http, Problem, linger};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
        ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, ORIGIN, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use std::panic::AssertUnwindSafe;

const ALLOW_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, last-event-id, cache-control, content-type, idempotency-key");
const ALLOW_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
const EXPOSE_HEADERS: HeaderValue = HeaderValue::from_static("Retry-After, Location, WWW-Authenticate");
/// For how many seconds a browser need not ask again; Chromium takes no more than two hours.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The middleware around every router of this crate. Twice does no harm.
pub(crate) async fn wrap(State(http): State<Http>, request: Request, next: Next) -> Response {
    let origin = http.origins().allowed(request.headers()).cloned();
    let preflight = is_preflight(&request);
    let mut response = if preflight { no_content() } else { survive(request, next).await };
    let headers = response.headers_mut();
    complete(headers);
    if let Some(origin) = origin {
        allow(headers, origin, preflight);
    }
    response
}

impl Http {
    /// Gives an answer that was made before the routers what every answer of theirs has. `asked` are the request's headers.
    pub fn complete(&self, asked: &HeaderMap, answer: &mut Response) {
        let headers = answer.headers_mut();
        complete(headers);
        if let Some(origin) = self.origins().allowed(asked) {
            allow(headers, origin.clone(), false);
        }
    }
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    let asks = headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS && asks
}

fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A handler that panics costs its own request, not the process; the client learns nothing but that.
async fn survive(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let answered = AssertUnwindSafe(next.run(linger::wrap(request))).catch_unwind().await;
    answered.unwrap_or_else(|_| {
        tracing::error!(%method, ?path, "a handler panicked");
        Problem::new(Code::Internal, "The server failed to answer this request.").into_response()
    })
}

fn complete(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let varies = headers.get_all(VARY).iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"origin"));
    if !varies {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    if preflight {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOW_METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    } else {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
    }
}
