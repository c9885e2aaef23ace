//! Buffers that never grow past their bound, not even by the slack of amortised growth.

use std::borrow::Cow;

use crate::work;

/// What a buffer may keep allocated while it is empty: a line of 64 KiB with its field's name. Anything larger was for one large event and
/// is given back.
pub(super) const KEEP: usize = 64 * 1024 + 64;

/// Shorter texts are checked sooner by the standard library.
const LONG: usize = 256;

/// There is no room left under the bound.
#[derive(Debug)]
pub(super) struct Full;

/// Appends raw bytes.
#[inline]
pub(super) fn push_bytes(to: &mut Vec<u8>, bytes: &[u8], max: usize) -> Result<(), Full> {
    make_room(to, bytes.len(), max)?;
    work::count(bytes.len());
    to.extend_from_slice(bytes);
    Ok(())
}

/// Reserves room for `more` bytes.
#[inline]
pub(super) fn make_room(to: &mut Vec<u8>, more: usize, max: usize) -> Result<(), Full> {
    if more > room(to, max) {
        to.reserve_exact(growth(to.len(), to.capacity(), more, max)?);
    }
    Ok(())
}

/// How much can be appended without growing.
#[inline]
pub(super) fn room(of: &Vec<u8>, max: usize) -> usize {
    of.capacity().min(max).saturating_sub(of.len())
}

/// Appends text.
#[inline]
pub(super) fn push_str(to: &mut String, text: &str, max: usize) -> Result<(), Full> {
    if text.len() > to.capacity().min(max).saturating_sub(to.len()) {
        to.reserve_exact(growth(to.len(), to.capacity(), text.len(), max)?);
    }
    work::count(text.len());
    to.push_str(text);
    Ok(())
}

/// Appends bytes as text; what is ill-formed is replaced as [`decode`] does it.
#[inline]
pub(super) fn push_lossy(to: &mut String, bytes: &[u8], max: usize) -> Result<(), Full> {
    push_str(to, &decode(bytes, max)?, max)
}

/// Bytes as text of at most `max` bytes; each maximal subpart of an ill-formed sequence becomes one U+FFFD (WHATWG Encoding, UTF-8
/// decoder).
///
/// `bytes` are whole lines. Line ends are ASCII and never part of a sequence, so this is the same as decoding the stream as it comes.
#[inline]
pub(super) fn decode(bytes: &[u8], max: usize) -> Result<Cow<'_, str>, Full> {
    work::count(bytes.len());
    // Nearly always well formed, and checking that as a whole is several times as fast.
    let text = if bytes.len() < LONG { str::from_utf8(bytes).ok() } else { simdutf8::basic::from_utf8(bytes).ok() };
    match text {
        Some(text) if text.len() <= max => Ok(Cow::Borrowed(text)),
        Some(_) => Err(Full),
        None => replaced(bytes, max).map(Cow::Owned),
    }
}

#[cold]
fn replaced(bytes: &[u8], max: usize) -> Result<String, Full> {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        push_str(&mut text, chunk.valid(), max)?;
        if !chunk.invalid().is_empty() {
            push_str(&mut text, "\u{FFFD}", max)?;
        }
    }
    Ok(text)
}

/// How much to reserve for `more` bytes: doubling, so that appending is linear, but never past `max`.
#[cold]
fn growth(len: usize, capacity: usize, more: usize, max: usize) -> Result<usize, Full> {
    let needed = len.checked_add(more).filter(|&needed| needed <= max).ok_or(Full)?;
    if needed <= capacity {
        return Ok(0);
    }
    work::count(len);
    Ok(needed.max(capacity.saturating_mul(2)).min(max) - len)
}

/// Empties `bytes` and gives large allocations back.
pub(super) fn clear_bytes(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.shrink_to(KEEP);
}

/// Empties `text` and gives large allocations back.
pub(super) fn clear_text(text: &mut String) {
    text.clear();
    text.shrink_to(KEEP);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lossy(bytes: &[u8]) -> String {
        let mut text = String::new();
        push_lossy(&mut text, bytes, 100).unwrap();
        text
    }

    #[test]
    fn capacity_never_passes_the_bound() {
        let mut text = String::new();
        for _ in 0..100 {
            push_str(&mut text, "x", 100).unwrap();
            assert!(text.capacity() <= 100);
        }
        assert!(push_str(&mut text, "x", 100).is_err());
        assert_eq!(text.len(), 100);
    }

    #[test]
    fn each_maximal_subpart_becomes_one_replacement() {
        assert_eq!(lossy(b"\xE2\x82b"), "\u{FFFD}b");
        assert_eq!(lossy(b"\xC0\xAF"), "\u{FFFD}\u{FFFD}");
        assert_eq!(lossy(b"\xED\xA0\x80"), "\u{FFFD}\u{FFFD}\u{FFFD}");
        assert_eq!(lossy(b"\xF0\x9F\x98"), "\u{FFFD}");
        assert_eq!(lossy(b"a\xFF\xFEb"), "a\u{FFFD}\u{FFFD}b");
        assert_eq!(lossy("größe 😀".as_bytes()), "größe 😀");
    }

    #[test]
    fn replacements_count_as_what_they_become() {
        assert!(push_lossy(&mut String::new(), b"\xFF", 2).is_err());
        assert!(push_lossy(&mut String::new(), b"\xFF", 3).is_ok());
    }

    #[test]
    fn emptied_buffers_give_large_allocations_back() {
        let mut text = "x".repeat(KEEP + 1);
        clear_text(&mut text);
        assert!(text.is_empty() && text.capacity() <= KEEP);
        let mut bytes = vec![0; KEEP];
        clear_bytes(&mut bytes);
        assert!(bytes.is_empty() && bytes.capacity() == KEEP);
    }
}
