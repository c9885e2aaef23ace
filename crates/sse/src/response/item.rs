//! What a stream of values may consist of.

use std::convert::Infallible;
use std::fmt::Display;

use serde::Serialize;

use crate::{EventId, EventName, Retry, encode};

/// A value with what else an event can carry (feature `axum`). `SseItem::from(value)` has nothing else.
///
/// ```
/// use campanile_sse::{EventId, EventName, SseItem};
///
/// const TICK: EventName = EventName::from_static("tick");
///
/// let item = SseItem { id: Some(EventId::parse("7")?), name: Some(TICK), ..SseItem::from(7) };
/// # assert_eq!(item.data, 7);
/// # Ok::<(), campanile_sse::EventIdError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SseItem<T> {
    /// The value, which becomes the data as JSON.
    pub data: T,
    /// The position that a receiver holds after this event.
    pub id: Option<EventId>,
    /// The name to listen for; without one it is `message`.
    pub name: Option<EventName>,
    /// The reconnection time from now on.
    pub retry: Option<Retry>,
}

impl<T> From<T> for SseItem<T> {
    fn from(data: T) -> Self {
        Self { data, id: None, name: None, retry: None }
    }
}

impl<T: Serialize> SseItem<T> {
    /// Appends the item as a whole event.
    pub(super) fn encode(&self, buf: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        if let Some(retry) = self.retry {
            encode::retry_line(buf, retry);
        }
        if let Some(id) = &self.id {
            encode::id_line(buf, id);
        }
        if let Some(name) = &self.name {
            encode::event_line(buf, name);
        }
        encode::json_lines(buf, &self.data)?;
        encode::end(buf);
        Ok(())
    }
}

/// Turns what a stream yields into an [`SseItem`] of a `T` (feature `axum`).
///
/// There are implementations for `T` itself, `SseItem<T>`, `Result<T, E>` and `Result<SseItem<T>, E>`. Make one for a type of your own
/// whose variants have names of their own:
///
/// ```
/// use campanile_sse::{EventName, IntoSseItem, SseItem};
/// use std::convert::Infallible;
///
/// enum Order {
///     Placed(u32),
///     Shipped(u32),
/// }
///
/// impl IntoSseItem<u32> for Order {
///     type Error = Infallible;
///
///     fn into_sse_item(self) -> Result<SseItem<u32>, Infallible> {
///         const PLACED: EventName = EventName::from_static("placed");
///         const SHIPPED: EventName = EventName::from_static("shipped");
///         let (name, number) = match self {
///             Self::Placed(number) => (PLACED, number),
///             Self::Shipped(number) => (SHIPPED, number),
///         };
///         Ok(SseItem { name: Some(name), ..SseItem::from(number) })
///     }
/// }
/// ```
pub trait IntoSseItem<T> {
    /// Why there is no item. It is logged, and ends the stream.
    type Error: Display;

    /// The item.
    ///
    /// ```
    /// # use campanile_sse::IntoSseItem;
    /// assert_eq!(7.into_sse_item().map(|item| item.data), Ok(7));
    /// let failed: Result<u32, std::fmt::Error> = Err(std::fmt::Error);
    /// assert!(failed.into_sse_item().is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If what the stream yielded is an error itself.
    fn into_sse_item(self) -> Result<SseItem<T>, Self::Error>;
}

// These four do not overlap, because a `T` is never an `SseItem<T>` or a `Result<T, E>` of itself; and since only what serialises is a
// `T`, the compiler finds it by itself, unless a `Result` happens to serialise.
impl<T: Serialize> IntoSseItem<T> for T {
    type Error = Infallible;

    fn into_sse_item(self) -> Result<SseItem<T>, Infallible> {
        Ok(self.into())
    }
}

impl<T: Serialize> IntoSseItem<T> for SseItem<T> {
    type Error = Infallible;

    fn into_sse_item(self) -> Result<Self, Infallible> {
        Ok(self)
    }
}

impl<T: Serialize, E: Display> IntoSseItem<T> for Result<T, E> {
    type Error = E;

    fn into_sse_item(self) -> Result<SseItem<T>, E> {
        self.map(SseItem::from)
    }
}

impl<T: Serialize, E: Display> IntoSseItem<T> for Result<SseItem<T>, E> {
    type Error = E;

    fn into_sse_item(self) -> Self {
        self
    }
}
