//! The event that is being read, and the id that outlives it.

use std::borrow::Cow;
use std::mem;
use std::time::Duration;

use super::buffer::{self, Full, clear_bytes, clear_text, decode, push_lossy};
use super::limits::{Limit, Limits, Overflow};
use super::{Dispatch, MESSAGE};
use crate::work;

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
    /// The data lines so far, joined by LF, as they came: decoded once, as a whole. LF is never part of a longer sequence.
    data: Vec<u8>,
    /// Where in `data` the first line begins: a line that was put together elsewhere is taken over with its field name.
    start: usize,
    /// Whether `data` holds a line; it may be an empty one.
    has_data: bool,
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
            data: Vec::new(),
            start: 0,
            has_data: false,
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
            return Ok(self.blank_line(unmoved.is_some()));
        }
        // A name counts together with the data.
        self.keep(unmoved)?;
        self.field(line)
    }

    /// Processes a line that was put together from several chunks, and may keep its buffer. It is the first in its chunk.
    pub(super) fn held_line(&mut self, line: &mut Vec<u8>) -> Result<Option<Outcome>, Overflow> {
        match value_at(line, b"data") {
            None => self.line(line, &mut None),
            Some(at) if self.has_data || !self.may_take_over(line) => self.add_data(&line[at..]).map(|()| None),
            Some(at) => {
                self.make_room(line.len() - at)?;
                mem::swap(&mut self.data, line);
                (self.start, self.has_data) = (at, true);
                Ok(None)
            }
        }
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
        let raw = unmoved.unwrap_or(&self.data[self.start..]);
        let room = self.limits.event.saturating_sub(self.name.len() + 1);
        let data = decode(raw, room).map_err(|Full| overflow(&self.limits, Limit::Event))?;
        if id_given {
            mem::swap(&mut self.id, &mut self.last_id);
        }
        let name = if self.name.is_empty() { MESSAGE } else { &self.name };
        Ok(Dispatch { name: Cow::Borrowed(name), data, last_event_id: Cow::Borrowed(&self.last_id) })
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

    pub(super) const fn heap_bytes(&self) -> usize {
        self.data.capacity() + self.name.capacity() + self.id.capacity() + self.last_id.capacity()
    }

    #[inline]
    fn clear(&mut self) {
        if mem::take(&mut self.has_data) {
            clear_bytes(&mut self.data);
            self.start = 0;
        }
        clear_text(&mut self.name);
    }

    /// "Dispatch the event": an event without a data line is dropped, but its id is committed.
    #[inline]
    fn blank_line(&mut self, unmoved: bool) -> Option<Outcome> {
        if unmoved || self.has_data {
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
        if self.has_data || unmoved.is_some() {
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

    #[inline]
    fn add_data(&mut self, value: &[u8]) -> Result<(), Overflow> {
        if self.start > 0 {
            self.data.drain(..mem::take(&mut self.start));
        }
        let joint = usize::from(self.has_data);
        self.make_room(self.data.len() + joint + value.len())?;
        buffer::make_room(&mut self.data, joint + value.len(), self.limits.event)
            .map_err(|Full| overflow(&self.limits, Limit::Event))?;
        if mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        work::count(value.len());
        self.data.extend_from_slice(value);
        Ok(())
    }

    /// Whether so much data fits beside the name. The last line has an end too.
    #[inline]
    fn make_room(&self, data: usize) -> Result<(), Overflow> {
        let fits = self.name.len().saturating_add(data) < self.limits.event;
        if fits { Ok(()) } else { Err(overflow(&self.limits, Limit::Event)) }
    }

    /// Whether the buffers can be exchanged without breaking the promise of how much is held.
    const fn may_take_over(&self, line: &Vec<u8>) -> bool {
        line.capacity() <= self.limits.event && self.data.capacity() <= self.limits.line
    }

    fn set_name(&mut self, value: &[u8]) -> Result<(), Overflow> {
        let data = if self.has_data { self.data.len() - self.start + 1 } else { 0 };
        let room = self.limits.event.saturating_sub(data);
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
fn value_at(line: &[u8], field: &[u8]) -> Option<usize> {
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
