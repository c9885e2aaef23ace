//! What a body says of itself, and what a provider says of its answer: no other kind of body ever counts as JSON.

use crate::head;
use campanile_http::fuzzing;
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE},
};
use std::time::Duration;

/// The fields of a head.
pub(crate) fn run(data: &[u8]) {
    let headers = head::fields(data);
    kind(&headers);
    freshness(&headers);
}

/// Nothing but JSON comes through, and so none of the types that a form can send without a preflight.
fn kind(headers: &HeaderMap) {
    let Some(lines) = fuzzing::is_lines(headers) else { return };
    let types: Vec<_> = headers.get_all(CONTENT_TYPE).iter().collect();
    assert_eq!(types.len(), 1, "a body of two types");
    let text = types[0].to_str().expect("text").to_ascii_lowercase();
    let kind = text.split(';').next().unwrap_or_default().trim();
    assert_eq!(kind, if lines { "application/x-ndjson" } else { "application/json" });
    let encoded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    assert!(!headers.get_all(CONTENT_ENCODING).iter().any(encoded), "a compressed body");
    for parameter in text.split(';').skip(1).filter_map(|parameter| parameter.split_once('=')) {
        let charset = parameter.0.trim() == "charset";
        assert!(!charset || parameter.1.trim().trim_matches('"') == "utf-8", "{text:?}");
    }
}

/// `no-store` and `no-cache` are over at once; otherwise the seconds are those of the first `max-age`.
fn freshness(headers: &HeaderMap) {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<_> =
        values.flat_map(|value| value.split(',')).map(|directive| directive.trim().to_ascii_lowercase()).collect();
    let age = fuzzing::max_age(headers);
    let over = directives.iter().any(|directive| directive == "no-store" || directive == "no-cache");
    let first = directives.iter().find_map(|directive| directive.strip_prefix("max-age="));
    match first.map(|seconds| seconds.bytes().all(|byte| byte.is_ascii_digit())) {
        _ if over => assert_eq!(age, Some(Duration::ZERO)),
        None => assert_eq!(age, None),
        Some(true) => assert_eq!(age.map(|age| age.as_secs()), first.and_then(|seconds| seconds.parse().ok())),
        // Quotes and the like are its own affair.
        Some(false) => {}
    }
}
