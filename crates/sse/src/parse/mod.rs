//! The incremental parser: bytes in, items out, by the rules of WHATWG HTML 9.2.5 and 9.2.6.

mod block;
mod buffer;
mod data;
mod limits;
mod lines;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::time::Duration;

use self::block::{Block, Outcome, Unmoved, comment};
pub use self::limits::{Limit, Limits, Overflow};
use self::lines::{Line, Lines};

/// Reads one event stream, in chunks of any size, as a browser does.
///
/// It does no I/O and knows no clock. Hand it what arrived and take the items out one by one; an item appears as soon as
/// the byte that completes it was read, also when that is a CR whose LF is still to come:
///
/// ```
/// use campanile_sse::{Item, Limits, Parser};
///
/// let mut parser = Parser::new(Limits::default());
/// for mut chunk in [&b"id: 7\nda"[..], b"ta: hello\r\n\r", b"\nretry: 1000\n"] {
///     while let Some(item) = parser.next_item(&mut chunk)? {
///         match item {
///             Item::Event(event) => {
///                 assert_eq!((&*event.name, &*event.data, &*event.last_event_id), ("message", "hello", "7"));
///             }
///             Item::Retry(time) => assert_eq!(time.as_secs(), 1),
///             Item::Comment(_) => unreachable!(),
///         }
///     }
/// }
/// assert_eq!(parser.last_event_id(), "7");
/// # Ok::<(), campanile_sse::Overflow>(())
/// ```
///
/// **Text.** Bytes that are not UTF-8 are replaced, never an error; one BOM at the very start is dropped.
///
/// **End of stream.** There is nothing to call: an unfinished line or event counts for nothing and its id is not committed. Drop the
/// parser, or [`restart`](Self::restart) it for the next connection.
///
/// **Cost.** Time is linear in the bytes read, whatever their chunking. The data of an event that has one `data` line and lies in one chunk is
/// not copied; for others buffers are kept and used again. Memory is bounded by the [`Limits`]: see [`heap_bytes`](Self::heap_bytes).
#[derive(Debug)]
pub struct Parser {
    limits: Limits,
    lines: Lines,
    block: Block,
}

/// Something that a stream said.
///
/// ```
/// use campanile_sse::{Item, Limits, Parser};
///
/// let (mut parser, mut stream) = (Parser::new(Limits::default()), &b": hi\nretry: 500\ndata: x\n\n"[..]);
/// assert_eq!(parser.next_item(&mut stream)?, Some(Item::Comment("hi".into())));
/// assert_eq!(parser.next_item(&mut stream)?, Some(Item::Retry(std::time::Duration::from_millis(500))));
/// assert!(matches!(parser.next_item(&mut stream)?, Some(Item::Event(event)) if event.data == "x"));
/// # Ok::<(), campanile_sse::Overflow>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event to dispatch.
    Event(Dispatch<'a>),
    /// A new reconnection time, in force from now on. Any number of milliseconds that fits 64 bits: a client should apply bounds
    /// of its own.
    Retry(Duration),
    /// A comment, less its colon and one space. It means nothing but that the peer is alive; comments longer than
    /// [`Limits::line`] are left out.
    Comment(Cow<'a, str>),
}

/// An event as a receiver sees it.
///
/// It borrows from the parser; [`into_owned`](Self::into_owned) makes one to keep.
///
/// ```
/// use campanile_sse::{Dispatch, Item, Limits, Parser};
///
/// let mut stream = &b"event: tick\ndata: 1\ndata: 2\n\n"[..];
/// let Some(Item::Event(Dispatch { name, data, last_event_id })) = Parser::new(Limits::default()).next_item(&mut stream)?.map(Item::into_owned)
/// else {
///     panic!("an event was sent")
/// };
/// assert_eq!((&*name, &*data, &*last_event_id), ("tick", "1\n2", ""));
/// # Ok::<(), campanile_sse::Overflow>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch<'a> {
    /// The name to dispatch it by; `message` if the stream gave none.
    pub name: Cow<'a, str>,
    /// The data; several `data` lines are joined by LF. May be empty.
    pub data: Cow<'a, str>,
    /// The position to resume from after this event; empty if the stream gave none so far. It need not be this event's own: an event
    /// without an id leaves the one before in force.
    pub last_event_id: Cow<'a, str>,
}

/// The name of an event without one.
const MESSAGE: &str = "message";

