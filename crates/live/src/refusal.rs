//! Answers that need no application: what is no request, or too much of one.

use axum::{body::Body, response::Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS},
};

/// What `type` begins with; the code follows.
const TYPE_BASE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/errors.md#");

/// When somebody who found the server full may come back.
const BACK_IN: &str = "5";

/// Why a request is answered here and not by the application, as problem details (RFC 9457). On HTTP/1.1 the connection ends with the answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// It is no HTTP.
    Malformed,
    /// It names no host, or more than one (RFC 9112, 3.2).
    NoHost,
    /// Its head did not come in time.
    HeadTimeout,
    /// Its path and query are too long.
    UriTooLong,
    /// Its head is too large.
    HeadTooLarge,
    /// There are too many connections.
    Full,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Malformed, Self::NoHost, Self::HeadTimeout, Self::UriTooLong, Self::HeadTooLarge, Self::Full];

    /// The stable code, as in the problem's `code`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.words().0
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.words().1
    }

    /// A few words for a person.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.words().2
    }

    fn words(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                "malformed",
                StatusCode::BAD_REQUEST,
                "The request cannot be parsed",
                "This is no HTTP request that this server understands.",
            ),
            Self::NoHost => (
                "no-host",
                StatusCode::BAD_REQUEST,
                "No host named",
                "A request names the one host that it is meant for.",
            ),
            Self::HeadTimeout => (
                "head-timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The request took too long",
                "The request's head did not arrive in time.",
            ),
            Self::UriTooLong => (
                "uri-too-long",
                StatusCode::URI_TOO_LONG,
                "The address is too long",
                "The request's path and query are longer than this server takes.",
            ),
            Self::HeadTooLarge => (
                "head-too-large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The headers are too large",
                "The request's head is larger than this server takes.",
            ),
            Self::Full => (
                "node-full",
                StatusCode::SERVICE_UNAVAILABLE,
                "The node is full",
                "There are as many connections as this server takes.",
            ),
        }
    }

    /// What hyper meant by an answer that it made by itself.
    pub(crate) fn of(status: StatusCode) -> Self {
        [Self::UriTooLong, Self::HeadTooLarge]
            .into_iter()
            .find(|refusal| refusal.status() == status)
            .unwrap_or(Self::Malformed)
    }

    fn json(self) -> String {
        let (code, status, title, detail) = self.words();
        let kind = format!("{TYPE_BASE}{code}");
        serde_json::json!({"type": kind, "title": title, "status": status.as_u16(), "detail": detail, "code": code})
            .to_string()
    }

    /// The answer for a connection that has HTTP left.
    pub(crate) fn response(self) -> Response {
        let mut response = Response::new(Body::from(self.json()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Behind it there may be an application that answers each origin in its own way.
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        if self == Self::Full {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(BACK_IN));
        }
        response
    }

    /// The answer for a connection that has none left, as HTTP/1.1.
    pub(crate) fn bytes(self) -> Vec<u8> {
        let (json, retry) = (self.json(), if self == Self::Full { BACK_IN } else { "" });
        let retry = if retry.is_empty() { String::new() } else { format!("retry-after: {retry}\r\n") };
        format!(
            "HTTP/1.1 {}\r\ndate: {}\r\ncontent-type: application/problem+json\r\nx-content-type-options: nosniff\r\n\
             cache-control: no-store\r\nvary: Origin\r\n{retry}connection: close\r\ncontent-length: {}\r\n\r\n{json}",
            self.status(),
            today(),
            json.len(),
        )
        .into_bytes()
    }
}

#[expect(clippy::disallowed_methods, reason = "`Date` is the wall clock's; nothing is decided by it")]
fn today() -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_problem_in_both_forms() {
        for refusal in Refusal::ALL {
            let text = String::from_utf8(refusal.bytes()).expect("text");
            let (head, json) = text.split_once("\r\n\r\n").expect("a head");
            let problem: serde_json::Value = serde_json::from_str(json).expect("json");
            assert_eq!(problem["status"], refusal.status().as_u16());
            assert_eq!(problem["code"], refusal.code());
            assert!(problem["type"].as_str().expect("a string").ends_with(refusal.code()));
            assert!(head.starts_with(&format!("HTTP/1.1 {}", refusal.status())), "{head}");
            assert!(head.contains(&format!("content-length: {}", json.len())), "{head}");
            let response = refusal.response();
            assert_eq!(response.status(), refusal.status());
            assert_eq!(response.headers().contains_key(RETRY_AFTER), head.contains("retry-after: 5\r\n"));
        }
    }

    #[test]
    fn what_hyper_refuses_keeps_its_status() {
        for refusal in [Refusal::Malformed, Refusal::UriTooLong, Refusal::HeadTooLarge] {
            assert_eq!(Refusal::of(refusal.status()), refusal);
        }
        assert_eq!(Refusal::of(StatusCode::IM_A_TEAPOT), Refusal::Malformed);
    }

    #[test]
    fn the_documentation_has_what_the_accept_loop_refuses() {
        let docs = include_str!("../../../docs/errors.md");
        for refusal in Refusal::ALL {
            let (code, status) = (refusal.code(), refusal.status().as_u16());
            assert!(docs.contains(&format!("\n| <a id=\"{code}\"></a>`{code}` | {status} |")), "{code}");
        }
    }
}
