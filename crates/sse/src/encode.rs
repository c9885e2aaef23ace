//! The pieces of an event stream, written straight into a caller's buffer.
//!
//! Every function appends whole lines to anything that is a [`BufMut`] (`Vec<u8>`, `BytesMut`) and allocates nothing itself.
//! Lines end with LF; a field's value follows its colon after one space, because a receiver removes one space and a value may
//! begin with its own. [`Event`](crate::Event) puts the pieces together; use them alone where parts of an event are shared,
//! such as one body for many receivers with an `id:` line each:
//!
//! ```
//! use campanile_sse::{EventId, EventName, encode};
//!
//! let mut shared = Vec::new();
//! encode::event_line(&mut shared, &EventName::from_static("tick"));
//! encode::data_lines(&mut shared, r#"{"n":1}"#);
//! encode::end(&mut shared);
//!
//! let mut one = Vec::new();
//! encode::id_line(&mut one, &EventId::parse("a-1")?);
//! one.extend_from_slice(&shared);
//! assert_eq!(one, b"id: a-1\nevent: tick\ndata: {\"n\":1}\n\n");
//! # Ok::<(), campanile_sse::EventIdError>(())
//! ```
//!
//! # Panics
//!
//! A buffer of fixed size (`&mut [u8]`, a `Limit`) that has no room left panics, as [`BufMut::put_slice`] does. A growing
//! buffer never does.

use bytes::BufMut;

#[cfg(feature = "axum")]
use crate::scan::find_line_end;
use crate::scan::pieces;
use crate::{Comment, EventId, EventName, Retry};

/// A whole heartbeat event: `event: __heartbeat__`, an empty `data:` line, a blank line.
///
/// The empty `data:` line is what makes receivers dispatch it (an event without any data line is dropped), so a page sees it with
/// `addEventListener("__heartbeat__", …)` and can notice its absence. It never reaches `onmessage`, and leaves the cursor alone.
///
/// ```
/// use campanile_sse::{Event, encode};
///
/// let made = Event::new().name(&encode::HEARTBEAT_NAME).data("").to_vec();
/// assert_eq!(made, encode::HEARTBEAT);
/// ```
pub const HEARTBEAT: &[u8] = b"event: __heartbeat__\ndata:\n\n";

/// The name of the event in [`HEARTBEAT`]; to be refused wherever names come from outside.
///
/// ```
/// use campanile_sse::{EventName, EventNameError, encode};
///
/// let fit = |name: &EventName| *name != encode::HEARTBEAT_NAME && !name.is_dom_reserved();
/// assert!(!fit(&EventName::parse("__heartbeat__")?));
/// # Ok::<(), EventNameError>(())
/// ```
pub const HEARTBEAT_NAME: EventName = EventName::from_static("__heartbeat__");

/// The smallest sign of life, a `:` line: keeps proxies and sockets awake, invisible to a page.
///
/// No blank line follows, on purpose: a receiver that takes the standard literally would commit its still empty id buffer at a
/// blank line that comes before the first id of a stream, and so lose its cursor.
///
/// ```
/// use campanile_sse::{Item, Limits, Parser, encode};
///
/// let item = Parser::new(Limits::default()).next_item(&mut &*encode::COMMENT_HEARTBEAT)?.map(Item::into_owned);
/// assert_eq!(item, Some(Item::Comment("".into())));
/// # Ok::<(), campanile_sse::Overflow>(())
/// ```
pub const COMMENT_HEARTBEAT: &[u8] = b":\n";

/// `id: ` and the id.
///
/// ```
/// # use campanile_sse::{EventId, encode};
/// let mut wire = Vec::new();
/// encode::id_line(&mut wire, &EventId::parse("a-1")?);
/// assert_eq!(wire, b"id: a-1\n");
/// # Ok::<(), campanile_sse::EventIdError>(())
/// ```
pub fn id_line(buf: &mut impl BufMut, id: &EventId) {
    line(buf, b"id: ", id.as_bytes());
}

/// `event: ` and the name.
///
/// ```
/// # use campanile_sse::{EventName, encode};
/// let mut wire = Vec::new();
/// encode::event_line(&mut wire, &EventName::from_static("tick"));
/// assert_eq!(wire, b"event: tick\n");
/// ```
pub fn event_line(buf: &mut impl BufMut, name: &EventName) {
    line(buf, b"event: ", name.as_str().as_bytes());
}