/// A line's outcome, with what is needed to hand it out.
enum Step<'c> {
    Dispatch(Unmoved<'c>),
    Retry(Duration),
    Comment(Line<'c>),
}

impl Parser {
    /// A parser at the start of a stream, without a last event id.
    ///
    /// ```
    /// # use campanile_sse::{Limits, Parser};
    /// assert_eq!(Parser::new(Limits::default()).last_event_id(), "");
    /// ```
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self::resume(limits, String::new())
    }

    /// A parser at the start of a stream that goes on after `last_event_id`, which stays in force until the stream gives another.
    ///
    /// Taken literally, the standard would begin every stream with an empty id and forget the position at its first blank line;
    /// browsers keep it, and so does this.
    ///
    /// ```
    /// # use campanile_sse::{Item, Limits, Parser};
    /// let mut parser = Parser::resume(Limits::default(), "a-41".to_owned());
    /// let item = parser.next_item(&mut &b"data: without an id\n\n"[..])?;
    /// assert!(matches!(item, Some(Item::Event(event)) if event.last_event_id == "a-41"));
    /// # Ok::<(), campanile_sse::Overflow>(())
    /// ```
    #[must_use]
    pub const fn resume(limits: Limits, last_event_id: String) -> Self {
        Self { limits, lines: Lines::new(limits.line), block: Block::new(limits, last_event_id) }
    }

    /// Reads from `input` up to and including the byte that completes the next item, and returns that item. `None` means that all of
    /// `input` was read and more is needed. Empty input is fine and means nothing.
    ///
    /// Call it until it returns `None` before the chunk is let go; the part of it that was not read is what is left in `input`.
    ///
    /// ```
    /// # use campanile_sse::{Limits, Parser};
    /// let (mut parser, mut chunk) = (Parser::new(Limits::default()), &b"data: a\n\ndata: b\n\ndata: unfin"[..]);
    /// let mut items = 0;
    /// while let Some(_item) = parser.next_item(&mut chunk)? {
    ///     items += 1;
    /// }
    /// assert_eq!((items, chunk), (2, &b""[..]));
    /// # Ok::<(), campanile_sse::Overflow>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Overflow`], as soon as an event passes one of the [`Limits`]. Two reactions make sense, and the parser is fit for both:
    /// end the connection; or go on calling. Then the rest of that event, up to its blank line, is passed over without an item,
    /// as if the event were not in the stream: its id is not committed either, so that resuming from
    /// [`last_event_id`](Self::last_event_id) asks for it again. (A `retry` that stood before the fault has been returned already. Data
    /// that passes the limit only because what is not UTF-8 becomes longer when it is replaced is told at the blank line.)
    #[inline]
    pub fn next_item<'p, 'c: 'p>(&'p mut self, input: &mut &'c [u8]) -> Result<Option<Item<'p>>, Overflow> {
        if self.block.is_settled() && self.lines.take_piece(input) {
            return Ok(None);
        }
        self.read_item(input)
    }

    fn read_item<'p, 'c: 'p>(&'p mut self, input: &mut &'c [u8]) -> Result<Option<Item<'p>>, Overflow> {
        self.block.drop_spent();
        let step = self.next_step(input).inspect_err(|_| self.block.abandon())?;
        Ok(match step {
            None => None,
            Some(Step::Dispatch(unmoved)) => Some(Item::Event(self.block.dispatch(unmoved)?)),
            Some(Step::Retry(time)) => Some(Item::Retry(time)),
            Some(Step::Comment(line)) => Some(Item::Comment(String::from_utf8_lossy(comment(self.lines.text(line))))),
        })
    }

    /// Whether that was all of `input`, and only a little more of a line.
    #[cfg(feature = "stream")]
    #[inline]
    pub(crate) fn take_piece(&mut self, input: &[u8]) -> bool {
        self.block.is_settled() && self.lines.take_piece(&mut &*input)
    }

    /// The next event as one to keep, with as few copies as possible. Notes the last `retry` before it, and passes over comments.
    // Inlined so that the event is made where it is going, error and all: it is large enough for its moves to be felt.
    #[cfg(feature = "stream")]
    #[inline(always)]
    pub(crate) fn next_owned<E: From<Overflow>>(
        &mut self,
        input: &mut &[u8],
        retry: &mut Option<Duration>,
    ) -> Option<Result<Dispatch<'static>, E>> {
        loop {
            self.block.drop_spent();
            match self.next_step(input) {
                Ok(Some(Step::Dispatch(unmoved))) => return Some(self.block.give(unmoved)),
                Ok(Some(Step::Retry(time))) => *retry = Some(time),
                Ok(Some(Step::Comment(_))) => {}
                Ok(None) => return None,
                Err(overflow) => {
                    self.block.abandon();
                    return Some(Err(overflow.into()));
                }
            }
        }
    }

    /// The position to resume from: what a reconnecting client sends as `Last-Event-ID`, unless it is empty.
    ///
    /// It may be ahead of the last event returned: a block with an `id` but no `data` moves it without an event. It may also hold
    /// characters that no header can carry; a client leaves it out then.
    ///
    /// ```
    /// # use campanile_sse::{Limits, Parser};
    /// let mut parser = Parser::new(Limits::default());
    /// while parser.next_item(&mut &b"id: 7\n\n"[..])?.is_some() {}
    /// assert_eq!(parser.last_event_id(), "7", "moved without an event");
    /// # Ok::<(), campanile_sse::Overflow>(())
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.block.last_id()
    }

    /// Begins a new stream on the same terms: forgets what was unfinished, keeps the last event id.
    ///
    /// ```
    /// # use campanile_sse::{Limits, Parser};
    /// let mut parser = Parser::new(Limits::default());
    /// parser.next_item(&mut &b"id: 7\ndata: whole\n\n"[..])?;
    /// parser.next_item(&mut &b"id: 8\ndata: broken of"[..])?;
    /// assert_eq!(parser.restart().last_event_id(), "7");
    /// # Ok::<(), campanile_sse::Overflow>(())
    /// ```
    #[must_use]
    pub fn restart(self) -> Self {
        Self::resume(self.limits, self.block.into_last_id())
    }

    /// The heap memory held, in bytes: never more than `line + 2 × event + 2 × id` of the [`Limits`] (and the id that
    /// [`resume`](Self::resume) was given). After a large event most of it is given back.
    ///
    /// ```
    /// # use campanile_sse::{Limits, Parser};
    /// let mut parser = Parser::new(Limits::default());
    /// parser.next_item(&mut &b"data: unfinished, and so held"[..])?;
    /// assert!((29..100).contains(&parser.heap_bytes()));
    /// # Ok::<(), campanile_sse::Overflow>(())
    /// ```
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.lines.heap_bytes() + self.block.heap_bytes()
    }

    /// Takes the data lines that follow a line of an event with data.
    #[inline]
    fn more_data<'c>(&mut self, input: &mut &'c [u8], unmoved: &mut Unmoved<'c>) -> Result<(), Overflow> {
        while let Some(line) = self.lines.take_data(input) {
            self.block.keep(unmoved)?;
            self.block.add_data(line)?;
        }
        Ok(())
    }

    #[inline]
    fn next_step<'c>(&mut self, input: &mut &'c [u8]) -> Result<Option<Step<'c>>, Overflow> {
        let mut unmoved = None;
        while let Some(line) = self.lines.next(input)? {
            let outcome = match line {
                Line::Chunk(text) => self.block.line(text, &mut unmoved),
                Line::Held => self.block.held_line(self.lines.held()),
                Line::Begun(at) => {
                    self.block.value_piece(&self.lines.held()[at..]);
                    continue;
                }
                Line::Piece(piece) => {
                    self.block.keep(&mut unmoved).inspect_err(|_| self.lines.skip_event())?;
                    self.block.value_piece(piece);
                    continue;
                }
                Line::End(piece) => self.block.value_end(piece).map(|()| None),
            };
            let step = match outcome.inspect_err(|_| self.lines.skip_event())? {
                None if !self.block.has_data(unmoved) => continue,
                None => {
                    self.more_data(input, &mut unmoved).inspect_err(|_| self.lines.skip_event())?;
                    // Nearly all events end with their data.
                    if self.lines.take_blank(input) {
                        return Ok(Some(Step::Dispatch(unmoved)));
                    }
                    continue;
                }
                Some(Outcome::Dispatch) => return Ok(Some(Step::Dispatch(unmoved))),
                Some(Outcome::Retry(time)) => Step::Retry(time),
                Some(Outcome::Comment) => Step::Comment(line),
            };
            self.block.keep(&mut unmoved).inspect_err(|_| self.lines.skip_event())?;
            return Ok(Some(step));
        }
        self.block.keep(&mut unmoved).inspect_err(|_| self.lines.skip_event())?;
        Ok(None)
    }
}

