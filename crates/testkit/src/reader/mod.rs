//! Reading a stream: every byte is kept, and every event knows the bytes it came as.

mod event;
#[cfg(test)]
mod tests;

pub use event::{End, Event, Next, Ready};

use crate::{Answer, Head, PATIENCE, Socket, soon, wire::Http2};
use campanile_sse::{Item, Limits, Parser};
use serde_json::Value;
use std::{io, time::Duration};

/// What the bytes come over.
#[derive(Debug)]
enum Source {
    Http1(Socket),
    Http2(Box<Http2>),
}

impl Source {
    async fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Http1(socket) => socket.body_piece().await,
            Self::Http2(body) => body.body_piece().await,
        }
    }
}

/// Reads an event stream from a socket. It reads only when it is asked to: left alone, it is a reader that has stalled.
#[derive(Debug)]
pub struct SseReader {
    source: Source,
    head: Head,
    parser: Parser,
    body: Vec<u8>,
    /// How much of the body the parser has read, and where its last item ended.
    read: usize,
    item_end: usize,
    retries: Vec<Duration>,
}

impl SseReader {
    pub(crate) fn new(socket: Socket, head: Head) -> Self {
        Self::of(Source::Http1(socket), head)
    }

    pub(crate) fn over_http2(body: Http2, head: Head) -> Self {
        Self::of(Source::Http2(Box::new(body)), head)
    }

    fn of(source: Source, head: Head) -> Self {
        let parser = Parser::new(Limits::default());
        Self { source, head, parser, body: Vec::new(), read: 0, item_end: 0, retries: Vec::new() }
    }

    /// The head of the answer.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// The body so far, decoded from its framing.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, and the reader gone.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The reconnection times that were told so far.
    #[must_use]
    pub fn retries(&self) -> &[Duration] {
        &self.retries
    }

    /// The position to resume from; empty if none was told.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }

    /// Reads on until there is something to say. Cancel safe, and without a limit of time.
    ///
    /// # Panics
    ///
    /// If an event is larger than the parser's default limits.
    pub async fn next(&mut self) -> Next {
        loop {
            if let Some(next) = self.parse() {
                return next;
            }
            match self.source.piece().await {
                Ok(Some(bytes)) => self.body.extend_from_slice(&bytes),
                Ok(None) => return Next::End(End::Clean),
                Err(error) => return Next::End(End::Broken(error.kind())),
            }
        }
    }

    fn parse(&mut self) -> Option<Next> {
        let mut rest = &self.body[self.read..];
        let item = self.parser.next_item(&mut rest).expect("an event within the limits").map(Item::into_owned);
        self.read = self.body.len() - rest.len();
        let item = item?;
        let raw = &self.body[self.item_end..self.read];
        self.item_end = self.read;
        Some(match item {
            Item::Event(event) => Next::Event(Event::new(event, raw)),
            Item::Comment(text) => Next::Comment(text.into_owned()),
            Item::Retry(time) => {
                self.retries.push(time);
                Next::Retry(time)
            }
        })
    }

    /// Passes over everything that has come and was not asked for yet, so that [`SseReader::last_event_id`] is that of the whole body.
    pub fn pass_over(&mut self) {
        while self.parse().is_some() {}
    }

    /// The next event, or how the stream ended. Cancel safe, and without a limit of time.
    ///
    /// # Errors
    ///
    /// How the stream ended.
    pub async fn event_or_end(&mut self) -> Result<Event, End> {
        loop {
            match self.next().await {
                Next::Event(event) => return Ok(event),
                Next::End(end) => return Err(end),
                Next::Retry(_) | Next::Comment(_) => {}
            }
        }
    }

    /// The next event.
    ///
    /// # Panics
    ///
    /// If none comes within [`PATIENCE`], or the stream ends.
    pub async fn event(&mut self) -> Event {
        match tokio::time::timeout(PATIENCE, self.event_or_end()).await {
            Ok(Ok(event)) => event,
            Ok(Err(end)) => panic!("the stream ended ({end:?}) instead of an event; {self}"),
            Err(_) => panic!("no event within {PATIENCE:?}; {self}"),
        }
    }

