//! Cutting the byte stream into lines: BOM, line ends, the limit, and skipping.

use std::mem;

use super::block::value_at;
use super::buffer::{clear_bytes, push_bytes, room};
use super::limits::{Limit, Overflow};
use crate::scan::{find_end_of_field, find_line_end};
use crate::work;

/// What is taken without asking for more than a line end.
const TINY: usize = 8;

/// A data line of which so much has come is not waited for any longer, but handed out in pieces.
const LONG: usize = 512;

/// A data line as nearly all are written.
const DATA: &[u8] = b"data: ";

const BOM: &[u8] = "\u{FEFF}".as_bytes();

/// A line without its end, or a piece of one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Line<'c> {
    /// It lay in one chunk, and still does.
    Chunk(&'c [u8]),
    /// It came in several, and was put together in [`Lines::held`].
    Held,
    /// A long data line begins: its value, so far, is in [`Lines::held`] from there on.
    Begun(usize),
    /// More of the value of a long data line.
    Piece(&'c [u8]),
    /// The last of it.
    End(&'c [u8]),
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

/// What may come before the next line without being part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A BOM, of which so many bytes have come.
    Bom(usize),
    /// The LF of a CR that has ended its line.
    Lf,
}

#[derive(Debug)]
pub(super) struct Lines {
    max: usize,
    before: Before,
    held: Vec<u8>,
    /// `held` was handed out.
    spent: bool,
    /// How much of the line was handed out in pieces.
    passed: usize,
    skip: Skip,
}

impl Lines {
    pub(super) const fn new(max: usize) -> Self {
        Self { max, before: Before::Bom(0), held: Vec::new(), spent: false, passed: 0, skip: Skip::Nothing }
    }

    /// Takes all of `input` if it is a little more of a line that has begun. In tiny chunks nearly everything is, and need not go the long way
    /// of [`next`](Self::next).
    #[inline]
    pub(super) fn take_piece(&mut self, input: &mut &[u8]) -> bool {
        let plain = self.before == Before::Nothing && self.skip == Skip::Nothing && !self.spent && self.passed == 0;
        if !plain || input.len() > TINY.min(room(&self.held, self.max)) || find_line_end(input).is_some() {
            return false;
        }
        work::count(input.len());
        self.held.extend_from_slice(mem::take(input));
        true
    }

    /// Takes the next whole line from `input`, or all of it if it holds no line end, which may be a piece of a line.
    ///
    /// A CR ends its line at once; an LF that comes next is dropped then, in whatever chunk it is.
    #[inline]
    pub(super) fn next<'c>(&mut self, input: &mut &'c [u8]) -> Result<Option<Line<'c>>, Overflow> {
        if mem::take(&mut self.spent) {
            clear_bytes(&mut self.held);
        }
        while let Some(&first) = input.first() {
            if self.before != Before::Nothing {
                self.drop_before(first, input)?;
                continue;
            }
            let Some(end) = find_end_of_field(input) else { return self.begin(mem::take(input)) };
            let text = self.cut(input, end);
            if let Some(line) = self.finish(text)? {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// The bytes of a line that [`next`](Self::next) returned last.
    pub(super) fn text<'a>(&'a self, line: Line<'a>) -> &'a [u8] {
        match line {
            Line::Chunk(text) | Line::Piece(text) | Line::End(text) => text,
            Line::Held => &self.held,
            Line::Begun(at) => &self.held[at..],
        }
    }

    /// What was put together, to be used or exchanged. What is left is dropped before the next line.
    pub(super) const fn held(&mut self) -> &mut Vec<u8> {
        &mut self.held
    }

    /// Takes the next data line in the way of lines that follow each other, and gives its value, if that is plain to see. At the start of a line
    /// that is not passed over.
    #[inline]
    pub(super) fn take_data<'c>(&mut self, input: &mut &'c [u8]) -> Option<&'c [u8]> {
        let line = input.strip_prefix(DATA).filter(|_| self.before == Before::Nothing)?;
        let end = find_line_end(line).filter(|&end| line[end] == b'\n' && DATA.len() + end <= self.max)?;
        *input = &line[end + 1..];
        Some(&line[..end])
    }

    /// Takes the blank line that comes next, if it is plain to see. At the start of a line that is not passed over.
    #[inline]
    pub(super) fn take_blank(&mut self, input: &mut &[u8]) -> bool {
        match input.split_first() {
            Some((b'\n', rest)) if self.before == Before::Nothing => *input = rest,
            _ => return false,
        }
        true
    }

    /// Passes over the rest of the event whose latest line, or piece of one, was read last: of a line that goes on, too.
    pub(super) fn skip_event(&mut self) {
        let between_lines = self.passed == 0 && (self.spent || self.held.is_empty());
        self.skip = Skip::Event { blank: between_lines };
        self.passed = 0;
        clear_bytes(&mut self.held);
    }

    pub(super) const fn heap_bytes(&self) -> usize {
        self.held.capacity()
    }

    /// Drops `first` from `input` if it comes before the line. What only looked like a BOM is put back.
    fn drop_before(&mut self, first: u8, input: &mut &[u8]) -> Result<(), Overflow> {
        let before = mem::replace(&mut self.before, Before::Nothing);
        match before {
            Before::Bom(matched) if first != BOM[matched] => return self.hold(&BOM[..matched]),
            Before::Bom(matched) if matched + 1 < BOM.len() => self.before = Before::Bom(matched + 1),
            Before::Bom(_) => {}
            Before::Lf if first == b'\n' => {}
            Before::Lf | Before::Nothing => return Ok(()),
        }
        *input = &input[1..];
        Ok(())
    }

    /// Takes the text up to the line end at `end`, and the line end.
    #[inline]
    fn cut<'c>(&mut self, input: &mut &'c [u8], end: usize) -> &'c [u8] {
        let (text, rest) = input.split_at(end);
        if rest[0] == b'\r' {
            self.before = Before::Lf;
        }
        *input = &rest[1..];
        text
    }

    /// Goes on with a line that does not end yet.
    #[inline]
    fn begin<'c>(&mut self, part: &'c [u8]) -> Result<Option<Line<'c>>, Overflow> {
        match &mut self.skip {
            Skip::Nothing if self.passed > 0 => self.pass(part).map(|()| Some(Line::Piece(part))),
            Skip::Nothing => self.begin_wanted(part),
            Skip::Comment => Ok(None),
            Skip::Event { blank } => {
                *blank &= part.is_empty();
                Ok(None)
            }
        }
    }

    fn begin_wanted<'c>(&mut self, part: &'c [u8]) -> Result<Option<Line<'c>>, Overflow> {
        if self.held.is_empty()
            && let Some(at) = long_value(part)
        {
            self.pass(part)?;
            return Ok(Some(Line::Piece(&part[at..])));
        }
        self.hold(part)?;
        let begun = long_value(&self.held);
        if begun.is_some() {
            self.passed = self.held.len();
            self.spent = true;
        }
        Ok(begun.map(Line::Begun))
    }

    /// Counts what is handed out of a line in pieces.
    fn pass(&mut self, piece: &[u8]) -> Result<(), Overflow> {
        self.passed += piece.len();
        if self.passed <= self.max {
            return Ok(());
        }
        self.skip_event();
        Err(Overflow { limit: Limit::Line, max: self.max })
    }

    /// Ends the line with `text`. Nothing comes of it if it is one to pass over.
    #[inline]
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
        if self.passed > 0 {
            self.pass(text).inspect_err(|_| self.skip_event())?;
            self.passed = 0;
            return Ok(Some(Line::End(text)));
        }
        if self.held.is_empty() && text.len() <= self.max {
            return Ok(Some(Line::Chunk(text)));
        }
        self.hold(text).inspect_err(|_| self.skip_event())?;
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

