//! What can go wrong, by what the caller can do about it.

use std::time::Duration;

use reqwest::StatusCode;

use super::TokenError;
use crate::Overflow;

/// The request is not one that can be sent again and again.
///
/// ```
/// use campanile_sse::client::RequestError;
///
/// assert_eq!(RequestError::Body.to_string(), "the body of the request cannot be sent again");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It was not made right: its address, say, is none.
    #[error("the request is not valid")]
    Invalid(#[source] reqwest::Error),
    /// Its body is a stream, which can be sent only once.
    #[error("the body of the request cannot be sent again")]
    Body,
}

/// An event is lost, or the source has ended.
///
/// ```
/// use campanile_sse::client::{EventSource, EventSourceError};
///
/// # async fn listen(mut events: EventSource) -> Result<(), EventSourceError> {
/// while let Some(event) = events.next().await {
///     match event {
///         Ok(event) => println!("{}", event.data),
///         Err(EventSourceError::Overflow(lost)) => eprintln!("{lost}: an event is lost"),
///         Err(end) => return Err(end),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventSourceError {
    /// One event did not fit the limits and is lost. **The stream goes on** behind it.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The server does not want to be asked again. The end.
    #[error("the server refuses the stream with status {}", .0.as_u16())]
    Refused(StatusCode),
    /// The server answers with something else, of this `Content-Type`. The end.
    #[error("the server answers with {0:?}, which is not an event stream")]
    NotEvents(String),
    /// The server sends the client somewhere that it does not go. The end.
    #[error("the redirect is not followed")]
    Redirect(#[from] RedirectError),
    /// The request cannot be sent at all. The end.
    #[error("the request cannot be sent")]
    Request(#[source] reqwest::Error),
    /// As many attempts in a row as [`Backoff::attempts`](super::Backoff::attempts) allows brought nothing. The end.
    #[error("no stream after {attempts} attempts")]
    GaveUp {
        /// How many.
        attempts: u32,
        /// What became of the last.
        #[source]
        last: Interruption,
    },
}

/// Why a redirect is not followed.
///
/// ```
/// use campanile_sse::client::{EventSourceError, RedirectError};
///
/// let error = EventSourceError::from(RedirectError::TooMany);
/// assert_eq!(error.to_string(), "the redirect is not followed");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// One led to another more often than is allowed.
    #[error("too many in a row")]
    TooMany,
    /// There is no `Location`, or none that is an `http` or `https` address without a user name.
    #[error("its location is not an address to go to")]
    Location,
}

/// Why there is no stream for now. The source tries again.
///
/// ```
/// use campanile_sse::client::Interruption;
///
/// let why = Interruption::Silent(std::time::Duration::from_secs(90));
/// assert_eq!(why.to_string(), "not a byte for 90s");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Interruption {
    /// The server has ended the stream.
    #[error("the stream has ended")]
    Ended,
    /// Not a byte for this long: the read time-out.
    #[error("not a byte for {0:?}")]
    Silent(Duration),
    /// No connection, or a broken one.
    #[error("the connection failed")]
    Transport(#[source] reqwest::Error),
    /// The server cannot serve the stream now.
    #[error("the server answers with status {}", .0.as_u16())]
    Unavailable(StatusCode),
    /// There is no token.
    #[error("there is no token")]
    Token(#[source] TokenError),
}

/// Why an attempt brought no stream.
#[derive(Debug)]
pub(super) enum Failure {
    /// Try again, at the earliest after this long.
    Again(Interruption, Option<Duration>),
    /// The server said that there is nothing any more.
    Gone,
    Final(EventSourceError),
}

impl Failure {
    /// An error of the HTTP client's, less the address: it may hold a secret.
    pub(super) fn of_request(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_redirect() {
            return RedirectError::TooMany.into();
        }
        if error.is_builder() {
            return Self::Final(EventSourceError::Request(error));
        }
        Self::Again(Interruption::Transport(error), None)
    }
}

impl From<Interruption> for Failure {
    fn from(interruption: Interruption) -> Self {
        Self::Again(interruption, None)
    }
}

impl From<RedirectError> for Failure {
    fn from(error: RedirectError) -> Self {
        Self::Final(error.into())
    }
}
