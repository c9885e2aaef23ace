//! Positions in a user's log: `<epoch>-<seq>`.

use std::fmt;

/// A position within one log: 1, 2, 3 … without holes; 0 is before the first entry.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The life of one log: drawn at random when the log begins, different after an erase and in another life of the store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A place in one user's log, as it goes over the wire: sixteen hexadecimal digits, a hyphen, a decimal number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cursor {
    /// Which log.
    pub epoch: Epoch,
    /// Where in it.
    pub seq: Seq,
}

const EPOCH_DIGITS: usize = 16;
const MAX_SEQ_DIGITS: usize = 19;

impl Cursor {
    /// Reads a cursor from what a client sent. Only the exact form this server writes is one: anything else is `None`,
    /// an unknown position and never an error.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_at_checked(EPOCH_DIGITS)?;
        let (hyphen, seq) = rest.split_first()?;
        if *hyphen != b'-' {
            return None;
        }
        Some(Self { epoch: Epoch(hexadecimal(epoch)?), seq: Seq(decimal(seq)?) })
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |sum, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(sum << 4 | u64::from(value))
    })
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let canonical = match digits {
        [] => false,
        [b'0'] => true,
        [first, ..] => *first != b'0' && digits.len() <= MAX_SEQ_DIGITS,
    };
    if !canonical {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl serde::Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_but_the_form_we_write_is_a_cursor() {
        for text in [
            "",
            "-",
            "-1",
            "0",
            "18446744073709551615",
            "earliest",
            "../",
            "' OR 1=1",
            "7f3a91c27f3a91c2",
            "7f3a91c27f3a91c2-",
            "7f3a91c27f3a91c2-01",
            "7f3a91c27f3a91c2-+1",
            "7f3a91c27f3a91c2- 1",
            "7F3A91C27F3A91C2-1",
            "7f3a91c27f3a91c2-1\n",
            "7f3a91c27f3a91c2-18446744073709551616",
            "7f3a91c27f3a91c2_1",
        ] {
            assert_eq!(Cursor::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Cursor::parse(&[0xff, 0xfe]), None);
    }

    proptest! {
        #[test]
        fn a_cursor_survives_the_wire(epoch: u64, seq in 0..=i64::MAX as u64) {
            let cursor = Cursor { epoch: Epoch(epoch), seq: Seq(seq) };
            prop_assert_eq!(Cursor::parse(cursor.to_string().as_bytes()), Some(cursor));
        }

        #[test]
        fn any_bytes_are_taken_without_harm(bytes: Vec<u8>) {
            if let Some(cursor) = Cursor::parse(&bytes) {
                let text = cursor.to_string();
                prop_assert_eq!(text.as_bytes(), &bytes[..]);
            }
        }
    }
}
