//! The event that is being read, and the id that outlives it.

use std::borrow::Cow;
use std::mem;
use std::time::Duration;

use super::buffer::{Full, clear_text, decode, push_lossy};
use super::data::Data;
use super::limits::{Limit, Limits, Overflow};
use super::{Dispatch, MESSAGE};

/// What a line led to, if anything that the caller should see.
pub(super) enum Outcome {
    Dispatch,
    Retry(Duration),
    Comment,
}

/// The first data line of an event, as long as it can stay in the chunk where it was found. Most events have one data line and lie in one
/// chunk: their data is never copied.
pub(super) type Unmoved<'c> = Option<&'c [u8]>;

#[derive(Debug)]
pub(super) struct Block {
    limits: Limits,
    data: Data,
    name: String,
    /// The id given in this block, if `id_given`.
    id: String,
    id_given: bool,
    last_id: String,
    /// `data` and `name` were handed out.
    spent: bool,
}

impl Block {
    pub(super) const fn new(limits: Limits, last_id: String) -> Self {
        Self {
            limits,
            data: Data::new(limits.event),
            name: String::new(),
            id: String::new(),
            id_given: false,
            last_id,
            spent: false,
        }
    }

    /// Processes a line of the current chunk (WHATWG HTML 9.2.6, from "process the field" on; names are compared byte by byte).
    #[inline]
    pub(super) fn line<'c>(&mut self, line: &'c [u8], unmoved: &mut Unmoved<'c>) -> Result<Option<Outcome>, Overflow> {
        if let Some(at) = value_at(line, b"data") {
            return self.data_line(&line[at..], unmoved).map(|()| None);
        }
        if line.is_empty() {
            return Ok(self.blank_line(*unmoved));
        }
        // A name counts together with the data.
        self.keep(unmoved)?;
        self.field(line)
    }

    /// Processes a line that was put together from several chunks, and may take its buffer over. It is the first in its chunk.
    pub(super) fn held_line(&mut self, line: &mut Vec<u8>) -> Result<Option<Outcome>, Overflow> {
        match value_at(line, b"data") {
            None => self.line(line, &mut None),
            Some(at) if self.data.may_take_over(line, self.limits.line) => {
                self.make_room(line.len() - at)?;
                self.data.take_over(line, at).map_err(|Full| overflow(&self.limits, Limit::Event))?;
                Ok(None)
            }
            Some(at) => self.add_data(&line[at..]).map(|()| None),
        }
    }

    /// Adds a piece of a data line that goes on. Whether there is room is found out at its end, as for a line that comes as a whole.
    pub(super) fn value_piece(&mut self, piece: &[u8]) {
        self.data.push_piece(piece);
    }

    /// Ends the data line that came in pieces.
    pub(super) fn value_end(&mut self, piece: &[u8]) -> Result<(), Overflow> {
        self.data.push_piece(piece);
        self.make_room(0)?;
        self.data.end_line();
        Ok(())
    }

    /// Whether there is data, so that a blank line ends an event.
    #[inline]
    pub(super) const fn has_data(&self, unmoved: Unmoved<'_>) -> bool {
        unmoved.is_some() || self.data.len() > 0
    }

    /// Copies what cannot stay in its chunk any longer.
    #[inline]
    pub(super) fn keep(&mut self, unmoved: &mut Unmoved<'_>) -> Result<(), Overflow> {
        unmoved.take().map_or(Ok(()), |value| self.add_data(value))
    }

    /// The event that a blank line has ended. Its id is committed, unless the data turns out not to fit.
    #[inline]
    pub(super) fn dispatch<'p>(&'p mut self, unmoved: Unmoved<'p>) -> Result<Dispatch<'p>, Overflow> {
        self.spent = true;
        let id_given = mem::take(&mut self.id_given);
        let room = self.room_for_data();
        let data = unmoved.map_or_else(|| self.data.joined(room), |line| decode(line, room));
        let data = data.map_err(|Full| overflow(&self.limits, Limit::Event))?;
        if id_given {
            mem::swap(&mut self.id, &mut self.last_id);
        }
        let name = if self.name.is_empty() { MESSAGE } else { &self.name };
        Ok(Dispatch { name: Cow::Borrowed(name), data, last_event_id: Cow::Borrowed(&self.last_id) })
    }

    /// The same, given away.
    // Made where it is going, by way of nothing that would have to be moved.
    #[cfg(feature = "stream")]
    #[inline(always)]
    pub(super) fn give<E: From<Overflow>>(&mut self, unmoved: Unmoved<'_>) -> Result<Dispatch<'static>, E> {
        let room = self.room_for_data();
        if let Some(raw) = unmoved.or(self.data.raw())
            && let Ok(Cow::Borrowed(text)) = decode(raw, room)
        {
            let data = text.to_owned();
            self.data.clear();
            return Ok(self.given(data));
        }
        self.give_other(unmoved, room).map_err(E::from)
    }

    /// What is text already, or has to be mended, or does not fit.
    #[cfg(feature = "stream")]
    #[cold]
    fn give_other(&mut self, unmoved: Unmoved<'_>, room: usize) -> Result<Dispatch<'static>, Overflow> {
        let data = unmoved.map_or_else(|| self.data.take(room), |line| decode(line, room).map(Cow::into_owned));
        let Ok(data) = data else {
            self.abandon();
            return Err(overflow(&self.limits, Limit::Event));
        };
        self.data.clear();
        Ok(self.given(data))
    }

    #[cfg(feature = "stream")]
    #[inline(always)]
    fn given(&mut self, data: String) -> Dispatch<'static> {
        if mem::take(&mut self.id_given) {
            mem::swap(&mut self.id, &mut self.last_id);
        }
        let name = if self.name.is_empty() { Cow::Borrowed(MESSAGE) } else { Cow::Owned(self.name.clone()) };
        clear_text(&mut self.name);
        Dispatch { name, data: Cow::Owned(data), last_event_id: Cow::Owned(self.last_id.clone()) }
    }

    /// The name has an end too.
    #[inline]
    fn room_for_data(&self) -> usize {
        self.limits.event.saturating_sub(self.name.len() + 1)
    }

    /// Whether nothing has to be let go of before the next byte.
    #[inline]
    pub(super) const fn is_settled(&self) -> bool {
        !self.spent
    }

    /// Lets go of an event that was handed out.
    #[inline]
    pub(super) fn drop_spent(&mut self) {
        if mem::take(&mut self.spent) {
            self.clear();
        }
    }

    /// Forgets the unfinished event; its id is not committed.
    pub(super) fn abandon(&mut self) {
        self.clear();
        self.id_given = false;
    }

    pub(super) fn last_id(&self) -> &str {
        &self.last_id
    }

    pub(super) fn into_last_id(self) -> String {
        self.last_id
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.data.heap_bytes() + self.name.capacity() + self.id.capacity() + self.last_id.capacity()
    }

    #[inline]
    fn clear(&mut self) {
        self.data.clear();
        clear_text(&mut self.name);
    }

    /// "Dispatch the event": an event without a data line is dropped, but its id is committed.
    #[inline]
    fn blank_line(&mut self, unmoved: Unmoved<'_>) -> Option<Outcome> {
        if self.has_data(unmoved) {
            return Some(Outcome::Dispatch);
        }
        if mem::take(&mut self.id_given) {
            mem::swap(&mut self.id, &mut self.last_id);
        }
        self.clear();
        None
    }

    #[inline]
    fn data_line<'c>(&mut self, value: &'c [u8], unmoved: &mut Unmoved<'c>) -> Result<(), Overflow> {
        if self.has_data(*unmoved) {
            self.keep(unmoved)?;
            return self.add_data(value);
        }
        self.make_room(value.len())?;
        *unmoved = Some(value);
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Result<Option<Outcome>, Overflow> {
        if let Some(at) = value_at(line, b"id") {
            self.set_id(&line[at..])?;
        } else if let Some(at) = value_at(line, b"event") {
            self.set_name(&line[at..])?;
        } else if let Some(at) = value_at(line, b"retry") {
            return Ok(reconnection_time(&line[at..]).map(Outcome::Retry));
        } else if line.starts_with(b":") {
            return Ok(Some(Outcome::Comment));
        }
        Ok(None)
    }

    /// Adds a whole data line behind those that are there.
    #[inline]
    pub(super) fn add_data(&mut self, line: &[u8]) -> Result<(), Overflow> {
        self.make_room(line.len())?;
        self.data.push_line(line).map_err(|Full| overflow(&self.limits, Limit::Event))
    }

    /// Whether a line of so many bytes fits beside the name and the lines before. It has an end too.
    #[inline]
    fn make_room(&self, line: usize) -> Result<(), Overflow> {
        let fits = (self.name.len() + self.data.len()).saturating_add(line) < self.limits.event;
        if fits { Ok(()) } else { Err(overflow(&self.limits, Limit::Event)) }
    }

    fn set_name(&mut self, value: &[u8]) -> Result<(), Overflow> {
        let room = self.limits.event.saturating_sub(self.data.len());
        self.name.clear();
        push_lossy(&mut self.name, value, room).map_err(|Full| overflow(&self.limits, Limit::Event))
    }

    /// An id with a NUL is no id: the line is ignored. The last one of a block counts.
    fn set_id(&mut self, value: &[u8]) -> Result<(), Overflow> {
        if value.contains(&0) {
            return Ok(());
        }
        self.id.clear();
        self.id_given = true;
        push_lossy(&mut self.id, value, self.limits.id).map_err(|Full| overflow(&self.limits, Limit::Id))
    }
}

