//! The data of the event that is being read.

use std::borrow::Cow;
use std::mem;

use super::buffer::{Full, KEEP, clear_bytes, decode, make_room};
use super::text::Text;
use crate::work;

/// The data lines so far, each with an LF behind it.
#[derive(Debug)]
pub(super) struct Data {
    /// As they came: decoded once, all together. LF is never part of a longer sequence.
    raw: Vec<u8>,
    /// Where in `raw` the first line begins: one that was put together elsewhere is taken over with its field's name.
    start: usize,
    /// Instead, once there was a line too long to wait for its end: decoded as it comes, so that it can be given away as it is.
    text: Option<Text>,
    /// The bytes that came, and one for each line end.
    len: usize,
    /// The bound of what is held.
    max: usize,
    /// How long the latest text was that was given away: the next one may be as long.
    usual: usize,
}

/// A line that goes on after its first piece gets room for so many such pieces.
const FIRST: usize = 4;

impl Data {
    pub(super) const fn new(max: usize) -> Self {
        Self { raw: Vec::new(), start: 0, text: None, len: 0, max, usual: 0 }
    }

    /// The length as it came, with all line ends; 0 if there is no line.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds a whole line.
    #[inline]
    pub(super) fn push_line(&mut self, line: &[u8]) -> Result<(), Full> {
        if self.text.is_some() {
            self.push_piece(line);
            self.end_line();
            return Ok(());
        }
        self.drop_start();
        make_room(&mut self.raw, line.len() + 1, self.max)?;
        work::count(line.len());
        self.raw.extend_from_slice(line);
        self.raw.push(b'\n');
        self.len += line.len() + 1;
        Ok(())
    }

    /// Whether this can be the first line, and the buffers be exchanged without breaking the promise of how much is held.
    pub(super) const fn may_take_over(&self, line: &Vec<u8>, max: usize) -> bool {
        self.len == 0 && line.len() < self.max && line.capacity() <= self.max && self.raw.capacity() <= max
    }

    /// Exchanges the buffers: `line` is the first line from `start` on.
    pub(super) fn take_over(&mut self, line: &mut Vec<u8>, start: usize) -> Result<(), Full> {
        mem::swap(&mut self.raw, line);
        make_room(&mut self.raw, 1, self.max)?;
        self.raw.push(b'\n');
        self.start = start;
        self.len = self.raw.len() - start;
        Ok(())
    }

    /// Adds a piece of a line that goes on.
    pub(super) fn push_piece(&mut self, piece: &[u8]) {
        self.drop_start();
        let Self { raw, text, len, max, usual, .. } = self;
        *len += piece.len();
        text.get_or_insert_with(|| Text::new(mem::take(raw), (FIRST * piece.len()).min(KEEP).max(*usual), *max))
            .push(piece);
    }

    /// Ends a line that came in pieces.
    pub(super) fn end_line(&mut self) {
        self.len += 1;
        if let Some(text) = &mut self.text {
            text.end_line();
        }
    }

    /// All lines, joined by LF, if they are no longer than `room`.
    #[inline]
    pub(super) fn joined(&self, room: usize) -> Result<Cow<'_, str>, Full> {
        match &self.text {
            None => decode(self.raw().unwrap_or_default(), room),
            Some(text) => text.lines().filter(|lines| lines.len() <= room).map(Cow::Borrowed).ok_or(Full),
        }
    }

    /// All lines as they came, joined by LF, if that is how they are held.
    #[inline]
    pub(super) fn raw(&self) -> Option<&[u8]> {
        let lines = self.raw[self.start..].strip_suffix(b"\n").unwrap_or_default();
        self.text.is_none().then_some(lines)
    }

    /// As text, for good, and without a copy if they are text already.
    #[cfg(feature = "stream")]
    pub(super) fn take(&mut self, room: usize) -> Result<String, Full> {
        let joined = self.joined(room)?;
        if self.text.is_none() {
            return Ok(joined.into_owned());
        }
        self.usual = self.len.min(KEEP);
        Ok(self.text.as_mut().map(Text::take).unwrap_or_default())
    }

    #[inline]
    pub(super) fn clear(&mut self) {
        if mem::take(&mut self.len) > 0 {
            if let Some(text) = self.text.take() {
                self.raw = text.into_buffer();
            }
            clear_bytes(&mut self.raw);
            self.start = 0;
        }
    }

    #[inline]
    fn drop_start(&mut self) {
        if self.start > 0 {
            self.raw.drain(..mem::take(&mut self.start));
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.raw.capacity() + self.text.as_ref().map_or(0, Text::heap_bytes)
    }
}