/// Where the value begins, if this is a long piece of a data line.
fn long_value(begin: &[u8]) -> Option<usize> {
    if begin.len() < LONG { None } else { value_at(begin, b"data") }
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

    /// That line's own end is not the blank line that ends the event.
    #[test]
    fn an_event_that_is_passed_over_from_inside_of_a_line_goes_on_past_the_end_of_that_line() {
        let long = [b"data: ", &[b'x'; LONG][..]].concat();
        for (pieces, rest, why) in [
            (vec![&long[..]], &b"\nid: of it\n\ndata: next\n"[..], "handed out in pieces"),
            (vec![&long[..9], &long[9..]], b"\nid: of it\n\ndata: next\n", "held, then handed out in pieces"),
            (vec![&long[..9]], b"\nid: of it\n\ndata: next\n", "held"),
            (vec![b"data: x\n"], b"\ndata: next\n", "between two lines"),
            (vec![b"data", b": x\n"], b"\ndata: next\n", "between two lines, the first of which was held"),
        ] {
            let mut lines = Lines::new(10 * LONG);
            for mut piece in pieces {
                lines.next(&mut piece).unwrap();
            }
            lines.skip_event();
            assert!(matches!(lines.next(&mut &*rest), Ok(Some(Line::Chunk(b"data: next")))), "{why}");
        }
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
