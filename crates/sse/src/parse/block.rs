//! The event that is being read, and the id that outlives it.

use std::mem;
use std::time::Duration;

use super::buffer::{Full, clear_text, push_lossy, push_str};
use super::limits::{Limit, Limits, Overflow};

/// What a line led to, if anything that the caller should see.
pub(super) enum Outcome {
    Dispatch,
    Retry(Duration),
    Comment,
}

#[derive(Debug)]
pub(super) struct Block {
    limits: Limits,
    data: String,
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
            data: String::new(),
            name: String::new(),
            id: String::new(),
            id_given: false,
            last_id,
            spent: false,
        }
    }

    /// Processes a line (WHATWG HTML 9.2.6, from "process the field" on; names are compared byte by byte).
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Option<Outcome>, Overflow> {
        if line.is_empty() {
            return Ok(self.blank_line());
        }
        let (field, value) = split(line);
        match field {
            b"" => return Ok(Some(Outcome::Comment)),
            b"data" => self.add_data(value)?,
            b"event" => self.set_name(value)?,
            b"id" => self.set_id(value)?,
            b"retry" => return Ok(reconnection_time(value).map(Outcome::Retry)),
            _ => {}
        }
        Ok(None)
    }

    /// Name, data and last event id of the event that was just dispatched.
    pub(super) fn dispatched(&self) -> (&str, &str, &str) {
        let name = if self.name.is_empty() { "message" } else { &self.name };
        let data = self.data.strip_suffix('\n').unwrap_or(&self.data);
        (name, data, &self.last_id)
    }

    /// Lets go of an event that was handed out.
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

    fn clear(&mut self) {
        clear_text(&mut self.data);
        clear_text(&mut self.name);
    }

    /// "Dispatch the event": the id is committed in any case, an event without a data line is dropped.
    fn blank_line(&mut self) -> Option<Outcome> {
        if mem::take(&mut self.id_given) {
            mem::swap(&mut self.id, &mut self.last_id);
        }
        if self.data.is_empty() {
            self.clear();
            return None;
        }
        self.spent = true;
        Some(Outcome::Dispatch)
    }

    fn add_data(&mut self, value: &[u8]) -> Result<(), Overflow> {
        let room = self.limits.event.saturating_sub(self.name.len());
        push_lossy(&mut self.data, value, room)
            .and_then(|()| push_str(&mut self.data, "\n", room))
            .map_err(|Full| self.overflow(Limit::Event))
    }

    fn set_name(&mut self, value: &[u8]) -> Result<(), Overflow> {
        let room = self.limits.event.saturating_sub(self.data.len());
        self.name.clear();
        push_lossy(&mut self.name, value, room).map_err(|Full| self.overflow(Limit::Event))
    }

    /// An id with a NUL is no id: the line is ignored. The last one of a block counts.
    fn set_id(&mut self, value: &[u8]) -> Result<(), Overflow> {
        if value.contains(&0) {
            return Ok(());
        }
        self.id.clear();
        self.id_given = true;
        push_lossy(&mut self.id, value, self.limits.id).map_err(|Full| self.overflow(Limit::Id))
    }

    const fn overflow(&self, limit: Limit) -> Overflow {
        let max = match limit {
            Limit::Line => self.limits.line,
            Limit::Event => self.limits.event,
            Limit::Id => self.limits.id,
        };
        Overflow { limit, max }
    }
}

/// The field's name, and its value: what follows the first colon, less one space. Without a colon all is name.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&byte| byte == b':') {
        None => (line, b""),
        Some(colon) => (&line[..colon], value_at(line, colon)),
    }
}

/// What follows the colon, less one space.
pub(super) fn value_at(line: &[u8], colon: usize) -> &[u8] {
    let value = &line[colon + 1..];
    value.strip_prefix(b" ").unwrap_or(value)
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
        assert_eq!(split(b"data"), (&b"data"[..], &b""[..]));
        assert_eq!(split(b"data:"), (&b"data"[..], &b""[..]));
        assert_eq!(split(b"data: "), (&b"data"[..], &b""[..]));
        assert_eq!(split(b"data:  a: b"), (&b"data"[..], &b" a: b"[..]));
        assert_eq!(split(b"data:\ta"), (&b"data"[..], &b"\ta"[..]));
        assert_eq!(split(b":x"), (&b""[..], &b"x"[..]));
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
