//! How much a parser holds, and what it says when that is not enough.

use std::fmt;

/// The most a [`Parser`](super::Parser) holds for a peer, in bytes. Without such limits a peer that never ends a line would fill
/// the memory.
///
/// ```
/// use campanile_sse::{Limits, Parser};
///
/// let parser = Parser::new(Limits { event: 64 * 1024, line: 64 * 1024, ..Limits::default() });
/// # assert_eq!(parser.heap_bytes(), 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// One line as it arrives, without its line end. Comments are exempt: of a longer one nothing is held. Default: 16 MiB.
    pub line: usize,
    /// One event after decoding: its name, its data, and one byte for the end of each data line. Default: 16 MiB.
    pub event: usize,
    /// One id after decoding. Default: 8 KiB, about the longest header that servers take back as `Last-Event-ID`.
    pub id: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 16 * 1024 * 1024, event: 16 * 1024 * 1024, id: 8 * 1024 }
    }
}

/// Which of the [`Limits`] was passed.
///
/// ```
/// # use campanile_sse::{Limit, Limits, Parser};
/// let mut parser = Parser::new(Limits { id: 4, ..Limits::default() });
/// let overflow = parser.next_item(&mut &b"id: 12345\n"[..]).unwrap_err();
/// assert_eq!(overflow.limit, Limit::Id);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::line`].
    Line,
    /// [`Limits::event`].
    Event,
    /// [`Limits::id`].
    Id,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "a line",
            Self::Event => "an event",
            Self::Id => "an event id",
        })
    }
}

/// An event did not fit into the [`Limits`] and is lost. The parser may be used on; see
/// [`Parser::next_item`](super::Parser::next_item).
///
/// ```
/// # use campanile_sse::{Limits, Parser};
/// let mut parser = Parser::new(Limits { line: 16, ..Limits::default() });
/// let mut stream = &b"data: far too long to be read\n\ndata: short\n\n"[..];
/// let overflow = parser.next_item(&mut stream).unwrap_err();
/// assert_eq!(overflow.to_string(), "a line of the stream is longer than 16 bytes");
/// assert!(parser.next_item(&mut stream)?.is_some(), "the next event is read");
/// # Ok::<(), campanile_sse::Overflow>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{limit} of the stream is longer than {max} bytes")]
pub struct Overflow {
    /// The limit that was passed.
    pub limit: Limit,
    /// Its value in bytes.
    pub max: usize,
}