const fn overflow(limits: &Limits, limit: Limit) -> Overflow {
    let max = match limit {
        Limit::Line => limits.line,
        Limit::Event => limits.event,
        Limit::Id => limits.id,
    };
    Overflow { limit, max }
}

/// Where the value begins, if this is a line of that field: behind the first colon, less one space. Without a colon it is empty.
#[inline]
pub(super) fn value_at(line: &[u8], field: &[u8]) -> Option<usize> {
    let name = field.len();
    match line.strip_prefix(field)? {
        [b':', b' ', ..] => Some(name + 2),
        [b':', ..] => Some(name + 1),
        [] => Some(name),
        _ => None,
    }
}

/// The text of a comment, which is a field without a name.
pub(super) fn comment(line: &[u8]) -> &[u8] {
    value_at(line, b"").map_or(line, |at| &line[at..])
}

/// ASCII digits only: no sign, no space, no fraction. What does not fit 64 bits is ignored, as browsers do.
fn reconnection_time(value: &[u8]) -> Option<Duration> {
    // `parse` refuses the empty value, but would take a sign.
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let millis = std::str::from_utf8(value).ok()?.parse().ok()?;
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_follows_the_first_colon_less_one_space() {
        let value = |line: &'static [u8]| value_at(line, b"data").map(|at| &line[at..]);
        assert_eq!(value(b"data"), Some(&b""[..]));
        assert_eq!(value(b"data:"), Some(&b""[..]));
        assert_eq!(value(b"data: "), Some(&b""[..]));
        assert_eq!(value(b"data:  a: b"), Some(&b" a: b"[..]));
        assert_eq!(value(b"data:\ta"), Some(&b"\ta"[..]));
        for other in [&b""[..], b"dat", b" data:", b"Data:", b"data :", b"data\0", b"datax:y", b":data"] {
            assert_eq!(value(other), None);
        }
    }

    #[test]
    fn a_comment_is_less_its_colon_and_one_space() {
        assert_eq!(comment(b":"), b"");
        assert_eq!(comment(b": x"), b"x");
        assert_eq!(comment(b":  x"), b" x");
        assert_eq!(comment(b":x:"), b"x:");
    }

    #[test]
    fn a_reconnection_time_is_digits_that_fit() {
        let millis = |value: &str| reconnection_time(value.as_bytes()).map(|time| time.as_millis());
        assert_eq!(millis("0"), Some(0));
        assert_eq!(millis("007"), Some(7));
        assert_eq!(millis("18446744073709551615"), Some(u128::from(u64::MAX)));
        for value in ["", "18446744073709551616", "+1", "-1", "1.5", "1e3", "0x10", " 1", "1 ", "１", "1_000"] {
            assert_eq!(millis(value), None, "{value:?}");
        }
    }
}
