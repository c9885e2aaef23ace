//! The characters that no name may hold, usable in `const` code.

/// Why a character may not stand in an [`EventName`](crate::EventName).
///
/// ```
/// use campanile_sse::{EventName, EventNameError, Forbidden};
///
/// let error = EventName::parse("right-to-left \u{202E}").unwrap_err();
/// assert!(matches!(error, EventNameError::Forbidden { why: Forbidden::Format, .. }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forbidden {
    /// U+000A: would end the line and let the rest of the name become fields of its own.
    LineFeed,
    /// U+000D: ends a line for every receiver, exactly as a line feed does.
    CarriageReturn,
    /// U+0000: some browsers lose an event whose name holds it.
    Nul,
    /// Another control character (general category `Cc`: C0, DEL, C1).
    Control,
    /// An invisible format character (general category `Cf`): bidirectional controls, zero-width characters, BOM, tags.
    Format,
    /// U+2028 or U+2029: line ends for many programs that a name passes on its way, though not for an event stream.
    Separator,
}

impl Forbidden {
    /// The reason in words, to stand before "at byte …".
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::LineFeed => "a line feed",
            Self::CarriageReturn => "a carriage return",
            Self::Nul => "a NUL",
            Self::Control => "a control character",
            Self::Format => "an invisible format character",
            Self::Separator => "a line or paragraph separator",
        }
    }

    /// Judges one character.
    const fn of(char: u32) -> Option<Self> {
        match char {
            0x0A => Some(Self::LineFeed),
            0x0D => Some(Self::CarriageReturn),
            0x00 => Some(Self::Nul),
            0x01..=0x1F | 0x7F..=0x9F => Some(Self::Control),
            0x2028 | 0x2029 => Some(Self::Separator),
            0x20..=0x7E => None,
            _ if is_format(char) => Some(Self::Format),
            _ => None,
        }
    }
}

/// General category `Cf`, from `DerivedGeneralCategory.txt` of the Unicode Character Database, version 17.0.
const FORMAT: [(u32, u32); 21] = [
    (0x00AD, 0x00AD),
    (0x0600, 0x0605),
    (0x061C, 0x061C),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0001, 0xE0001),
    (0xE0020, 0xE007F),
];

const fn is_format(char: u32) -> bool {
    let mut row = 0;
    while row < FORMAT.len() {
        let (first, last) = FORMAT[row];
        if first <= char && char <= last {
            return true;
        }
        row += 1;
    }
    false
}

/// The first forbidden character: its byte offset and the reason.
pub(crate) const fn first_forbidden(text: &str) -> Option<(usize, Forbidden)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let (char, len) = char_at(bytes, at);
        if let Some(why) = Forbidden::of(char) {
            return Some((at, why));
        }
        at += len;
    }
    None
}

/// The character that begins at `at` and its length in bytes. `bytes` come from a `str`, so they are well formed.
/// (`str::chars` is not usable in `const` code.)
const fn char_at(bytes: &[u8], at: usize) -> (u32, usize) {
    let lead = bytes[at] as u32;
    match lead {
        0x00..=0x7F => (lead, 1),
        0x80..=0xDF => ((lead & 0x1F) << 6 | tail(bytes, at + 1), 2),
        0xE0..=0xEF => ((lead & 0x0F) << 12 | tail(bytes, at + 1) << 6 | tail(bytes, at + 2), 3),
        _ => {
            let high = (lead & 0x07) << 18 | tail(bytes, at + 1) << 12;
            (high | tail(bytes, at + 2) << 6 | tail(bytes, at + 3), 4)
        }
    }
}

const fn tail(bytes: &[u8], at: usize) -> u32 {
    (bytes[at] & 0x3F) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_decodes_to_itself() {
        let mut buf = [0; 4];
        for char in '\0'..=char::MAX {
            let text = char.encode_utf8(&mut buf);
            assert_eq!(char_at(text.as_bytes(), 0), (u32::from(char), char.len_utf8()));
        }
    }

    #[test]
    fn the_table_is_sorted_and_without_overlap() {
        assert!(FORMAT.iter().all(|(first, last)| first <= last));
        assert!(FORMAT.windows(2).all(|rows| rows[0].1 < rows[1].0));
    }

    #[test]
    fn control_means_what_the_standard_library_means() {
        for char in '\0'..=char::MAX {
            let refused = matches!(
                Forbidden::of(u32::from(char)),
                Some(Forbidden::LineFeed | Forbidden::CarriageReturn | Forbidden::Nul | Forbidden::Control)
            );
            assert_eq!(refused, char.is_control(), "{char:?}");
        }
    }
}