/// One `data: ` line for each line of `value`, split at CRLF (once), LF and CR.
///
/// Empty lines are kept, also the one after a final line end, so `"a\n"` is `data: a` and `data: ` (with its space). Only a value that
/// is empty as a whole is written as the bare `data:`, the form of the [`HEARTBEAT`]; receivers read both as empty. A receiver
/// gets every line end back as LF; all other characters unchanged.
///
/// A value without line ends, such as JSON, is one scan and three copies.
///
/// ```
/// # use campanile_sse::encode;
/// let mut wire = Vec::new();
/// encode::data_lines(&mut wire, "one\r\ntwo\n");
/// assert_eq!(wire, b"data: one\ndata: two\ndata: \n");
/// ```
pub fn data_lines(buf: &mut impl BufMut, value: &str) {
    if value.is_empty() {
        return buf.put_slice(b"data:\n");
    }
    let mut pieces = pieces(value.as_bytes());
    buf.put_slice(b"data: ");
    buf.put_slice(pieces.next().unwrap_or_default());
    for piece in pieces {
        buf.put_slice(b"\ndata: ");
        buf.put_slice(piece);
    }
    buf.put_slice(b"\n");
}

/// `value` as JSON in `data: ` lines: one, unless it holds line ends, which only JSON that is taken over as it is does.
///
/// If it cannot be serialised, part of it has been written.
#[cfg(feature = "axum")]
pub(crate) fn json_lines(buf: &mut Vec<u8>, value: &impl serde::Serialize) -> Result<(), serde_json::Error> {
    buf.extend_from_slice(b"data: ");
    let start = buf.len();
    serde_json::to_writer(&mut *buf, value)?;
    if find_line_end(&buf[start..]).is_some() {
        let json = buf.split_off(start);
        let mut pieces = pieces(&json);
        buf.extend_from_slice(pieces.next().unwrap_or_default());
        for piece in pieces {
            buf.extend_from_slice(b"\ndata: ");
            buf.extend_from_slice(piece);
        }
    }
    buf.push(b'\n');
    Ok(())
}

/// `retry: ` and the milliseconds. Acts at once, also without a blank line.
///
/// ```
/// # use campanile_sse::{Retry, encode};
/// let mut wire = Vec::new();
/// encode::retry_line(&mut wire, Retry::MIN);
/// assert_eq!(wire, b"retry: 500\n");
/// ```
pub fn retry_line(buf: &mut impl BufMut, retry: Retry) {
    let mut digits = [0; MAX_DIGITS];
    let from = write_digits(&mut digits, retry.as_millis());
    line(buf, b"retry: ", &digits[from..]);
}

/// `: ` and the comment, or `:` alone for an empty one.
///
/// ```
/// # use campanile_sse::{Comment, encode};
/// let mut wire = Vec::new();
/// encode::comment_line(&mut wire, &Comment::from_static("still here"));
/// assert_eq!(wire, b": still here\n");
/// ```
pub fn comment_line(buf: &mut impl BufMut, comment: &Comment) {
    match comment.as_str() {
        "" => buf.put_slice(COMMENT_HEARTBEAT),
        text => line(buf, b": ", text.as_bytes()),
    }
}

/// The blank line that ends an event and makes the receiver dispatch it.
///
/// ```
/// # use campanile_sse::encode;
/// let mut wire = Vec::new();
/// encode::data_lines(&mut wire, "hello");
/// encode::end(&mut wire);
/// assert_eq!(wire, b"data: hello\n\n");
/// ```
pub fn end(buf: &mut impl BufMut) {
    buf.put_slice(b"\n");
}

#[inline]
fn line(buf: &mut impl BufMut, field: &[u8], value: &[u8]) {
    buf.put_slice(field);
    buf.put_slice(value);
    buf.put_slice(b"\n");
}

const MAX_DIGITS: usize = 10;

/// Writes `value` at the end of `digits` and returns where it begins.
fn write_digits(digits: &mut [u8; MAX_DIGITS], mut value: u32) -> usize {
    let mut from = MAX_DIGITS;
    loop {
        from -= 1;
        digits[from] = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
        if value == 0 {
            return from;
        }
    }
}

