//! A whole event, put together from borrowed parts.

use bytes::BufMut;

use crate::encode::{self, len};
use crate::{Comment, EventId, EventName, Retry};

/// A whole event to be encoded. It borrows its parts and is free to make and copy.
///
/// Parts that are not given are not written. An event without [`data`](Self::data) is **not dispatched** by receivers (though its
/// `retry` acts and the standard commits its `id`); give `data("")` for an event that carries nothing but its name.
///
/// ```
/// use campanile_sse::{Event, EventId, EventName};
///
/// let id = EventId::parse("a-1")?;
/// let event = Event::new().id(&id).name(&EventName::from_static("note")).data("two\nlines").to_vec();
/// assert_eq!(event, b"id: a-1\nevent: note\ndata: two\ndata: lines\n\n");
/// # Ok::<(), campanile_sse::EventIdError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "an event does nothing until it is encoded"]
pub struct Event<'a> {
    comment: Option<&'a Comment>,
    retry: Option<Retry>,
    id: Option<&'a EventId>,
    name: Option<&'a EventName>,
    data: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// An event without any part: encoded, a lone blank line.
    ///
    /// ```
    /// # use campanile_sse::Event;
    /// assert_eq!(Event::new().to_vec(), b"\n");
    /// ```
    pub const fn new() -> Self {
        Self { comment: None, retry: None, id: None, name: None, data: None }
    }

    /// A comment line before the fields.
    ///
    /// ```
    /// # use campanile_sse::{Comment, Event};
    /// let here = Comment::from_static("still here");
    /// assert_eq!(Event::new().comment(&here).to_vec(), b": still here\n\n");
    /// ```
    pub const fn comment(mut self, comment: &'a Comment) -> Self {
        self.comment = Some(comment);
        self
    }

    /// The reconnection time from now on.
    ///
    /// ```
    /// # use campanile_sse::{Event, Retry};
    /// assert_eq!(Event::new().retry(Retry::MIN).to_vec(), b"retry: 500\n\n");
    /// ```
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// The position that a receiver holds after this event.
    ///
    /// ```
    /// # use campanile_sse::{Event, EventId};
    /// let id = EventId::parse("a-1")?;
    /// assert_eq!(Event::new().id(&id).data("x").to_vec(), b"id: a-1\ndata: x\n\n");
    /// # Ok::<(), campanile_sse::EventIdError>(())
    /// ```
    pub const fn id(mut self, id: &'a EventId) -> Self {
        self.id = Some(id);
        self
    }

    /// The name to listen for; without one it is `message`.
    ///
    /// ```
    /// # use campanile_sse::{Event, EventName};
    /// const TICK: EventName = EventName::from_static("tick");
    /// assert_eq!(Event::new().name(&TICK).data("").to_vec(), b"event: tick\ndata:\n\n");
    /// ```
    pub const fn name(mut self, name: &'a EventName) -> Self {
        self.name = Some(name);
        self
    }

    /// The payload: any text, of any number of lines. See [`encode::data_lines`].
    ///
    /// ```
    /// # use campanile_sse::Event;
    /// assert_eq!(Event::new().data("two\nlines").to_vec(), b"data: two\ndata: lines\n\n");
    /// ```
    pub const fn data(mut self, data: &'a str) -> Self {
        self.data = Some(data);
        self
    }

    /// Appends the event and its closing blank line to `buf`, without allocating.
    ///
    /// ```
    /// # use campanile_sse::Event;
    /// let mut wire = bytes::BytesMut::new();
    /// Event::new().data("one").encode(&mut wire);
    /// Event::new().data("two").encode(&mut wire);
    /// assert_eq!(wire, "data: one\n\ndata: two\n\n");
    /// ```
    ///
    /// # Panics
    ///
    /// Only if `buf` is of fixed size and too small; see [`encoded_len`](Self::encoded_len).
    pub fn encode(&self, buf: &mut impl BufMut) {
        if let Some(comment) = self.comment {
            encode::comment_line(buf, comment);
        }
        if let Some(retry) = self.retry {
            encode::retry_line(buf, retry);
        }
        if let Some(id) = self.id {
            encode::id_line(buf, id);
        }
        if let Some(name) = self.name {
            encode::event_line(buf, name);
        }
        if let Some(data) = self.data {
            encode::data_lines(buf, data);
        }
        encode::end(buf);
    }

    /// How many bytes [`encode`](Self::encode) appends. Scans the data once.
    ///
    /// ```
    /// # use campanile_sse::Event;
    /// let event = Event::new().data("hello");
    /// let mut wire = Vec::with_capacity(event.encoded_len());
    /// event.encode(&mut wire);
    /// assert_eq!(wire.len(), event.encoded_len());
    /// ```
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.comment.map_or(0, len::comment_line)
            + self.retry.map_or(0, len::retry_line)
            + self.id.map_or(0, len::id_line)
            + self.name.map_or(0, len::event_line)
            + self.data.map_or(0, len::data_lines)
            + 1
    }

    /// The length if the data has no line end. Finding out costs as much as writing it, and mostly it has none.
    fn len_of_one_line(&self) -> usize {
        Self { data: None, ..*self }.encoded_len() + self.data.map_or(0, len::data_line)
    }

    /// The event in a buffer of its own, exactly as large as it needs if the data is one line.
    ///
    /// ```
    /// # use campanile_sse::Event;
    /// assert_eq!(Event::new().data("hello").to_vec(), b"data: hello\n\n");
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut buf = Vec::with_capacity(self.len_of_one_line());
        self.encode(&mut buf);
        buf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_appear_in_a_fixed_order() {
        let comment = Comment::from_static("hi");
        let id = EventId::parse("a-1").unwrap();
        let name = EventName::from_static("note");
        let event = Event::new().data("x").name(&name).id(&id).retry(Retry::MIN).comment(&comment);
        assert_eq!(event.to_vec(), b": hi\nretry: 500\nid: a-1\nevent: note\ndata: x\n\n");
        assert_eq!(event.encoded_len(), event.to_vec().len());
    }

    #[test]
    fn parts_not_given_are_not_written() {
        assert_eq!(Event::new().to_vec(), b"\n");
        assert_eq!(Event::new().data("").to_vec(), b"data:\n\n");
        assert_eq!(Event::new().retry(Retry::MAX).to_vec(), b"retry: 3600000\n\n");
    }

    #[test]
    fn a_fixed_buffer_of_the_encoded_length_is_filled_exactly() {
        let event = Event::new().data("a\r\nb");
        let mut space = [0; 32];
        let mut rest = &mut space[..event.encoded_len()];
        event.encode(&mut rest);
        assert!(rest.is_empty());
    }
}
