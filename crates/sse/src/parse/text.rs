//! Text that is decoded as it comes.

use std::mem;

use super::buffer::{push_lossy, push_str};

/// Lines of text, the last of which may go on.
#[derive(Debug)]
pub(super) struct Text {
    text: String,
    /// The bound of `text`.
    max: usize,
    /// It did not fit, and is lost.
    lost: bool,
    cut: Cut,
}

/// A sequence that the end of a piece has cut, as far as it has come.
#[derive(Debug, Default)]
struct Cut {
    bytes: [u8; LONGEST],
    len: usize,
}

/// No sequence of UTF-8 is longer.
const LONGEST: usize = 4;

impl Text {
    /// What is in `lines` already, and in their buffer if that is possible; with room for `room` bytes if `max` allows for them.
    pub(super) fn new(lines: Vec<u8>, room: usize, max: usize) -> Self {
        let mut new = Self { text: String::new(), max, lost: false, cut: Cut::default() };
        match String::from_utf8(lines) {
            Ok(text) => new.text = text,
            Err(lines) => new.add(lines.as_bytes()),
        }
        if new.text.is_empty() {
            new.text.reserve_exact(room.min(max));
        }
        new
    }

    /// Adds a piece of the last line.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let piece = self.mend(piece);
        let (whole, cut) = piece.split_at(whole(piece));
        self.add(whole);
        self.cut.push(cut);
    }

    /// Ends the last line. What is still missing of it will not come.
    pub(super) fn end_line(&mut self) {
        self.add_cut();
        if !self.lost {
            self.lost = push_str(&mut self.text, "\n", self.max).is_err();
        }
    }

    /// The lines without the last LF, unless they are lost.
    pub(super) fn lines(&self) -> Option<&str> {
        let lines = self.text.strip_suffix('\n').unwrap_or(&self.text);
        (!self.lost).then_some(lines)
    }

    /// The same, taken out.
    #[cfg(any(feature = "stream", test))]
    pub(super) fn take(&mut self) -> String {
        let mut text = mem::take(&mut self.text);
        if text.ends_with('\n') {
            text.pop();
        }
        if text.capacity() / 2 > text.len() {
            text.shrink_to_fit();
        }
        text
    }

    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    pub(super) const fn heap_bytes(&self) -> usize {
        self.text.capacity()
    }

    /// Goes on with the sequence that was cut, and gives what follows it.
    fn mend<'p>(&mut self, mut piece: &'p [u8]) -> &'p [u8] {
        if self.cut.len == 0 {
            return piece;
        }
        while let (Some((byte @ 0x80..=0xBF, rest)), 1..LONGEST) = (piece.split_first(), self.cut.len) {
            self.cut.push(&[*byte]);
            piece = rest;
        }
        // Otherwise it may go on in the next piece.
        if !piece.is_empty() || self.cut.len == LONGEST {
            self.add_cut();
        }
        piece
    }

    fn add_cut(&mut self) {
        let cut = mem::take(&mut self.cut);
        self.add(&cut.bytes[..cut.len]);
    }

    fn add(&mut self, bytes: &[u8]) {
        if !self.lost && push_lossy(&mut self.text, bytes, self.max).is_err() {
            self.lost = true;
            self.text.clear();
        }
    }
}

impl Cut {
    /// Adds so few bytes that they fit.
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// How much of `bytes` does not end within a sequence that may go on. To part them there makes no difference to what is decoded.
fn whole(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(LONGEST - 1);
    let lead = bytes[from..].iter().rposition(|byte| !matches!(byte, 0x80..=0xBF)).map(|at| from + at);
    let cut = lead.filter(|&at| bytes.len() - at < sequence_len(bytes[at]));
    cut.unwrap_or(bytes.len())
}

/// How long a sequence is that begins so.
const fn sequence_len(lead: u8) -> usize {
    match lead {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> String {
        let mut text = Text::new(Vec::new(), 0, 1000);
        pieces.into_iter().for_each(|piece| text.push(piece));
        text.end_line();
        text.take()
    }

    #[test]
    fn pieces_are_decoded_as_the_whole_is() {
        let mixed: &[u8] = b"a\xC3\xB6\xE2\x82\xAC\xF0\x9F\x98\x80\x80\x80\x80\xE2\x82b\xC0\xAF\xED\xA0\x80\xF4\x90\x80\x80\xE0\x80\xF0\x9F\xF0";
        let whole = String::from_utf8_lossy(mixed);
        for from in 0..mixed.len() {
            for to in from..=mixed.len() {
                assert_eq!(decoded([&mixed[..from], &mixed[from..to], &mixed[to..]]), whole, "{from} {to}");
            }
        }
        for size in 1..=mixed.len() {
            assert_eq!(decoded(mixed.chunks(size)), whole, "{size}");
        }
    }

    #[test]
    fn what_does_not_fit_is_lost_as_a_whole() {
        let mut text = Text::new(b"12345\n".to_vec(), 100, 8);
        assert!(text.heap_bytes() <= 8);
        text.push(b"6");
        text.end_line();
        assert_eq!(text.lines(), Some("12345\n6"));
        text.push(b"7");
        assert_eq!(text.lines(), None);
    }

    #[test]
    fn lines_that_are_there_are_decoded() {
        let mut text = Text::new(b"\xFF\n".to_vec(), 0, 100);
        text.push(b"x");
        text.end_line();
        assert_eq!(text.lines(), Some("\u{FFFD}\nx"));
    }
}
