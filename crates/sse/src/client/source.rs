//! The source: a stream of events over as many connections as it takes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use reqwest::header::HeaderValue;
use reqwest::{Body, RequestBuilder};
use tokio::time::{Sleep, sleep};

use super::attempt::{Attempt, Plan};
use super::backoff::Pace;
use super::body::OpenBody;
use super::builder::EventSourceBuilder;
use super::error::{EventSourceError, Failure, Interruption};
use crate::Dispatch;
use crate::stream::Reader;

/// An event stream that is kept open: a `Stream` of `Result<Dispatch<'static>, EventSourceError>`. See the [module](super).
///
/// It connects when it is first polled, and works only while it is polled; what arrives meanwhile waits in the socket. Dropping it, or
/// [`close`](Self::close), closes the connection; no event comes after that. It needs a tokio runtime with time and I/O.
///
/// ```
/// # use campanile_sse::client::EventSource;
/// # async fn first_title(http: reqwest::Client) -> Result<Option<String>, Box<dyn std::error::Error>> {
/// let mut events = EventSource::builder(http.get("https://example.org/stream")).last_event_id("7f3a91c2-41").open()?;
/// while let Some(event) = events.next().await {
///     let event = event?;
///     if event.name == "notification" {
///         return Ok(Some(event.data.into_owned()));
///     }
/// }
/// # Ok(None)
/// # }
/// ```
#[must_use = "a source does nothing until it is polled"]
pub struct EventSource {
    plan: Arc<Plan>,
    read_timeout: Option<Duration>,
    reader: Reader,
    pace: Pace,
    listener: Option<Listener>,
    state: State,
}

/// What became of the connection, for [`EventSourceBuilder::on_connection`].
///
/// ```
/// use campanile_sse::client::{Connection, Interruption};
///
/// fn is_outage(connection: &Connection<'_>) -> bool {
///     matches!(connection, Connection::Lost { why: Interruption::Transport(_) | Interruption::Unavailable(_), .. })
/// }
/// # assert!(!is_outage(&Connection::Open));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Connection<'a> {
    /// The stream is open: the server has answered.
    Open,
    /// There is no stream for now. The source tries again after `wait`.
    Lost {
        /// Why.
        why: &'a Interruption,
        /// When.
        wait: Duration,
    },
}

