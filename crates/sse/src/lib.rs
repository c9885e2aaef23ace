//! The event-stream format of Server-Sent Events (WHATWG HTML 9.2): an encoder and a parser without I/O, async and clock, and, by
//! [features](#features), what stands on both ends of the wire.
//!
//! # Writing
//!
//! An event stream is lines of text, so whoever can put a line end into a name or an id can write fields, or whole events, into
//! somebody else's stream. Here that is a matter of types: [`EventName`], [`EventId`], [`Retry`] and [`Comment`] are checked when
//! they are made, with an error that says what is wrong and where; data may be any text, because it can be split into lines.
//! After that nothing can fail. [`Event`] writes a whole event; the functions in [`encode`] write its pieces, for streams that
//! share them.
//!
//! ```
//! use campanile_sse::{Event, EventName, encode};
//!
//! const TICK: EventName = EventName::from_static("tick");
//!
//! let mut wire = Vec::new();
//! Event::new().name(&TICK).data(r#"{"n":1}"#).encode(&mut wire);
//! wire.extend_from_slice(encode::HEARTBEAT);
//! assert_eq!(wire, b"event: tick\ndata: {\"n\":1}\n\nevent: __heartbeat__\ndata:\n\n");
//! ```
//!
//! # Reading
//!
//! [`Parser`] takes bytes as they come and hands out [`Item`]s one at a time, as a browser would act on them. It holds no more than
//! its [`Limits`], and says which one an event has passed. To resume, a client sends [`Parser::last_event_id`] as `Last-Event-ID`
//! if that is not empty and fit for a header, and reads the new stream with [`Parser::restart`].
//!
//! ```
//! use campanile_sse::{Dispatch, Item, Limits, Parser};
//!
//! let mut parser = Parser::new(Limits::default());
//! let mut chunk = &b"id: 7\ndata: hello\n\ndata: unfin"[..];
//! let hello = Dispatch { name: "message".into(), data: "hello".into(), last_event_id: "7".into() };
//! assert_eq!(parser.next_item(&mut chunk)?, Some(Item::Event(hello)));
//! assert_eq!(parser.next_item(&mut chunk)?, None);
//! # Ok::<(), campanile_sse::Overflow>(())
//! ```
//!
//! # Serving
//!
//! With feature `axum`, any `Stream` of values is a response: `ServerSentEvents`. The guide's chapter on [typed streams] leads through ids, going on after a
//! break, heartbeats and the end; [`typed_stream`] is all of it in one program, and [`migrate`] shows what a handler over a broadcast channel loses.
//! For streams that lose nothing over restarts there is the crate [`campanile`], which is built on this one.
//!
//! [typed streams]: https://github.com/campanile-rs/campanile/blob/main/docs/guide/src/streams.md
//! [`typed_stream`]: https://github.com/campanile-rs/campanile/blob/main/examples/typed_stream/main.rs
//! [`migrate`]: https://github.com/campanile-rs/campanile/blob/main/examples/migrate/main.rs
//! [`campanile`]: https://github.com/campanile-rs/campanile/blob/main/docs/guide/src/quick-start-crate.md
//!
//! # Features
//!
//! Without features there is the codec alone. Each feature stands by itself, and none is on by default.
//!
//! | feature | | types of others in its API |
//! |---|---|---|
//! | (none) | the codec | [`bytes::BufMut`] |
//! | `stream` | `EventStream`: events out of any stream of bytes | `bytes::Bytes`, `futures_core::{Stream, FusedStream}` |
//! | `axum` | `ServerSentEvents`: any stream of values as a response; `LastEventId`, an extractor | `futures_core::Stream`, `serde::Serialize`, `bytes::Bytes`; the traits `IntoResponse` and `FromRequestParts` of `axum_core`, with `http` |
//! | `utoipa` | the above describe themselves in OpenAPI 3.2; `Undocumented` | those of `axum`; the traits `IntoResponses`, `IntoParams` and `ToSchema` of `utoipa`, with its `openapi` |
//! | `client` | `client::EventSource`: a client that reconnects and resumes | those of `stream`; `reqwest::{RequestBuilder, Error, StatusCode}` |
//!
//! No type of another crate is in the public API but those of this table.

#[cfg(feature = "client")]
pub mod client;
mod comment;
pub mod encode;
mod event;
mod id;
mod name;
mod parse;
#[cfg(feature = "axum")]
mod response;
mod retry;
mod scan;
#[cfg(feature = "stream")]
mod stream;
mod text;
mod unicode;
mod work;

pub use comment::{Comment, CommentError};
pub use event::Event;
pub use id::{EventId, EventIdError};
pub use name::{EventName, EventNameError};
pub use parse::{Dispatch, Item, Limit, Limits, Overflow, Parser};
#[cfg(feature = "utoipa")]
pub use response::Undocumented;
#[cfg(feature = "axum")]
pub use response::{Heartbeat, IntoSseItem, LastEventId, ServerSentEvents, SseItem};
pub use retry::{Retry, RetryError};
#[cfg(feature = "stream")]
pub use stream::{EventStream, EventStreamError};
pub use unicode::Forbidden;

/// The examples in the README have to compile and hold.
#[cfg(all(doctest, feature = "axum", feature = "client"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
