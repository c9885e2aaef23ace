//! How a source is told what to do.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use reqwest::RequestBuilder;

use super::attempt::Plan;
use super::backoff::{Backoff, Pace};
use super::error::RequestError;
use super::source::{Connection, EventSource, Listener};
use super::template::Template;
use super::token::{TokenError, TokenFor, Tokens};
use crate::Limits;
use crate::stream::Reader;

/// Settings of an [`EventSource`], made by [`EventSource::builder`].
///
/// ```
/// use campanile_sse::client::{Backoff, EventSource};
/// use std::time::Duration;
///
/// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
/// EventSource::builder(http.get("https://example.org/stream"))
///     .backoff(Backoff { attempts: Some(10), ..Backoff::default() })
///     .read_timeout(Some(Duration::from_secs(45)))
///     .open()
/// # }
/// ```
#[must_use = "nothing happens before `open`"]
pub struct EventSourceBuilder {
    request: RequestBuilder,
    limits: Limits,
    last_event_id: String,
    backoff: Backoff,
    read_timeout: Option<Duration>,
    redirects: u32,
    tokens: Option<Tokens>,
    listener: Option<Listener>,
}

impl EventSourceBuilder {
    pub(super) fn new(request: RequestBuilder) -> Self {
        Self {
            request,
            limits: Limits::default(),
            last_event_id: String::new(),
            backoff: Backoff::default(),
            read_timeout: Some(Duration::from_secs(90)),
            redirects: 10,
            tokens: None,
            listener: None,
        }
    }

    /// The most that is held of what the server sends. Default: [`Limits::default`]. An event beyond them is told as
    /// [`EventSourceError::Overflow`](super::EventSourceError::Overflow).
    ///
    /// ```
    /// # use campanile_sse::Limits;
    /// # use campanile_sse::client::EventSource;
    /// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream"))
    ///     .limits(Limits { event: 64 * 1024, line: 64 * 1024, ..Limits::default() })
    ///     .open()
    /// # }
    /// ```
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where to go on, from an earlier [`EventSource::last_event_id`]. Default: nowhere in particular.
    ///
    /// ```
    /// # use campanile_sse::client::EventSource;
    /// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream")).last_event_id("7f3a91c2-41").open()
    /// # }
    /// ```
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.last_event_id = id.into();
        self
    }

    /// How to wait between attempts.
    ///
    /// ```
    /// # use campanile_sse::client::Backoff;
    /// # use std::time::Duration;
    /// # use campanile_sse::client::EventSource;
    /// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream"))
    ///     .backoff(Backoff { max: Duration::from_secs(5), ..Backoff::default() })
    ///     .open()
    /// # }
    /// ```
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long the server may be silent: before the head of an answer, and then between any two bytes. Choose more than the interval of
    /// its heartbeats. Default: 90 s; `None`: for ever.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use campanile_sse::client::EventSource;
    /// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream")).read_timeout(Some(Duration::from_secs(45))).open()
    /// # }
    /// ```
    pub const fn read_timeout(mut self, time: Option<Duration>) -> Self {
        self.read_timeout = time;
        self
    }

    /// How many redirects to follow in one attempt, if it is this client that follows them; see
    /// [Redirects and credentials](super#redirects-and-credentials). Default: 10.
    ///
    /// ```
    /// # use campanile_sse::client::EventSource;
    /// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream")).redirects(0).open()
    /// # }
    /// ```
    pub const fn redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Sends `Authorization: Bearer` with what `ask` gives, which is called for each attempt, and once more when the server answers 401.
    /// If it fails the attempt has failed, and the source tries again.
    ///
    /// It should keep its token while that is valid, and end: nothing but dropping the source stops it.
    ///
    /// ```
    /// # use campanile_sse::client::{EventSourceBuilder, TokenFor};
    /// # async fn cached() -> Result<String, std::io::Error> { Ok("t".into()) }
    /// # async fn renewed() -> Result<String, std::io::Error> { Ok("t".into()) }
    /// # fn with_token(builder: EventSourceBuilder) -> EventSourceBuilder {
    /// builder.token(|reason| async move {
    ///     match reason {
    ///         TokenFor::Refused => Ok(renewed().await?),
    ///         _ => Ok(cached().await?),
    ///     }
    /// })
    /// # }
    /// ```
    pub fn token<F, A>(mut self, ask: F) -> Self
    where
        F: Fn(TokenFor) -> A + Send + Sync + 'static,
        A: Future<Output = Result<String, TokenError>> + Send + 'static,
    {
        self.tokens = Some(Tokens::new(ask));
        self
    }

    /// Calls `listener` when the stream opens and when it is lost, for somebody to see. It is called where the source is polled, and must
    /// not block.
    ///
    /// ```
    /// # use campanile_sse::client::{Connection, EventSource};
    /// # fn open(http: &reqwest::Client) -> Result<EventSource, campanile_sse::client::RequestError> {
    /// EventSource::builder(http.get("https://example.org/stream"))
    ///     .on_connection(|connection| match connection {
    ///         Connection::Lost { why, wait } => eprintln!("{why}; trying again in {wait:?}"),
    ///         _ => eprintln!("listening"),
    ///     })
    ///     .open()
    /// # }
    /// ```
    pub fn on_connection(mut self, listener: impl FnMut(Connection<'_>) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Makes the source. It connects when it is polled first.
    ///
    /// ```
    /// use campanile_sse::client::{EventSource, RequestError};
    ///
    /// # fn check(http: &reqwest::Client) {
    /// let source = EventSource::builder(http.get("no address")).open();
    /// assert!(matches!(source, Err(RequestError::Invalid(_))));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the request is not valid, or has a body that can be sent only once.
    pub fn open(self) -> Result<EventSource, RequestError> {
        let (client, request) = self.request.build_split();
        let plan = Plan {
            client,
            template: Template::of(&request.map_err(|error| RequestError::Invalid(error.without_url()))?)?,
            tokens: self.tokens,
            redirects: self.redirects,
        };
        let reader = Reader::new(self.limits, self.last_event_id);
        let mut source = EventSource::new(Arc::new(plan), reader, Pace::new(self.backoff, Rng::new()), self.listener);
        source.set_read_timeout(self.read_timeout);
        Ok(source)
    }
}
