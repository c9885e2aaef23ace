//! Problems that only this program has (RFC 9457); the API's own are with the API.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};

fn problem(status: StatusCode, code: &str, title: &str, detail: &str) -> Response {
    let body = serde_json::json!({
        "type": concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/operations.md").to_owned() + "#" + code,
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The request is for a host that is not served here.
pub(crate) fn misdirected() -> Response {
    let detail = "This server does not answer for the host that the request names; see allowed_hosts.";
    problem(StatusCode::MISDIRECTED_REQUEST, "misdirected", "Not served here", detail)
}

/// The request names no host, or more than one.
pub(crate) fn no_host() -> Response {
    problem(StatusCode::BAD_REQUEST, "no-host", "No host named", "A request names exactly one host.")
}

/// A page of another origin asks for what only the demo page may have.
pub(crate) fn foreign_page() -> Response {
    let detail = "The demo's own endpoints answer its own page and programs, not other pages.";
    problem(StatusCode::FORBIDDEN, "foreign-page", "Not for other pages", detail)
}

/// A body that is not declared as JSON.
pub(crate) fn not_json() -> Response {
    let detail = "The body must be declared as application/json.";
    problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "The media type is not supported", detail)
}

/// A body that does not say which user.
pub(crate) fn no_user() -> Response {
    let detail = "The body must be {\"user\": \"…\"}: 1 to 256 bytes without control characters.";
    problem(StatusCode::UNPROCESSABLE_ENTITY, "no-user", "No user named", detail)
}
