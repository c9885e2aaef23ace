//! Where a client wants its stream to go on: bytes, never an error.

use crate::query;
use bytes::Bytes;
use http::request::Parts;

/// The header a reconnecting `EventSource` sends.
const HEADER: &str = "last-event-id";
/// For whoever cannot set headers; in this order.
const PARAMETERS: [&str; 2] = ["lastEventId", "last_event_id"];

/// The position of a request: the first `Last-Event-ID` header, malformed or not; where that is absent or empty, the first of each
/// query parameter that is not empty.
pub(crate) fn of(parts: &Parts) -> Option<Bytes> {
    let header = parts.headers.get(HEADER).map(|value| Bytes::copy_from_slice(value.as_bytes()));
    let parameters = PARAMETERS.iter().filter_map(|name| query::first(parts.uri.query(), name));
    let mut candidates = header.into_iter().chain(parameters.map(|value| Bytes::from(value.into_owned())));
    candidates.find(|position| !position.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn position(headers: &[&[u8]], query: &str) -> Option<Vec<u8>> {
        let mut request = Request::get(format!("/stream?{query}"));
        for value in headers {
            request = request.header(HEADER, *value);
        }
        of(&request.body(()).unwrap().into_parts().0).map(|p| p.to_vec())
    }

    #[test]
    fn the_first_header_wins_even_if_it_is_malformed() {
        assert_eq!(position(&[b"a-1"], "lastEventId=b-2"), Some(b"a-1".to_vec()));
        assert_eq!(position(&[b"\xff\xfe", b"a-1"], "lastEventId=b-2"), Some(b"\xff\xfe".to_vec()));
        assert_eq!(position(&["…".as_bytes()], ""), Some("…".as_bytes().to_vec()));
    }

    #[test]
    fn what_is_absent_or_empty_falls_through() {
        assert_eq!(position(&[], ""), None);
        assert_eq!(position(&[b""], "lastEventId=b-2&last_event_id=c-3"), Some(b"b-2".to_vec()));
        assert_eq!(position(&[b"", b"z-9"], "lastEventId=&last_event_id=c-3"), Some(b"c-3".to_vec()));
        assert_eq!(position(&[], "last_event_id=c-3&lastEventId=b-2"), Some(b"b-2".to_vec()));
        assert_eq!(position(&[], "lastEventId=a%0aid:%209"), Some(b"a\nid: 9".to_vec()));
    }
}
