//! The event-stream format of Server-Sent Events (WHATWG HTML 9.2): what stands on the wire, and nothing else. No I/O, no async,
//! no clock.
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
//! its [`Limits`], and says which one an event has passed.
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
//! # What it leaves to others
//!
//! Everything around the stream: heads and status codes, reconnecting, and what to do with an id. When a client resumes, it sends
//! [`Parser::last_event_id`] as `Last-Event-ID` if that is not empty and fit for a header, and reads the new stream with
//! [`Parser::restart`].

mod comment;
pub mod encode;
mod event;
mod id;
mod name;
mod parse;
mod retry;
mod scan;
mod text;
mod unicode;
mod work;

pub use comment::{Comment, CommentError};
pub use event::Event;
pub use id::{EventId, EventIdError};
pub use name::{EventName, EventNameError};
pub use parse::{Dispatch, Item, Limit, Limits, Overflow, Parser};
pub use retry::{Retry, RetryError};
pub use unicode::Forbidden;

/// The example in the README has to compile and hold.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