/// How many bytes the functions above append.
pub(crate) mod len {
    use super::{Comment, EventId, EventName, MAX_DIGITS, Retry, pieces, write_digits};

    const fn line(field: &[u8], value: usize) -> usize {
        field.len() + value + 1
    }

    pub(crate) fn id_line(id: &EventId) -> usize {
        line(b"id: ", id.as_bytes().len())
    }

    pub(crate) fn event_line(name: &EventName) -> usize {
        line(b"event: ", name.as_str().len())
    }

    pub(crate) const fn data_line(value: &str) -> usize {
        let field: &[u8] = if value.is_empty() { b"data:" } else { b"data: " };
        line(field, value.len())
    }

    pub(crate) fn data_lines(value: &str) -> usize {
        if value.is_empty() {
            return data_line(value);
        }
        pieces(value.as_bytes()).map(|piece| line(b"data: ", piece.len())).sum()
    }

    pub(crate) fn retry_line(retry: Retry) -> usize {
        let from = write_digits(&mut [0; MAX_DIGITS], retry.as_millis());
        line(b"retry: ", MAX_DIGITS - from)
    }

    pub(crate) fn comment_line(comment: &Comment) -> usize {
        match comment.as_str() {
            "" => line(b":", 0),
            text => line(b": ", text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(value: &str) -> String {
        let mut buf = Vec::new();
        data_lines(&mut buf, value);
        assert_eq!(len::data_lines(value), buf.len());
        String::from_utf8(buf).unwrap()
    }

    #[test]
    fn data_is_split_at_every_line_end_and_empty_lines_are_kept() {
        assert_eq!(data("a"), "data: a\n");
        assert_eq!(data("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n");
        assert_eq!(data("a\n"), "data: a\ndata: \n");
        assert_eq!(data("\n"), "data: \ndata: \n");
        assert_eq!(data("\r\n\r\n"), "data: \ndata: \ndata: \n");
    }

    #[test]
    fn empty_data_is_a_bare_field() {
        assert_eq!(data(""), "data:\n");
    }

    #[test]
    fn a_leading_space_keeps_its_own() {
        assert_eq!(data(" a\n  b"), "data:  a\ndata:   b\n");
    }

    #[test]
    fn what_is_no_line_end_stays() {
        assert_eq!(data("\0\u{b}\u{c}\u{85}\u{2028}\u{2029}"), "data: \0\u{b}\u{c}\u{85}\u{2028}\u{2029}\n");
    }

    #[test]
    fn the_heartbeat_is_what_its_pieces_make() {
        let mut buf = Vec::new();
        event_line(&mut buf, &HEARTBEAT_NAME);
        data_lines(&mut buf, "");
        end(&mut buf);
        assert_eq!(buf, HEARTBEAT);
    }

    #[test]
    fn retry_is_written_in_plain_digits() {
        for millis in [500, 999, 1000, 1830, 60_000, 3_600_000] {
            let mut buf = Vec::new();
            retry_line(&mut buf, Retry::from_millis(millis).unwrap());
            assert_eq!(buf, format!("retry: {millis}\n").into_bytes());
        }
    }

    #[test]
    fn digits_of_any_number_are_right() {
        for value in [0, 7, 10, 4_294_967_295, 1_000_000_000] {
            let mut digits = [0; MAX_DIGITS];
            let from = write_digits(&mut digits, value);
            assert_eq!(digits[from..], *value.to_string().as_bytes());
        }
    }

    #[test]
    fn a_comment_has_a_space_unless_it_is_empty() {
        let mut buf = Vec::new();
        comment_line(&mut buf, &Comment::from_static(""));
        comment_line(&mut buf, &Comment::from_static("ping"));
        assert_eq!(buf, b":\n: ping\n");
    }

    #[test]
    fn any_growing_buffer_will_do() {
        let (mut vec, mut bytes) = (Vec::new(), bytes::BytesMut::new());
        data_lines(&mut vec, "x\ny");
        data_lines(&mut bytes, "x\ny");
        assert_eq!(vec, bytes);
    }
}
