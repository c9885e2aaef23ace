//! A parser with the chunk that it is reading.

use std::mem;
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

    /// The next event of the chunk that was kept, or the loss of one; `None` when another chunk is needed.
    #[inline]
    pub(crate) fn next<E: From<Overflow>>(&mut self) -> Option<Result<Dispatch<'static>, E>> {
        if self.chunk.is_empty() {
            return None;
        }
        let chunk = mem::take(&mut self.chunk);
        let mut rest = &chunk[..];
        let event = self.read(&mut rest);
        let rest = rest.len();
        self.keep(chunk, rest);
        event
    }

    /// The first event of `chunk`, which is behind what was kept. What follows the event is left in it.
    // The event is made in its final form, error and all: it is large enough for its moves to be felt.
    pub(crate) fn read<E: From<Overflow>>(&mut self, chunk: &mut &[u8]) -> Option<Result<Dispatch<'static>, E>> {
        loop {
            match self.parser.next_item(chunk) {
                Ok(Some(Item::Event(event))) => return Some(Ok(event.into_owned())),
                Ok(Some(Item::Retry(time))) => self.retry = Some(time),
                Ok(Some(Item::Comment(_))) => {}
                Ok(None) => return None,
                Err(overflow) => return Some(Err(overflow.into())),
            }
        }
    }

    /// Keeps the last `rest` bytes of `chunk`, to be read by `next`.
    #[inline]
    pub(crate) fn keep(&mut self, mut chunk: Bytes, rest: usize) {
        chunk.advance(chunk.len() - rest);
        self.chunk = chunk;
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
        let parser = mem::replace(&mut self.parser, Parser::new(Limits::default()));
        self.parser = parser.restart();
    }
}