impl Item<'_> {
    /// The same item, borrowing nothing.
    ///
    /// ```
    /// # use campanile_sse::{Item, Limits, Overflow, Parser};
    /// fn all(stream: &[u8]) -> Result<Vec<Item<'static>>, Overflow> {
    ///     let (mut parser, mut rest, mut items) = (Parser::new(Limits::default()), stream, Vec::new());
    ///     while let Some(item) = parser.next_item(&mut rest)? {
    ///         items.push(item.into_owned());
    ///     }
    ///     Ok(items)
    /// }
    /// assert_eq!(all(b"data: a\n\n: b\n")?.len(), 2);
    /// # Ok::<(), Overflow>(())
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Item<'static> {
        match self {
            Self::Event(event) => Item::Event(event.into_owned()),
            Self::Retry(time) => Item::Retry(time),
            Self::Comment(text) => Item::Comment(text.into_owned().into()),
        }
    }
}

impl Dispatch<'_> {
    /// The same event, borrowing nothing.
    ///
    /// ```
    /// # use campanile_sse::{Dispatch, Item, Limits, Overflow, Parser};
    /// fn first(mut stream: &[u8]) -> Result<Option<Dispatch<'static>>, Overflow> {
    ///     match Parser::new(Limits::default()).next_item(&mut stream)? {
    ///         Some(Item::Event(event)) => Ok(Some(event.into_owned())),
    ///         _ => Ok(None),
    ///     }
    /// }
    /// assert_eq!(first(b"data: a\n\n")?.map(|event| event.data), Some("a".into()));
    /// # Ok::<(), Overflow>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn into_owned(self) -> Dispatch<'static> {
        let name = if self.name == MESSAGE { Cow::Borrowed(MESSAGE) } else { owned(self.name) };
        Dispatch { name, data: owned(self.data), last_event_id: owned(self.last_event_id) }
    }
}

#[inline]
fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
