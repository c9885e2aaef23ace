//! The event-stream format of Server-Sent Events: an encoder that cannot write a broken line.

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
