//! The id of an event: what stands on its `id:` line, and comes back as `Last-Event-ID`.

use std::fmt;
use std::str::FromStr;

/// The id of an event: 1 to 64 bytes of visible ASCII (0x21 to 0x7E).
///
/// So it cannot end its line, cannot reset the receiver's cursor (an empty id does), survives the way back as the
/// `Last-Event-ID` header unchanged (a header loses spaces at its ends), and stays within what browsers send across origins
/// without asking first. It is held inline: making one allocates nothing.
///
/// ```
/// use campanile_sse::{EventId, EventIdError};
///
/// let id = EventId::parse("7f3a91c2-41")?;
/// assert_eq!(id.as_str(), "7f3a91c2-41");
/// assert_eq!(EventId::format(format_args!("{:x}-{}", 0x7f3a_91c2, 41))?, id);
/// assert_eq!(EventId::parse("a b"), Err(EventIdError::Forbidden { at: 1, byte: b' ' }));
/// # Ok::<(), EventIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    // Zero beyond `len`, so that the derived comparisons are those of the text.
    bytes: [u8; EventId::MAX_LEN],
    len: u8,
}

/// Why a text is not an [`EventId`].
///
/// ```
/// use campanile_sse::{EventId, EventIdError};
///
/// assert_eq!(EventId::parse(""), Err(EventIdError::Empty));
/// assert_eq!(EventId::parse(&"x".repeat(65)), Err(EventIdError::TooLong));
/// assert_eq!(EventId::parse("a\nb").unwrap_err().to_string(), "an event id holds visible ASCII only, not 0x0a (at byte 1)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EventIdError {
    /// An empty id would reset the receiver's cursor.
    #[error("an event id must not be empty")]
    Empty,
    /// Longer than [`EventId::MAX_LEN`] bytes.
    #[error("an event id must not be longer than {} bytes", EventId::MAX_LEN)]
    TooLong,
    /// A byte that is not visible ASCII.
    #[error("an event id holds visible ASCII only, not 0x{byte:02x} (at byte {at})")]
    Forbidden {
        /// Where: the byte offset.
        at: usize,
        /// The byte found there.
        byte: u8,
    },
}

impl EventId {
    /// The most bytes an id may have: 64, far below every limit for a header that carries it back.
    ///
    /// ```
    /// # use campanile_sse::EventId;
    /// assert!(EventId::parse(&"x".repeat(EventId::MAX_LEN)).is_ok());
    /// ```
    pub const MAX_LEN: usize = 64;

    /// Takes `id` if it is fit for the wire and for the way back.
    ///
    /// ```
    /// # use campanile_sse::EventId;
    /// assert_eq!(EventId::parse("7f3a91c2-41")?.as_str(), "7f3a91c2-41");
    /// assert!(EventId::parse("41\ndata: smuggled").is_err());
    /// # Ok::<(), campanile_sse::EventIdError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Says what is wrong; see [`EventIdError`].
    pub fn parse(id: &str) -> Result<Self, EventIdError> {
        Self::from_bytes(id.as_bytes())
    }

    /// Like [`parse`](Self::parse), from raw bytes such as a header's value.
    ///
    /// ```
    /// # use campanile_sse::EventId;
    /// assert_eq!(EventId::from_bytes(b"a-1")?, EventId::parse("a-1")?);
    /// assert!(EventId::from_bytes(b"\xFF\xFE").is_err());
    /// # Ok::<(), campanile_sse::EventIdError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Says what is wrong; see [`EventIdError`].
    pub fn from_bytes(id: &[u8]) -> Result<Self, EventIdError> {
        let mut made = Self::blank();
        made.push(id)?;
        made.finish()
    }