pub(super) type Listener = Box<dyn FnMut(Connection<'_>) + Send>;

type Running = Pin<Box<dyn Future<Output = Result<Body, Failure>> + Send>>;

enum State {
    Connect,
    Connecting(Running),
    Open(OpenBody),
    Waiting(Pin<Box<Sleep>>),
    Closed,
}

impl EventSource {
    /// A source that sends `request` for each attempt: its method, address, headers and body, through the client that made it.
    /// `Accept` and `Cache-Control` are added if it has none. A time-out of the client's own for whole answers does not count; one of the
    /// request does, and bounds each connection.
    ///
    /// ```
    /// # use campanile_sse::client::EventSource;
    /// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream").header("x-tenant", "acme")).open()
    /// # }
    /// ```
    pub fn builder(request: RequestBuilder) -> EventSourceBuilder {
        EventSourceBuilder::new(request)
    }

    pub(super) const fn new(plan: Arc<Plan>, reader: Reader, pace: Pace, listener: Option<Listener>) -> Self {
        Self { plan, read_timeout: None, reader, pace, listener, state: State::Connect }
    }

    /// The next event, over as many connections as it takes; `None` once the source has ended.
    ///
    /// ```
    /// # use campanile_sse::client::{EventSource, EventSourceError};
    /// # async fn first(mut events: EventSource) -> Option<Result<String, EventSourceError>> {
    /// events.next().await.map(|event| event.map(|event| event.data.into_owned()))
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An [`Overflow`](EventSourceError::Overflow) tells of one event that is lost, and the stream goes on. After any other error it
    /// is at its end.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Dispatch<'static>, EventSourceError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The position behind the last event, empty if there is none. What a later source gives to
    /// [`last_event_id`](EventSourceBuilder::last_event_id).
    ///
    /// ```
    /// # use campanile_sse::client::{EventSource, RequestError};
    /// # fn again(http: &reqwest::Client, earlier: &EventSource) -> Result<EventSource, RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream")).last_event_id(earlier.last_event_id()).open()
    /// # }
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.reader.last_event_id()
    }

    /// Changes [`EventSourceBuilder::read_timeout`], for whoever learns from the stream itself how often the server says something. What
    /// the connection has been silent for until now is forgotten; an attempt under way is not changed.
    ///
    /// ```
    /// # use campanile_sse::client::EventSource;
    /// # fn heard(events: &mut EventSource, heartbeat: std::time::Duration) {
    /// events.set_read_timeout(Some(heartbeat * 3 / 2));
    /// # }
    /// ```
    pub fn set_read_timeout(&mut self, time: Option<Duration>) {
        self.read_timeout = time;
        if let State::Open(body) = &mut self.state {
            body.limit_silence(time);
        }
    }

    /// Closes the connection and ends the source: no event comes any more, also none that has been received already.
    ///
    /// ```
    /// # use campanile_sse::client::EventSource;
    /// # async fn end(mut events: EventSource) {
    /// events.close();
    /// assert!(events.next().await.is_none());
    /// # }
    /// ```
    pub fn close(&mut self) {
        self.state = State::Closed;
        self.reader.restart();
    }

    /// Goes on to what can be done next. `None`: it has ended.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), EventSourceError>>> {
        match &mut self.state {
            State::Closed => return Poll::Ready(None),
            State::Connect => self.connect(),
            State::Waiting(wait) => {
                ready!(wait.as_mut().poll(cx));
                self.connect();
            }
            State::Connecting(attempt) => match ready!(attempt.as_mut().poll(cx)) {
                Ok(body) => self.opened(body),
                Err(failure) => return Poll::Ready(self.failed(failure)),
            },
            State::Open(body) => match ready!(body.poll_chunk(cx)) {
                Ok(chunk) => self.heard(chunk),
                Err(why) => return Poll::Ready(self.lost(why, None)),
            },
        }
        Poll::Ready(Some(Ok(())))
    }

    fn connect(&mut self) {
        self.pace.begin();
        let (plan, position) = (Arc::clone(&self.plan), position(self.reader.last_event_id()));
        let attempt = Attempt { plan, position, read_timeout: self.read_timeout };
        self.state = State::Connecting(Box::pin(attempt.run()));
    }

    fn opened(&mut self, body: Body) {
        self.state = State::Open(OpenBody::new(body, self.read_timeout));
        self.tell(Connection::Open);
    }

    fn heard(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.pace.succeeded();
        }
        self.reader.take(chunk);
    }

    fn failed(&mut self, failure: Failure) -> Option<Result<(), EventSourceError>> {
        match failure {
            Failure::Again(why, retry_after) => self.lost(why, retry_after),
            Failure::Gone => self.end(None),
            Failure::Final(error) => self.end(Some(error)),
        }
    }

    /// Drops what is unfinished and waits, unless there were attempts enough.
    fn lost(&mut self, why: Interruption, retry_after: Option<Duration>) -> Option<Result<(), EventSourceError>> {
        if let Some(attempts) = self.pace.exhausted() {
            return self.end(Some(EventSourceError::GaveUp { attempts, last: why }));
        }
        self.reader.restart();
        let wait = self.pace.wait(self.reader.retry(), retry_after);
        self.state = State::Waiting(Box::pin(sleep(wait)));
        self.tell(Connection::Lost { why: &why, wait });
        Some(Ok(()))
    }

    fn end(&mut self, error: Option<EventSourceError>) -> Option<Result<(), EventSourceError>> {
        self.close();
        error.map(Err)
    }

    fn tell(&mut self, news: Connection<'_>) {
        if let Some(listener) = &mut self.listener {
            listener(news);
        }
    }
}

/// The header that resumes behind `id`. Without one the stream begins anew: an id that no header can carry must not keep the client
/// from ever connecting again.
fn position(id: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(id.as_bytes()).ok().filter(|value| !value.is_empty())
}

impl Stream for EventSource {
    type Item = Result<Dispatch<'static>, EventSourceError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let event = this.reader.next();
            if event.is_some() {
                return Poll::Ready(event);
            }
            match ready!(this.poll_step(cx)) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl FusedStream for EventSource {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}

impl fmt::Debug for EventSource {
    /// Neither address nor headers: they may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Connect | State::Connecting(_) => "connecting",
            State::Open(_) => "open",
            State::Waiting(_) => "waiting",
            State::Closed => "closed",
        };
        f.debug_struct("EventSource").field("state", &state).field("last_event_id", &self.last_event_id()).finish()
    }
}
