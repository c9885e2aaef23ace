//! `Accept` against a reference that knows the grammar of RFC 9110 (12.5.1), where the header keeps to it.

use crate::head;
use campanile_http::fuzzing;
use http::{HeaderMap, HeaderValue, header::ACCEPT};

/// One value of the header on each line.
pub(crate) fn run(data: &[u8]) {
    let headers = head::values(&ACCEPT, data);
    let allowed = fuzzing::allows_event_stream(&headers);
    let Some(text) = joined(&headers) else { return };
    // Several fields are one list (RFC 9110, 5.3).
    let one = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(&text).expect("what was one"))]);
    assert_eq!(fuzzing::allows_event_stream(&one), allowed, "{text:?} in one field");
    if let Some(expected) = expected(&text) {
        assert_eq!(allowed, expected, "{text:?}");
    }
}

fn joined(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(ACCEPT).iter().map(|value| value.to_str().ok()).collect::<Option<Vec<_>>>()?;
    (!values.is_empty()).then(|| values.join(","))
}

/// Whether the stream may be sent; `None` where the text is not in the grammar.
fn expected(text: &str) -> Option<bool> {
    let elements: Vec<_> = text.split(',').map(ows).filter(|element| !element.is_empty()).collect();
    let ranges = elements.into_iter().map(range).collect::<Option<Vec<_>>>()?;
    let most = ranges.iter().filter_map(|(exactness, _)| *exactness).max();
    let at_most = ranges.iter().filter(|(exactness, _)| exactness.is_some() && *exactness == most);
    let quality = at_most.map(|(_, thousandths)| *thousandths).max();
    Some(ranges.is_empty() || quality.is_some_and(|thousandths| thousandths > 0))
}

/// How exactly a range matches `text/event-stream;charset=utf-8` (3: with its parameter), and its weight in thousandths.
fn range(element: &str) -> Option<(Option<u8>, u32)> {
    let mut parts = element.split(';').map(ows);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let mut exactness = match (kind, subtype) {
        ("*", "*") => Some(0),
        ("*", _) => return None,
        _ if !is_token(kind) || !is_token(subtype) => return None,
        (kind, "*") => kind.eq_ignore_ascii_case("text").then_some(1),
        _ => (kind.eq_ignore_ascii_case("text") && subtype.eq_ignore_ascii_case("event-stream")).then_some(2),
    };
    for part in parts.by_ref() {
        let (name, value) = part.split_once('=')?;
        if name.eq_ignore_ascii_case("q") {
            // What followed a weight was once allowed, and is not any more.
            return if parts.next().is_none() { Some((exactness, weight(value)?)) } else { None };
        }
        if !is_token(name) || !is_token(value) {
            return None;
        }
        let ours = name.eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8");
        exactness = exactness.filter(|_| ours).map(|_| 3);
    }
    Some((exactness, 1000))
}

/// `0`, `1`, or with up to three digits.
fn weight(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = format!("{part:0<3}").parse::<u32>().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" => (thousandths == 0).then_some(1000),
        _ => None,
    }
}

fn ows(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(tchar)
}
