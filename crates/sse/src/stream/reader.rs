//! A parser with the chunk that it is reading.

use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::{Dispatch, Item, Limits, Overflow, Parser};

#[derive(Debug)]
pub(crate) struct Reader {
    parser: Parser,
    /// What of the chunk has not been read.
    chunk: Bytes,
    retry: Option<Duration>,
}

impl Reader {
    pub(crate) const fn new(limits: Limits, last_event_id: String) -> Self {
        Self { parser: Parser::resume(limits, last_event_id), chunk: Bytes::new(), retry: None }
    }

    /// Takes the next chunk. The one before must have been read to its end.
    pub(crate) fn feed(&mut self, chunk: Bytes) {
        self.chunk = chunk;
    }

    /// The next event of the chunk, or the loss of one; `None` when another chunk is needed.
    pub(crate) fn next(&mut self) -> Option<Result<Dispatch<'static>, Overflow>> {
        let (event, rest) = next_event(&mut self.parser, &mut self.retry, &self.chunk);
        if event.is_none() {
            self.chunk = Bytes::new();
        } else {
            self.chunk.advance(self.chunk.len() - rest);
        }
        event
    }

    pub(crate) fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }

    pub(crate) const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Begins the next stream: drops what is unfinished, keeps id and reconnection time.
    #[cfg(feature = "client")]
    pub(crate) fn restart(&mut self) {
        self.chunk = Bytes::new();
        let parser = std::mem::replace(&mut self.parser, Parser::new(Limits::default()));
        self.parser = parser.restart();
    }
}

/// The next event in `chunk`, and how many bytes follow it.
fn next_event(
    parser: &mut Parser,
    retry: &mut Option<Duration>,
    mut chunk: &[u8],
) -> (Option<Result<Dispatch<'static>, Overflow>>, usize) {
    let event = loop {
        match parser.next_item(&mut chunk) {
            Ok(Some(Item::Event(event))) => break Some(Ok(event.into_owned())),
            Ok(Some(Item::Retry(time))) => *retry = Some(time),
            Ok(Some(Item::Comment(_))) => {}
            Ok(None) => break None,
            Err(overflow) => break Some(Err(overflow)),
        }
    };
    (event, chunk.len())
}