    /// Makes an id by formatting, without allocating: `EventId::format(format_args!("{epoch}-{seq}"))`.
    ///
    /// ```
    /// # use campanile_sse::EventId;
    /// let (epoch, seq) = (0x7f3a_91c2, 41);
    /// assert_eq!(EventId::format(format_args!("{epoch:x}-{seq}"))?.as_str(), "7f3a91c2-41");
    /// # Ok::<(), campanile_sse::EventIdError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Says what is wrong with the formatted text; see [`EventIdError`].
    pub fn format(args: fmt::Arguments<'_>) -> Result<Self, EventIdError> {
        let mut made = Formatted { id: Self::blank(), error: None };
        // The writer below keeps the reason; a `Display` that fails on its own account leaves what it has written so far.
        let _ = fmt::write(&mut made, args);
        made.error.map_or_else(|| made.id.finish(), Err)
    }

    /// The id as text.
    ///
    /// ```
    /// # use campanile_sse::EventId;
    /// let seq: Option<u64> = EventId::parse("a-41")?.as_str().strip_prefix("a-").and_then(|seq| seq.parse().ok());
    /// assert_eq!(seq, Some(41));
    /// # Ok::<(), campanile_sse::EventIdError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only visible ASCII gets in, so this is always text; checking again costs less than an allocation would have.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The id as bytes.
    ///
    /// ```
    /// # use campanile_sse::EventId;
    /// assert_eq!(EventId::parse("a-1")?.as_bytes(), b"a-1");
    /// # Ok::<(), campanile_sse::EventIdError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    const fn blank() -> Self {
        Self { bytes: [0; Self::MAX_LEN], len: 0 }
    }

    fn push(&mut self, more: &[u8]) -> Result<(), EventIdError> {
        let len = usize::from(self.len);
        for (index, &byte) in more.iter().enumerate() {
            let at = len + index;
            if !byte.is_ascii_graphic() {
                return Err(EventIdError::Forbidden { at, byte });
            }
            *self.bytes.get_mut(at).ok_or(EventIdError::TooLong)? = byte;
            self.len += 1;
        }
        Ok(())
    }

    fn finish(self) -> Result<Self, EventIdError> {
        if self.len == 0 { Err(EventIdError::Empty) } else { Ok(self) }
    }
}

struct Formatted {
    id: EventId,
    error: Option<EventIdError>,
}

impl fmt::Write for Formatted {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.id.push(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(id: &str) -> Result<Self, EventIdError> {
        Self::parse(id)
    }
}

impl TryFrom<&str> for EventId {
    type Error = EventIdError;

    fn try_from(id: &str) -> Result<Self, EventIdError> {
        Self::parse(id)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventId").field(&self.as_str()).finish()
    }
}

impl AsRef<str> for EventId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_visible_ascii_bytes_are_taken() {
        for byte in 0..=u8::MAX {
            let taken = EventId::from_bytes(&[b'a', byte]);
            if (0x21..=0x7E).contains(&byte) {
                assert_eq!(taken.unwrap().as_bytes(), [b'a', byte]);
            } else {
                assert_eq!(taken, Err(EventIdError::Forbidden { at: 1, byte }));
            }
        }
    }

    #[test]
    fn the_length_is_1_to_64() {
        assert_eq!(EventId::parse(""), Err(EventIdError::Empty));
        let longest = "x".repeat(64);
        assert_eq!(EventId::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(EventId::parse(&"x".repeat(65)), Err(EventIdError::TooLong));
    }

    #[test]
    fn a_formatted_id_obeys_the_same_rules() {
        let id = EventId::format(format_args!("{}-{}", "7f3a91c2", 41)).unwrap();
        assert_eq!(id, EventId::parse("7f3a91c2-41").unwrap());
        assert_eq!(EventId::format(format_args!("{}", "")), Err(EventIdError::Empty));
        assert_eq!(
            EventId::format(format_args!("{}{}", "ab", "c\n")),
            Err(EventIdError::Forbidden { at: 3, byte: b'\n' })
        );
        assert_eq!(EventId::format(format_args!("{:065}", 1)), Err(EventIdError::TooLong));
    }

    #[test]
    fn ids_compare_as_their_text_does() {
        let id = |text| EventId::parse(text).unwrap();
        assert!(id("a") < id("ab"));
        assert!(id("ab") < id("b"));
        assert_eq!(id("a").to_string(), "a");
    }
}
