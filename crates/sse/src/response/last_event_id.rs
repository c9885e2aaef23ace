//! Where a client wants a stream to go on.

use std::convert::Infallible;

use axum_core::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;

use crate::EventId;

/// The header that a reconnecting `EventSource` sends.
const HEADER: &str = "last-event-id";

/// For whoever cannot set headers: an `EventSource` that a page makes anew.
pub(super) const PARAMETERS: [&str; 2] = ["lastEventId", "last_event_id"];

/// The last event id of a request: an extractor that never refuses one (feature `axum`).
///
/// It is the first `Last-Event-ID` header, even if that is malformed. Where it is absent or empty, it is the first query parameter
/// `lastEventId`, then `last_event_id`, that is not empty. It is bytes from outside: never write it into a stream or a log as it is.
///
/// An unknown id is no error, because an `EventSource` gives up for good when it is refused: start a new stream, and tell the client.
///
/// ```
/// use campanile_sse::{LastEventId, ServerSentEvents};
///
/// async fn count(last: LastEventId) -> ServerSentEvents<u64> {
///     let after = last.id().and_then(|id| id.as_str().parse().ok()).unwrap_or(0);
///     ServerSentEvents::new(futures_util::stream::iter(after..10))
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastEventId(Option<Bytes>);

impl LastEventId {
    /// The bytes as they came, of any length; `None` if there are none.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// The id, if this is one that could have been sent as an [`EventId`].
    #[must_use]
    pub fn id(&self) -> Option<EventId> {
        EventId::from_bytes(self.as_bytes()?).ok()
    }

    fn of(parts: &Parts) -> Self {
        let header = parts.headers.get(HEADER).map(|value| Bytes::copy_from_slice(value.as_bytes()));
        let header = header.filter(|id| !id.is_empty());
        Self(header.or_else(|| PARAMETERS.iter().find_map(|name| parameter(parts.uri.query()?, name))))
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The first value of a parameter that is not empty, decoded.
fn parameter(query: &str, name: &str) -> Option<Bytes> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(found, _)| decoded(found) == name.as_bytes()).map(|(_, value)| decoded(value));
    values.find(|value| !value.is_empty()).map(Bytes::from)
}

/// Takes the percent-encoding away; `+` is a space. A broken escape is taken literally.
fn decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = if byte == b'%' { after.split_first_chunk().and_then(unhex) } else { None };
        let (decoded, next) = escaped.unwrap_or((if byte == b'+' { b' ' } else { byte }, after));
        bytes.push(decoded);
        rest = next;
    }
    bytes
}

fn unhex<'a>((digits, rest): (&[u8; 2], &'a [u8])) -> Option<(u8, &'a [u8])> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    let byte = u8::try_from(high? * 16 + low?).ok()?;
    Some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(headers: &[&[u8]], query: &str) -> Option<Vec<u8>> {
        let mut request = http::Request::get(format!("/stream?{query}"));
        for value in headers {
            request = request.header(HEADER, *value);
        }
        LastEventId::of(&request.body(()).unwrap().into_parts().0).as_bytes().map(<[u8]>::to_vec)
    }

    #[test]
    fn the_first_header_wins_even_if_it_is_malformed() {
        assert_eq!(last(&[b"a-1"], "lastEventId=b-2"), Some(b"a-1".to_vec()));
        assert_eq!(last(&[b"\xff\xfe", b"a-1"], "lastEventId=b-2"), Some(b"\xff\xfe".to_vec()));
        assert_eq!(last(&["…".as_bytes()], ""), Some("…".as_bytes().to_vec()));
    }

    #[test]
    fn what_is_absent_or_empty_falls_through() {
        assert_eq!(last(&[], ""), None);
        assert_eq!(last(&[b""], "lastEventId=b-2&last_event_id=c-3"), Some(b"b-2".to_vec()));
        assert_eq!(last(&[b"", b"z-9"], "lastEventId=&last_event_id=c-3"), Some(b"c-3".to_vec()));
        assert_eq!(last(&[], "last_event_id=c-3&lastEventId=b-2"), Some(b"b-2".to_vec()));
        assert_eq!(last(&[], "lasteventid=x&lastEventId"), None);
    }

    #[test]
    fn a_parameter_is_decoded_to_bytes() {
        assert_eq!(last(&[], "lastEventId=a%0aid:%209"), Some(b"a\nid: 9".to_vec()));
        assert_eq!(last(&[], "last%45ventId=%FF+%e2%80%A6"), Some(b"\xff \xe2\x80\xa6".to_vec()));
        assert_eq!(last(&[], "lastEventId=%"), Some(b"%".to_vec()));
        assert_eq!(last(&[], "lastEventId=%4"), Some(b"%4".to_vec()));
        assert_eq!(last(&[], "lastEventId=%+1%g0"), Some(b"% 1%g0".to_vec()));
        assert_eq!(last(&[], "x=1&lastEventId=a=b&lastEventId=c"), Some(b"a=b".to_vec()));
    }

    #[test]
    fn only_what_can_have_been_sent_is_an_id() {
        let id = |bytes: &'static [u8]| LastEventId(Some(Bytes::from_static(bytes))).id();
        assert_eq!(id(b"a-1"), EventId::parse("a-1").ok());
        assert_eq!((id(b"a\nb"), id(b"\xff"), id(&[b'x'; 65])), (None, None, None));
        assert_eq!(LastEventId(None).id(), None);
    }
}
