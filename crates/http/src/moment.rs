//! Moments as clients write them (RFC 3339).

use campanile_core::Timestamp;

/// The characters up to the `T`, and of the shortest whole moment.
const DATE_CHARS: usize = 10;
const MIN_CHARS: usize = "2026-01-31T12:00:00Z".len();

/// Reads a moment, with any offset. Parts of a millisecond are rounded up, so that "before" stays true of whole milliseconds.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    // The parser takes more forms than RFC 3339 has: a space or nothing for the T, names of zones.
    let form = text.len() >= MIN_CHARS
        && matches!(text.as_bytes().get(DATE_CHARS), Some(b'T' | b't'))
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'T' | b't' | b'Z' | b'z' | b':' | b'.' | b'+' | b'-'));
    let moment: jiff::Timestamp = text.parse().ok().filter(|_| form)?;
    let part = moment.subsec_nanosecond() % 1_000_000 > 0;
    Some(Timestamp::from_millis(moment.as_millisecond() + i64::from(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_any_offset_and_rounded_up() {
        let parsed = |text| parse(text).map(|moment| moment.to_string());
        for (text, moment) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"),
            ("2026-01-31t14:00:00.25+02:00", "2026-01-31T12:00:00.250Z"),
            ("2026-01-31T12:00:00.0001Z", "2026-01-31T12:00:00.001Z"),
            ("2026-01-31T12:00:00.999999999Z", "2026-01-31T12:00:01.000Z"),
            ("1969-12-31T23:59:59.9995Z", "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(moment), "{text}");
        }
        for bad in [
            "",
            "now",
            "2026-01-31",
            "2026-01-31 12:00:00Z",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00Z[UTC]",
            "1769860800",
            "2026-13-31T12:00:00Z",
            "2026-02-30T12:00:00Z",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
