//! The stamp: what a publisher puts into each message, and what a reader looks for in the raw bytes of a stream.
//!
//! It says who sent it (the lane, one per publisher's connection), the how-manieth it is of its lane and target, and when it was due. It survives JSON,
//! URLs and `data:` lines unchanged and has one length, so that a reader need not parse the frame around it.

use crate::clock::Nanos;
use memchr::memmem;

/// One message of one publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) lane: u32,
    /// From 1, without holes, per lane and target.
    pub(crate) seq: u32,
    /// When it was due, which is when it was sent unless it had to wait.
    pub(crate) at: Nanos,
}

const OPEN: &[u8] = b"~@";
const CLOSE: u8 = b'~';

/// The bytes of a stamp: `~@`, lane and seq (8 hexadecimal digits each), time (16), `~`.
pub(crate) const LENGTH: usize = 2 + 8 + 8 + 16 + 1;

impl Stamp {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(OPEN);
        digits(u64::from(self.lane), 8, out);
        digits(u64::from(self.seq), 8, out);
        digits(self.at, 16, out);
        out.push(CLOSE);
    }

    /// Reads a stamp at the beginning of `bytes`, which are at least as many as it has.
    fn read(bytes: &[u8]) -> Option<Self> {
        let part = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(number);
        (bytes[LENGTH - 1] == CLOSE).then_some(())?;
        let at = u64::from(part(18)?) << 32 | u64::from(part(26)?);
        Some(Self { lane: part(2)?, seq: part(10)?, at })
    }
}

fn digits(number: u64, count: u32, out: &mut Vec<u8>) {
    let digit = |at| {
        char::from_digit(u32::try_from(number >> (4 * at) & 15).unwrap_or(0), 16).map_or(b'0', |digit| digit as u8)
    };
    out.extend((0..count).rev().map(digit));
}

/// Eight hexadecimal digits at once: at millions of deliveries a second, one by one would be what is measured.
fn number(digits: [u8; 8]) -> u32 {
    let text = u64::from_be_bytes(digits);
    let nibbles = (text & 0x0f0f_0f0f_0f0f_0f0f) + 9 * ((text >> 6) & 0x0101_0101_0101_0101);
    let bytes = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    u32::try_from((pairs | pairs >> 16) & 0xffff_ffff).unwrap_or_default()
}

/// Finds stamps in bytes that come in pieces.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// The end of what was read, if it may be the beginning of a stamp.
    tail: [u8; LENGTH - 1],
    held: usize,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { tail: [0; LENGTH - 1], held: 0 }
    }
}

impl Scanner {
    pub(crate) fn feed(&mut self, bytes: &[u8], mut found: impl FnMut(Stamp)) {
        let mut rest = bytes;
        if self.held > 0 {
            let (held, more) = (self.held, bytes.len().min(LENGTH - 1));
            let mut joint = [0; 2 * LENGTH];
            joint[..held].copy_from_slice(&self.tail[..held]);
            joint[held..held + more].copy_from_slice(&bytes[..more]);
            let joint = &joint[..held + more];
            match first(joint) {
                Some((stamp, end)) => {
                    found(stamp);
                    rest = &bytes[end - held..];
                }
                None if more == bytes.len() => return self.hold(joint),
                None => {}
            }
        }
        while let Some((stamp, end)) = first(rest) {
            found(stamp);
            rest = &rest[end..];
        }
        self.hold(rest);
    }

    /// Keeps the beginning of a stamp, if these bytes, in which there is no whole one, end with it.
    fn hold(&mut self, bytes: &[u8]) {
        let last = &bytes[bytes.len().saturating_sub(LENGTH - 1)..];
        let begins = memmem::find(last, OPEN).or_else(|| last.ends_with(&OPEN[..1]).then(|| last.len() - 1));
        let kept = begins.map_or(&[][..], |at| &last[at..]);
        self.held = kept.len();
        self.tail[..kept.len()].copy_from_slice(kept);
    }
}

/// The first whole stamp, and where it ends.
fn first(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let mut from = 0;
    loop {
        let at = from + memmem::find(&bytes[from..], OPEN)?;
        let end = at + LENGTH;
        if end > bytes.len() {
            return None;
        }
        if let Some(stamp) = Stamp::read(&bytes[at..end]) {
            return Some((stamp, end));
        }
        from = at + OPEN.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(count: u32) -> Vec<Stamp> {
        (1..=count).map(|seq| Stamp { lane: seq % 7, seq, at: u64::from(seq) * 0x0123_4567_89ab }).collect()
    }

    fn text(stamps: &[Stamp]) -> Vec<u8> {
        let mut text = Vec::new();
        for (at, stamp) in stamps.iter().enumerate() {
            text.extend_from_slice(["id: 1\ndata: {\"a\":\"", "data: ~@ ~~@~", ""][at % 3].as_bytes());
            stamp.write(&mut text);
            text.extend_from_slice(["\"}\n\n", "~\n\n", ""][at % 3].as_bytes());
        }
        text
    }

    fn found(text: &[u8], piece: usize) -> Vec<Stamp> {
        let (mut scanner, mut found) = (Scanner::default(), Vec::new());
        text.chunks(piece).for_each(|piece| scanner.feed(piece, |stamp| found.push(stamp)));
        found
    }

    #[test]
    fn every_stamp_is_found_however_the_bytes_are_cut() {
        let stamps = stamps(50);
        let text = text(&stamps);
        for piece in 1..=text.len() {
            assert_eq!(found(&text, piece), stamps, "in pieces of {piece}");
        }
    }

    #[test]
    fn numbers_of_all_digits_are_read_as_they_were_written() {
        let stamp = Stamp { lane: 0xdead_beef, seq: 0x0123_4567, at: 0x89ab_cdef_0011_ffff };
        let mut text = Vec::new();
        stamp.write(&mut text);
        assert_eq!(text.len(), LENGTH);
        assert_eq!(found(&text, LENGTH), [stamp]);
    }

    #[test]
    fn what_is_cut_short_is_no_stamp() {
        let mut text = text(&stamps(1));
        text.truncate(LENGTH);
        assert_eq!(found(&text, 1000), []);
    }
}