    /// The next event, which must have this name.
    ///
    /// # Panics
    ///
    /// If it has another one, or none comes.
    pub async fn expect(&mut self, name: &str) -> Event {
        let event = self.event().await;
        assert_eq!(event.name, name, "{event:?}; {self}");
        event
    }

    /// Passes over events up to the first of this name.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub async fn until(&mut self, name: &str) -> Event {
        self.until_some(|event| (event.name == name).then(|| event.clone())).await
    }

    /// Passes over events up to the first that `of` makes something of.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub async fn until_some<T>(&mut self, mut of: impl FnMut(&Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = of(&self.event().await) {
                return found;
            }
        }
    }

    /// What the stream begins with: status 200, and `ready` as its first event.
    ///
    /// # Panics
    ///
    /// If it begins with anything else.
    pub async fn ready(&mut self) -> Ready {
        assert_eq!(self.status(), 200, "{}", String::from_utf8_lossy(self.head.raw()));
        Ready::of(&self.expect("ready").await)
    }

    /// Watches the stream for a time in which it must not say anything.
    ///
    /// # Panics
    ///
    /// If it does, or ends.
    pub async fn silence(&mut self, time: Duration) {
        if let Ok(next) = tokio::time::timeout(time, self.next()).await {
            panic!("not silent: {next:?}; {self}");
        }
    }

    /// Reads up to the end.
    ///
    /// # Panics
    ///
    /// If it does not end within [`PATIENCE`].
    pub async fn to_end(&mut self) -> End {
        loop {
            if let Err(end) = soon("the end of a stream", self.event_or_end()).await {
                return end;
            }
        }
    }

    /// Reads the `reconnect` that must be next and the clean end after it, and answers the event's data.
    ///
    /// # Panics
    ///
    /// If anything else comes.
    pub async fn farewell(&mut self) -> Value {
        let reconnect = self.expect("reconnect").await.json();
        let told = self.retries.last().map(Duration::as_millis);
        assert_eq!(told, reconnect["retryMs"].as_u64().map(u128::from), "the retry line and the event differ; {self}");
        let after = soon("the end of a stream", self.next()).await;
        assert_eq!(after, Next::End(End::Clean), "after a reconnect; {self}");
        reconnect
    }

    /// Reads the whole answer as what it is when it is no stream.
    ///
    /// # Panics
    ///
    /// If it does not end within [`PATIENCE`], or not cleanly.
    pub async fn into_answer(mut self) -> Answer {
        while let Some(piece) =
            soon("the end of an answer", self.source.piece()).await.unwrap_or_else(|error| panic!("{error}; {self}"))
        {
            self.body.extend(piece);
        }
        Answer { head: self.head, body: self.body }
    }

    /// Cuts the connection by a reset, and answers the body; a connection of HTTP/2 is closed.
    ///
    /// # Panics
    ///
    /// If the socket does not allow it.
    pub fn reset(self) -> Vec<u8> {
        if let Source::Http1(socket) = self.source {
            socket.reset().expect("a socket that can be reset");
        }
        self.body
    }

    /// The connection, for what only a socket can do.
    ///
    /// # Panics
    ///
    /// If it is one of HTTP/2.
    pub fn socket(&mut self) -> &mut Socket {
        match &mut self.source {
            Source::Http1(socket) => socket,
            Source::Http2(_) => panic!("a stream over HTTP/2 has no socket of its own"),
        }
    }
}

/// What was received last, for messages.
impl std::fmt::Display for SseReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const TAIL: usize = 1500;
        let tail = &self.body[self.body.len().saturating_sub(TAIL)..];
        write!(f, "received {} bytes, at last:\n{}", self.body.len(), String::from_utf8_lossy(tail))
    }
}
