//! Where credentials are looked for: the `Authorization` header, cookies, and the key of a repeated publish.

use crate::head;
use campanile_http::fuzzing;
use http::{HeaderMap, header};

/// The fields of a head.
pub(crate) fn run(data: &[u8]) {
    let headers = head::fields(data);
    bearer(&headers);
    for name in ["campanile_token", "a"] {
        assert_eq!(fuzzing::cookie(&headers, name).map(<[u8]>::to_vec), cookie(&headers, name), "{name}");
    }
    key(&headers);
}

/// One field, one scheme, one token; anything else is never taken for "none".
fn bearer(headers: &HeaderMap) {
    let values: Vec<_> = headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    match fuzzing::bearer(headers) {
        Ok(None) => assert!(values.is_empty()),
        Ok(Some(token)) => {
            assert_eq!(values.len(), 1);
            assert!(values[0].to_ascii_lowercase().starts_with(b"bearer ") && values[0].ends_with(token));
            assert!(!token.is_empty() && token == token.trim_ascii());
        }
        Err(()) => {
            let scheme = values.first().map(|value| value.to_ascii_lowercase());
            let rest = scheme.as_deref().and_then(|value| value.strip_prefix(b"bearer "));
            assert!(values.len() > 1 || rest.is_none_or(|rest| rest.trim_ascii().is_empty()));
        }
    }
}

/// RFC 6265, 5.4, the other way round: pairs between semicolons, a name up to the first equals sign.
fn cookie(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    for field in headers.get_all(header::COOKIE) {
        for pair in field.as_bytes().split(|byte| *byte == b';') {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (found, value) = (halves.next().unwrap_or_default(), halves.next().map(<[u8]>::trim_ascii));
            if found.trim_ascii() == name.as_bytes() && value.is_some_and(|value| !value.is_empty()) {
                return value.map(<[u8]>::to_vec);
            }
        }
    }
    None
}

fn key(headers: &HeaderMap) {
    let values: Vec<_> = headers.get_all("idempotency-key").iter().map(|value| value.as_bytes()).collect();
    let good = |key: &[u8]| (1..=255).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    match (fuzzing::idempotency_key(headers), values.as_slice()) {
        (Ok(None), []) => {}
        (Ok(Some(key)), [only]) => assert!(key.as_bytes() == *only && good(only)),
        (Err(faults), [only]) => assert!(faults.len() == 1 && !good(only)),
        (Err(faults), [_, _, ..]) => assert_eq!(faults.len(), 1),
        (read, values) => panic!("{read:?} of {values:?}"),
    }
}
