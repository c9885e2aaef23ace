//! A comment: a line that receivers skip.

use std::fmt;
use std::str::FromStr;

use crate::text::Text;

/// What stands on a comment line: any text without CR, LF and NUL, and possibly empty. Cloning is cheap.
///
/// A comment keeps proxies and sockets from giving up on a silent stream. A page cannot see it; use
/// [`HEARTBEAT`](crate::encode::HEARTBEAT) if it must.
///
/// ```
/// use campanile_sse::Comment;
///
/// assert_eq!(Comment::parse("still here")?.as_str(), "still here");
/// assert_eq!(Comment::parse("a\nb").unwrap_err().at, 1);
/// # Ok::<(), campanile_sse::CommentError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Comment(Text);

/// A CR, LF or NUL in what was to become a comment.
///
/// ```
/// # use campanile_sse::Comment;
/// let error = Comment::parse("two\nlines").unwrap_err();
/// assert_eq!((error.at, error.byte), (3, b'\n'));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a comment must not hold 0x{byte:02x} (at byte {at})")]
pub struct CommentError {
    /// Where: the byte offset.
    pub at: usize,
    /// The byte found there: CR, LF or NUL.
    pub byte: u8,
}

impl Comment {
    /// Takes `text` if it fits on one line.
    ///
    /// ```
    /// # use campanile_sse::Comment;
    /// assert_eq!(Comment::parse("still here")?.as_str(), "still here");
    /// # Ok::<(), campanile_sse::CommentError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it holds a CR, LF or NUL: which, and where.
    pub fn parse(text: &str) -> Result<Self, CommentError> {
        check(text).map(|()| Self(Text::Shared(text.into())))
    }

    /// A comment known when the program is written. In a `const`, a bad one stops the compilation.
    ///
    /// ```
    /// # use campanile_sse::Comment;
    /// const HERE: Comment = Comment::from_static("still here");
    /// ```
    ///
    /// # Panics
    ///
    /// If it holds a CR, LF or NUL. Use [`parse`](Self::parse) for anything that comes from outside.
    #[must_use]
    #[expect(clippy::panic, reason = "for literals: a bad one is a mistake in the source, found when it is compiled")]
    pub const fn from_static(text: &'static str) -> Self {
        match check(text) {
            Ok(()) => Self(Text::Static(text)),
            Err(_) => panic!("not fit to be a comment"),
        }
    }

    /// The comment as text, without the colon.
    ///
    /// ```
    /// # use campanile_sse::Comment;
    /// assert_eq!(Comment::from_static("").as_str(), "");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

const fn check(text: &str) -> Result<(), CommentError> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if matches!(bytes[at], b'\r' | b'\n' | 0) {
            return Err(CommentError { at, byte: bytes[at] });
        }
        at += 1;
    }
    Ok(())
}

impl FromStr for Comment {
    type Err = CommentError;

    fn from_str(text: &str) -> Result<Self, CommentError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Comment {
    type Error = CommentError;

    fn try_from(text: &str) -> Result<Self, CommentError> {
        Self::parse(text)
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Comment").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cr_lf_and_nul_are_refused_and_nothing_else() {
        for byte in 0..=0x7F_u8 {
            let text = format!("ä{}", char::from(byte));
            let refused = matches!(byte, b'\r' | b'\n' | 0);
            assert_eq!(Comment::parse(&text).is_err(), refused, "{byte:#x}");
        }
        assert_eq!(Comment::parse("ä\r"), Err(CommentError { at: 2, byte: b'\r' }));
        assert_eq!(Comment::parse("").unwrap(), Comment::from_static(""));
    }
}
