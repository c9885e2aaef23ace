//! Events out of an asynchronous stream of bytes (feature `stream`).

mod reader;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

pub(crate) use self::reader::Reader;
use crate::{Dispatch, Limits, Overflow};

pin_project! {
    /// The events of one stream of bytes, such as the body of an answer (feature `stream`).
    ///
    /// Takes any `Stream` of `Result<B, E>` where `B` is `Bytes`, `Vec<u8>`, `String` or the like, and is a `Stream` of
    /// `Result<Dispatch<'static>, EventStreamError<E>>`. An event comes out as soon as the chunk with its last byte is there. What is
    /// unfinished when the bytes end counts for nothing.
    ///
    /// It makes no connection and does not reconnect; the feature `client` has something that does. To resume by hand, begin the next
    /// one with [`resume`](Self::resume) and this one's [`last_event_id`](Self::last_event_id).
    ///
    /// ```
    /// use campanile_sse::{EventStream, Limits};
    /// use std::convert::Infallible;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let body = futures_util::stream::iter([Ok::<_, Infallible>("id: 7\nda"), Ok("ta: hello\n\nretry: 900\n")]);
    /// let mut events = EventStream::new(body, Limits::default());
    /// while let Some(event) = events.next().await {
    ///     assert_eq!(event?.data, "hello");
    /// }
    /// assert_eq!(events.last_event_id(), "7");
    /// assert_eq!(events.retry().map(|time| time.as_millis()), Some(900));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    #[must_use = "a stream does nothing until it is polled"]
    pub struct EventStream<S> {
        #[pin]
        bytes: S,
        reader: Reader,
        ended: bool,
    }
}

/// Why [`EventStream`] has no event to give.
///
/// ```
/// use campanile_sse::{EventStreamError, Overflow};
///
/// fn is_the_end(error: &EventStreamError<std::io::Error>) -> bool {
///     matches!(error, EventStreamError::Bytes(_))
/// }
/// # let overflow = Overflow { limit: campanile_sse::Limit::Line, max: 7 };
/// assert!(!is_the_end(&overflow.into()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventStreamError<E> {
    /// One event did not fit the limits and is lost. The stream goes on behind it.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The bytes broke off. Nothing comes after this.
    #[error("the stream of bytes broke off")]
    Bytes(#[source] E),
}

impl<S> EventStream<S> {
    /// The events of `bytes`, from the start of a stream.
    ///
    /// ```
    /// # use campanile_sse::{EventStream, Limits};
    /// # type Chunk = Result<&'static str, std::convert::Infallible>;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let body = futures_util::stream::iter([Chunk::Ok("data: a\n"), Ok("\n")]);
    /// let mut events = EventStream::new(body, Limits::default());
    /// assert!(events.next().await.is_some_and(|event| event.unwrap().data == "a"));
    /// # });
    /// ```
    pub fn new(bytes: S, limits: Limits) -> Self {
        Self::resume(bytes, limits, String::new())
    }

    /// The events of a stream that goes on after `last_event_id`; see [`Parser::resume`](crate::Parser::resume).
    ///
    /// ```
    /// # use campanile_sse::{EventStream, Limits};
    /// # type Chunk = Result<&'static str, std::convert::Infallible>;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let body = futures_util::stream::iter([Chunk::Ok("data: a\n\n")]);
    /// let mut events = EventStream::resume(body, Limits::default(), "a-41".to_owned());
    /// assert!(events.next().await.is_some_and(|event| event.unwrap().last_event_id == "a-41"));
    /// # });
    /// ```
    pub fn resume(bytes: S, limits: Limits, last_event_id: String) -> Self {
        Self { bytes, reader: Reader::new(limits, last_event_id), ended: false }
    }

    /// The position to resume from, empty if there is none; see [`Parser::last_event_id`](crate::Parser::last_event_id).
    ///
    /// ```
    /// # use campanile_sse::{EventStream, Limits};
    /// # type Chunk = Result<&'static str, std::convert::Infallible>;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut events = EventStream::new(futures_util::stream::iter([Chunk::Ok("id: 7\ndata\n\n")]), Limits::default());
    /// events.next().await;
    /// assert_eq!(events.last_event_id(), "7");
    /// # });
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.reader.last_event_id()
    }

    /// The latest reconnection time that the peer has asked for, as it asked: without bounds.
    ///
    /// ```
    /// # use campanile_sse::{EventStream, Limits};
    /// # type Chunk = Result<&'static str, std::convert::Infallible>;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut events = EventStream::new(futures_util::stream::iter([Chunk::Ok("retry: 10\n")]), Limits::default());
    /// events.next().await;
    /// assert_eq!(events.retry(), Some(std::time::Duration::from_millis(10)));
    /// # });
    /// ```
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        self.reader.retry()
    }
}

impl<S, B, E> EventStream<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]> + Into<Bytes>,
{
    /// The next event; `None` once the bytes have ended.
    ///
    /// ```
    /// # use campanile_sse::{EventStream, Limits};
    /// # type Chunk = Result<&'static str, std::convert::Infallible>;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut events = EventStream::new(futures_util::stream::iter([Chunk::Ok("data: a\n\ndata: b\n\n")]), Limits::default());
    /// let mut all = Vec::new();
    /// while let Some(event) = events.next().await {
    ///     all.push(event.unwrap().data);
    /// }
    /// assert_eq!(all, ["a", "b"]);
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// See [`EventStreamError`]: one of the two is not the end.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped, as long as nothing is lost by polling the stream of bytes.
    pub async fn next(&mut self) -> Option<Result<Dispatch<'static>, EventStreamError<E>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S, B, E> Stream for EventStream<S>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]> + Into<Bytes>,
{
    type Item = Result<Dispatch<'static>, EventStreamError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            if let Some(event) = this.reader.next() {
                return Poll::Ready(Some(event));
            }
            if *this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.bytes.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => this.reader.take(chunk),
                end => {
                    *this.ended = true;
                    return Poll::Ready(end.and_then(Result::err).map(|error| Err(EventStreamError::Bytes(error))));
                }
            }
        }
    }
}

impl<S, B, E> FusedStream for EventStream<S>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]> + Into<Bytes>,
{
    fn is_terminated(&self) -> bool {
        self.ended
    }
}
