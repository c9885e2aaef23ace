//! A client that keeps an event stream open (feature `client`).
//!
//! [`EventSource`] does what a browser's does, and what a browser's does not: it resumes behind the last event, waits between attempts
//! with jitter, obeys `Retry-After`, notices a connection that has gone silent, renews its token, and holds a bounded amount of memory
//! whatever the server sends.
//!
//! ```no_run
//! use campanile_sse::client::EventSource;
//!
//! # async fn tail() -> Result<(), Box<dyn std::error::Error>> {
//! let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
//! let mut events = EventSource::builder(http.get("https://example.org/notifications/stream"))
//!     .token(|_| async { Ok(std::fs::read_to_string("token")?) })
//!     .open()?;
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     println!("{} {}", event.name, event.data);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What an answer means
//!
//! | answer | |
//! |---|---|
//! | 200 with `text/event-stream` | the stream |
//! | 204 | the end, for good and without an error |
//! | 301, 302, 303, 307, 308 | followed; the next attempt begins at the first address again |
//! | 401 | once more with a new token, if there is a [`token`](EventSourceBuilder::token); then the end |
//! | 408, 425, 429, 5xx but 501 and 505 | tried again, not before `Retry-After` is over |
//! | any other, and 200 with other content | the end, with an error |
//! | no answer, a broken one, or silence | tried again |
//! | the stream ends | opened again behind the last event |
//!
//! # Waiting
//!
//! Before each attempt but the first the client waits for as long as it was asked to, and a random time more: drawn evenly from nothing
//! to `base × 2ⁿ` ([`Backoff`]), where n is the number of attempts in a row that brought no byte of a stream. What it was asked is
//! `Retry-After`, else the latest `retry:`, each at most an hour. A `retry:` (at least half a second) also takes the place of `base`.
//!
//! # Redirects and credentials
//!
//! A `reqwest::Client` follows redirects by itself unless it was built with `redirect::Policy::none()`, and then takes `Authorization` and
//! `Cookie` away on the way to another origin, but no header of your own making. Built with `none()`, it leaves redirects to this client:
//! to another origin (scheme, host and port) go `Accept`, `Accept-Language`, `Cache-Control`, `Content-Type`, `Last-Event-ID` and
//! `User-Agent` of the request, and no other header. Credentials belong into the request or into `token`, not into the default headers of
//! a `reqwest::Client`: those it adds to every request, whatever the origin.
//!
//! # TLS
//!
//! `https` works with rustls. This crate never installs a provider: install the one you want before you build the `reqwest::Client`.

mod answer;
mod attempt;
mod backoff;
mod body;
mod builder;
mod error;
mod redirect;
mod source;
mod template;
mod token;

pub use backoff::Backoff;
pub use builder::EventSourceBuilder;
pub use error::{EventSourceError, Interruption, RedirectError, RequestError};
pub use source::{Connection, EventSource};
pub use token::{TokenError, TokenFor};
