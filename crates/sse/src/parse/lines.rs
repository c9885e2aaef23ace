//! Cutting the byte stream into lines: BOM, line ends, the limit, and skipping.

use std::mem;

use super::buffer::{clear_bytes, push_bytes};
use super::limits::{Limit, Overflow};
use crate::scan::find_line_end;

const BOM: &[u8] = "\u{FEFF}".as_bytes();

/// A whole line without its end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Line<'c> {
    /// It lay in one chunk, and still does.
    Chunk(&'c [u8]),
    /// It came in several, and was put together in [`Lines::held`].
    Held,
}

/// What to pass over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    Nothing,
    /// The rest of a comment that is too long to hold.
    Comment,
    /// Everything up to a blank line; `blank` while the line that is being read has no bytes yet.
    Event {
        blank: bool,
    },
}

#[derive(Debug)]
pub(super) struct Lines {
    max: usize,
    /// How many bytes of a BOM the stream began with; all of them once that is decided.
    bom: usize,
    after_cr: bool,
    held: Vec<u8>,
    /// `held` was handed out as a whole line.
    spent: bool,
    skip: Skip,
}

impl Lines {
    pub(super) const fn new(max: usize) -> Self {
        Self { max, bom: 0, after_cr: false, held: Vec::new(), spent: false, skip: Skip::Nothing }
    }

