//! Finding line ends, the inner loop of both directions.

use crate::work;

/// Fewer bytes are not worth a call. Neither is an empty line, and every event has one.
const SHORT: usize = 16;

/// The index of the first byte that ends a line for a receiver: LF, or CR alone or before an LF (WHATWG HTML 9.2.5).
#[inline]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    let at = if bytes.len() < SHORT || matches!(bytes[0], b'\n' | b'\r') {
        bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'))
    } else {
        memchr::memchr2(b'\n', b'\r', bytes)
    };
    work::count(at.unwrap_or(bytes.len()));
    at
}

/// The same, for the start of a line of a stream: other fields than `data` are mostly so short that a call costs more than the search.
#[inline]
pub(crate) fn find_end_of_field(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&b'd') {
        return find_line_end(bytes);
    }
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk()
        && bytes.len() - rest.len() < WORDS
    {
        if let Some(at) = line_end_in(u64::from_le_bytes(*word)) {
            let at = bytes.len() - rest.len() + at;
            work::count(at);
            return Some(at);
        }
        rest = after;
    }
    work::count(bytes.len() - rest.len());
    find_line_end(rest).map(|at| bytes.len() - rest.len() + at)
}

/// How many bytes are looked at by words.
const WORDS: usize = 32;

/// The index of the first byte of a word that is LF or CR.
#[inline]
fn line_end_in(word: u64) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // The lowest high bit that is set belongs to a byte that is zero; those above it may be wrong.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let ends = zeros(word ^ (ONES * 0x0A)) | zeros(word ^ (ONES * 0x0D));
    (ends != 0).then(|| (ends.trailing_zeros() / 8) as usize)
}

/// The pieces between line ends; CRLF counts once. Always yields at least one piece, and the piece after a final line end.
pub(crate) fn pieces(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let Some(at) = find_line_end(value) else {
            rest = None;
            return Some(value);
        };
        let end = if value[at..].starts_with(b"\r\n") { at + 2 } else { at + 1 };
        rest = Some(&value[end..]);
        Some(&value[..at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(value: &str) -> Vec<&str> {
        pieces(value.as_bytes()).map(|piece| std::str::from_utf8(piece).unwrap()).collect()
    }

    #[test]
    fn a_line_end_is_found_at_every_offset() {
        for len in 0..=100 {
            let mut bytes = vec![b'x'; len];
            assert_eq!(find_line_end(&bytes), None, "length {len}");
            assert_eq!(find_end_of_field(&bytes), None, "length {len}");
            for at in 0..len {
                for end in [b'\n', b'\r'] {
                    bytes[at] = end;
                    assert_eq!(find_line_end(&bytes), Some(at), "length {len}");
                    assert_eq!(find_end_of_field(&bytes), Some(at), "length {len}");
                    bytes[at] = b'x';
                }
            }
        }
    }

    #[test]
    fn the_first_of_several_line_ends_counts() {
        for first in 0..40 {
            for second in first..40 {
                for (one, other) in
                    [(b'\n', b'\r'), (b'\r', b'\n'), (b'\n', b'\x0B'), (b'\r', b'\x0C'), (b'\r', b'\x0E')]
                {
                    let mut bytes = [b'x'; 40];
                    (bytes[second], bytes[first]) = (other, one);
                    assert_eq!(find_end_of_field(&bytes), Some(first));
                }
            }
        }
    }

    #[test]
    fn neighbours_of_cr_and_lf_are_not_line_ends() {
        assert_eq!(find_line_end("\u{9}\u{b}\u{c}\u{e}\u{85}\u{2028}\u{2029}\0".as_bytes()), None);
    }

    #[test]
    fn pieces_keep_the_empty_ones_and_count_crlf_once() {
        assert_eq!(split(""), [""]);
        assert_eq!(split("a"), ["a"]);
        assert_eq!(split("a\n"), ["a", ""]);
        assert_eq!(split("\na"), ["", "a"]);
        assert_eq!(split("a\r\nb\rc\nd"), ["a", "b", "c", "d"]);
        assert_eq!(split("\n\r"), ["", "", ""]);
        assert_eq!(split("\r\r\n\n"), ["", "", "", ""]);
    }
}
