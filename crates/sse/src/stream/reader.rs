//! A parser with the chunk that it is reading.

use std::time::Duration;

use bytes::Bytes;

use crate::{Dispatch, Limits, Overflow, Parser};

#[derive(Debug)]
pub(crate) struct Reader {
    parser: Parser,
    chunk: Bytes,
    /// How much of the chunk has been read.
    at: usize,
    retry: Option<Duration>,
}

impl Reader {
    pub(crate) const fn new(limits: Limits, last_event_id: String) -> Self {
        Self { parser: Parser::resume(limits, last_event_id), chunk: Bytes::new(), at: 0, retry: None }
    }

    /// The next event of the chunk, or the loss of one; `None` when another chunk is needed.
    #[inline(always)]
    pub(crate) fn next<E: From<Overflow>>(&mut self) -> Option<Result<Dispatch<'static>, E>> {
        if self.at == self.chunk.len() {
            self.release();
            return None;
        }
        // The chunk stays where it is: moving it for each event would be felt.
        let Self { parser, chunk, at, retry } = self;
        let mut rest = &chunk[*at..];
        let event = parser.next_owned(&mut rest, retry);
        *at = chunk.len() - rest.len();
        if event.is_none() {
            self.release();
        }
        event
    }

    /// Goes on with `chunk`, when the one before has been read.
    #[inline]
    pub(crate) fn take(&mut self, chunk: impl AsRef<[u8]> + Into<Bytes>) {
        if !self.parser.take_piece(chunk.as_ref()) {
            (self.chunk, self.at) = (chunk.into(), 0);
        }
    }

    /// Gives back a chunk that has been read.
    #[inline]
    fn release(&mut self) {
        if self.at > 0 {
            (self.chunk, self.at) = (Bytes::new(), 0);
        }
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
        (self.chunk, self.at) = (Bytes::new(), 0);
        let parser = std::mem::replace(&mut self.parser, Parser::new(Limits::default()));
        self.parser = parser.restart();
    }
}
