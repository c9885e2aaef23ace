//! A stream of items as a source of bytes.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::body::Body;
use futures_core::Stream;
use pin_project_lite::pin_project;
use serde::Serialize;

use super::body::{Shutdown, SseBody};
use super::{Heartbeat, IntoSseItem};

/// How many bytes are enough for one frame. More would only wait in the connection, where nobody can drop them.
const ENOUGH: usize = 32 * 1024;

/// How far a source has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// There is more.
    Enough,
    /// There is no more for now.
    Pending,
    /// There will never be more.
    Ended,
}

/// Something that fills a buffer with whole events.
pub(super) trait Source {
    fn poll_fill(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut Vec<u8>) -> Filled;
}

/// A source of any type on its way into a body.
pub(super) trait AnySource {
    fn into_body(self: Box<Self>, shutdown: Option<Shutdown>, heartbeat: Option<Heartbeat>) -> Body;
}

impl<S: Source + Send + 'static> AnySource for S {
    fn into_body(self: Box<Self>, shutdown: Option<Shutdown>, heartbeat: Option<Heartbeat>) -> Body {
        Body::new(SseBody::new(*self, shutdown, heartbeat))
    }
}

pin_project! {
    pub(super) struct Items<S, T> {
        #[pin]
        stream: S,
        item: PhantomData<fn() -> T>,
    }
}

impl<S, T> Items<S, T> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, item: PhantomData }
    }
}

impl<S, T> Source for Items<S, T>
where
    S: Stream,
    S::Item: IntoSseItem<T>,
    T: Serialize,
{
    fn poll_fill(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut Vec<u8>) -> Filled {
        let mut stream = self.project().stream;
        while buf.len() < ENOUGH {
            let Poll::Ready(item) = stream.as_mut().poll_next(cx) else { return Filled::Pending };
            if !item.is_some_and(|item| add(item, buf)) {
                return Filled::Ended;
            }
        }
        Filled::Enough
    }
}

/// Whether `item` could be added. If not, nothing is, and the log says why.
fn add<T: Serialize>(item: impl IntoSseItem<T>, buf: &mut Vec<u8>) -> bool {
    let whole = buf.len();
    let fault = match item.into_sse_item() {
        Err(error) => error.to_string(),
        Ok(item) => match item.encode(buf) {
            Ok(()) => return true,
            Err(error) => error.to_string(),
        },
    };
    tracing::error!(error = fault, "an event stream ends: an item of it failed");
    buf.truncate(whole);
    false
}