    /// Takes the next whole line from `input`, or all of it if it holds no line end.
    ///
    /// A CR ends its line at once; an LF that comes next is dropped then, in whatever chunk it is.
    pub(super) fn next<'c>(&mut self, input: &mut &'c [u8]) -> Result<Option<Line<'c>>, Overflow> {
        self.drop_spent();
        self.drop_bom(input)?;
        loop {
            self.drop_lf(input);
            let Some(end) = find_line_end(input) else {
                self.begin(mem::take(input))?;
                return Ok(None);
            };
            let text = self.cut(input, end);
            if let Some(line) = self.finish(text)? {
                return Ok(Some(line));
            }
        }
    }

    /// The bytes of a line that [`next`](Self::next) returned last.
    pub(super) fn text<'a>(&'a self, line: Line<'a>) -> &'a [u8] {
        match line {
            Line::Chunk(text) => text,
            Line::Held => &self.held,
        }
    }

    /// Passes over the rest of the event whose latest line was returned last.
    pub(super) const fn skip_event(&mut self) {
        self.skip = Skip::Event { blank: true };
    }

    pub(super) const fn heap_bytes(&self) -> usize {
        self.held.capacity()
    }

    fn drop_spent(&mut self) {
        if mem::take(&mut self.spent) {
            clear_bytes(&mut self.held);
        }
    }

    /// Drops a BOM at the very start of the stream, in however many chunks it comes. What only looked like one is put back.
    fn drop_bom(&mut self, input: &mut &[u8]) -> Result<(), Overflow> {
        while self.bom < BOM.len() {
            let Some((&byte, rest)) = input.split_first() else { break };
            if byte != BOM[self.bom] {
                let matched = mem::replace(&mut self.bom, BOM.len());
                return self.hold(&BOM[..matched]);
            }
            self.bom += 1;
            *input = rest;
        }
        Ok(())
    }

    fn drop_lf(&mut self, input: &mut &[u8]) {
        if let Some((&byte, rest)) = input.split_first()
            && mem::take(&mut self.after_cr)
            && byte == b'\n'
        {
            *input = rest;
        }
    }

    /// Takes the text up to the line end at `end`, and the line end.
    fn cut<'c>(&mut self, input: &mut &'c [u8], end: usize) -> &'c [u8] {
        let (text, rest) = input.split_at(end);
        self.after_cr = rest[0] == b'\r';
        *input = &rest[1..];
        text
    }

    /// Goes on with a line that does not end yet.
    fn begin(&mut self, part: &[u8]) -> Result<(), Overflow> {
        match &mut self.skip {
            Skip::Nothing => self.hold(part),
            Skip::Comment => Ok(()),
            Skip::Event { blank } => {
                *blank &= part.is_empty();
                Ok(())
            }
        }
    }

    /// Ends the line with `text`. Nothing comes of it if it is one to pass over.
    fn finish<'c>(&mut self, text: &'c [u8]) -> Result<Option<Line<'c>>, Overflow> {
        match self.skip {
            Skip::Nothing => self.finish_wanted(text),
            Skip::Event { blank } if !blank || !text.is_empty() => {
                self.skip_event();
                Ok(None)
            }
            Skip::Comment | Skip::Event { .. } => {
                self.skip = Skip::Nothing;
                Ok(None)
            }
        }
    }

    fn finish_wanted<'c>(&mut self, text: &'c [u8]) -> Result<Option<Line<'c>>, Overflow> {
        if self.held.is_empty() && text.len() <= self.max {
            return Ok(Some(Line::Chunk(text)));
        }
        self.hold(text).inspect_err(|_| self.skip = Skip::Event { blank: true })?;
        if mem::replace(&mut self.skip, Skip::Nothing) == Skip::Comment {
            return Ok(None);
        }
        self.spent = true;
        Ok(Some(Line::Held))
    }

    /// Appends to what is held of the line. If that is too long, lets go of it and passes over the rest: of the line alone for a
    /// comment, which means nothing, and of the whole event otherwise.
    fn hold(&mut self, part: &[u8]) -> Result<(), Overflow> {
        if push_bytes(&mut self.held, part, self.max).is_ok() {
            return Ok(());
        }
        let comment = self.held.first().or(part.first()) == Some(&b':');
        clear_bytes(&mut self.held);
        if comment {
            self.skip = Skip::Comment;
            return Ok(());
        }
        self.skip = Skip::Event { blank: false };
        Err(Overflow { limit: Limit::Line, max: self.max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines of a stream, fed in chunks of `size`.
    fn lines(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(100);
        let mut all = Vec::new();
        for mut chunk in stream.chunks(size) {
            while let Some(line) = lines.next(&mut chunk).unwrap() {
                all.push(lines.text(line).to_vec());
            }
        }
        all
    }

    #[test]
    fn every_kind_of_line_end_counts_once_in_any_chunking() {
        let stream = b"a\nb\r\nc\rd\n\r\n\r\r\n\n";
        for size in 1..=stream.len() {
            assert_eq!(lines(stream, size), [&b"a"[..], b"b", b"c", b"d", b"", b"", b"", b""], "{size}");
        }
    }

    #[test]
    fn a_cr_at_the_end_of_a_chunk_ends_the_line_at_once() {
        let mut lines = Lines::new(100);
        assert!(lines.next(&mut &b"a\r"[..]).unwrap().is_some());
        assert!(lines.next(&mut &b""[..]).unwrap().is_none());
        assert!(lines.next(&mut &b"\n"[..]).unwrap().is_none(), "the LF belongs to the CR");
        assert!(lines.next(&mut &b"\n"[..]).unwrap().is_some(), "this one is a line of its own");
    }

    #[test]
    fn only_a_whole_bom_at_the_start_is_dropped() {
        for size in 1..=8 {
            assert_eq!(lines(b"\xEF\xBB\xBFa\n", size), [b"a"]);
            assert_eq!(lines(b"\xEF\xBB\xBF\xEF\xBB\xBFa\n", size), [b"\xEF\xBB\xBFa"]);
            assert_eq!(lines(b"\xEF\xBBa\n", size), [b"\xEF\xBBa"]);
            assert_eq!(lines(b"\xEF\n\xEF\xBB\xBFa\n", size), [&b"\xEF"[..], b"\xEF\xBB\xBFa"]);
            assert_eq!(lines(b"\xEF\xBB", size), [b""; 0]);
        }
    }
}
