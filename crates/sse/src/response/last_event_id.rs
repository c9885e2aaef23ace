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
/// It is the first `Last-Event-ID` header, even if that is malformed; where that is absent or empty, the first query parameter
/// `lastEventId`; where that is absent or empty too, the first `last_event_id`. It is bytes from outside: never write it into a stream or a
/// log as it is.
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
    /// What the head of a request says, where there is no extractor: in a middleware, say.
    ///
    /// ```
    /// use campanile_sse::LastEventId;
    ///
    /// let (head, ()) = http::Request::get("/stream?lastEventId=a-1").body(())?.into_parts();
    /// assert_eq!(LastEventId::of(&head).as_bytes(), Some(&b"a-1"[..]));
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn of(head: &Parts) -> Self {
        let header = head.headers.get(HEADER).map(|value| Bytes::copy_from_slice(value.as_bytes()));
        let query = head.uri.query().unwrap_or_default();
        let parameters = PARAMETERS.iter().filter_map(|name| parameter(query, name));
        Self(header.into_iter().chain(parameters).find(|id| !id.is_empty()))
    }

    /// The bytes as they came, of any length; `None` if there are none.
    ///
    /// ```
    /// # use campanile_sse::LastEventId;
    /// # let (head, ()) = http::Request::get("/").header("last-event-id", "a-1").body(())?.into_parts();
    /// # let last = LastEventId::of(&head);
    /// assert_eq!(last.as_bytes(), Some(&b"a-1"[..]));
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// The same, to keep.
    ///
    /// ```
    /// # use campanile_sse::LastEventId;
    /// # let (head, ()) = http::Request::get("/").header("last-event-id", "a-1").body(())?.into_parts();
    /// # let last = LastEventId::of(&head);
    /// assert_eq!(last.into_bytes(), Some(bytes::Bytes::from("a-1")));
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn into_bytes(self) -> Option<Bytes> {
        self.0
    }

    /// The id, if this is one that could have been sent as an [`EventId`].
    ///
    /// ```
    /// # use campanile_sse::LastEventId;
    /// # let (head, ()) = http::Request::get("/").header("last-event-id", "no id of ours").body(())?.into_parts();
    /// # let last = LastEventId::of(&head);
    /// assert_eq!(last.id(), None, "there are spaces in it");
    /// assert!(last.as_bytes().is_some());
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<EventId> {
        EventId::from_bytes(self.as_bytes()?).ok()
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The first value of a parameter, decoded; without a `=` it is empty.
fn parameter(query: &str, name: &str) -> Option<Bytes> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(found, _)| decoded(found) == name.as_bytes()).map(|(_, value)| decoded(value).into())
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
        assert_eq!(last(&[], ""), None);
    }

    #[test]
    fn of_a_parameter_that_is_there_twice_the_first_counts_even_if_it_is_empty() {
        assert_eq!(last(&[], "lastEventId=a-1&lastEventId=b-2"), Some(b"a-1".to_vec()));
        assert_eq!(last(&[], "lastEventId=&lastEventId=b-2"), None);
        assert_eq!(last(&[], "lastEventId&lastEventId=b-2&last_event_id=c-3"), Some(b"c-3".to_vec()));
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
