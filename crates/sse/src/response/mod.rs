//! A stream of values as a response (feature `axum`).

mod body;
mod heartbeat;
mod item;
mod last_event_id;
#[cfg(feature = "utoipa")]
mod openapi;
mod scratch;
mod source;

use std::fmt;
use std::marker::PhantomData;

use axum_core::response::{IntoResponse, Response};
use futures_core::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use serde::Serialize;

use self::body::Shutdown;
pub use self::heartbeat::Heartbeat;
pub use self::item::{IntoSseItem, SseItem};
pub use self::last_event_id::LastEventId;
#[cfg(feature = "utoipa")]
pub use self::openapi::Undocumented;
use self::source::{AnySource, Items};

/// A response that sends a stream of `T`s, each as an event whose data is its JSON (feature `axum`).
///
/// ```
/// use campanile_sse::{Heartbeat, ServerSentEvents};
/// use futures_util::{StreamExt, stream};
/// use std::time::Duration;
///
/// #[derive(serde::Serialize)]
/// struct Tick {
///     n: u64,
/// }
///
/// async fn ticks() -> ServerSentEvents<Tick> {
///     let ticks = stream::iter(0..).then(|n| async move {
///         tokio::time::sleep(Duration::from_secs(1)).await;
///         Tick { n }
///     });
///     ServerSentEvents::new(ticks).heartbeat(Heartbeat::event(Duration::from_secs(15)))
/// }
///
/// let app: axum::Router = axum::Router::new().route("/ticks", axum::routing::get(ticks));
/// ```
///
/// **Frames.** Whatever the stream has ready when it is polled goes out together, in one write if the connection takes it. An idle
/// stream holds no buffer.
///
/// **Ends.** When the client goes, the stream is dropped at once. When the stream ends, so does the response, cleanly. When an item is an
/// error, or cannot be serialised, that is logged (`tracing`, level `ERROR`), the events before it are sent, and the response ends the
/// same way; the client comes back and resumes. Nothing panics.
///
/// **Where it works.** Under `axum::serve`, over HTTP/1.1 and HTTP/2. The head forbids caching, buffering and changes on the way; the
/// compression of tower-http leaves event streams alone by default.
#[must_use = "a response does nothing until it is returned"]
pub struct ServerSentEvents<T> {
    source: Box<dyn AnySource + Send>,
    heartbeat: Option<Heartbeat>,
    shutdown: Option<Shutdown>,
    item: PhantomData<fn() -> T>,
}

impl<T: Serialize + 'static> ServerSentEvents<T> {
    /// A response of what `stream` yields: `T`, [`SseItem<T>`](SseItem) with an id, a name or a reconnection time, or a `Result` with one
    /// of these, whose error ends the response.
    ///
    /// The compiler knows `T` from what the handler returns, or else from the stream.
    ///
    /// ```
    /// use campanile_sse::{EventId, ServerSentEvents, SseItem};
    /// # use futures_util::stream;
    ///
    /// async fn plain() -> ServerSentEvents<u64> {
    ///     ServerSentEvents::new(stream::iter([1, 2, 3]))
    /// }
    ///
    /// async fn with_ids_and_faults() -> ServerSentEvents<u64> {
    ///     ServerSentEvents::new(stream::iter([1, 2, 3]).map(|n| {
    ///         let id = EventId::format(format_args!("{n}"))?;
    ///         Ok::<_, campanile_sse::EventIdError>(SseItem { id: Some(id), ..SseItem::from(n) })
    ///     }))
    /// }
    /// # use futures_util::StreamExt;
    /// ```
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream + Send + 'static,
        S::Item: IntoSseItem<T>,
    {
        Self { source: Box::new(Items::new(stream)), heartbeat: None, shutdown: None, item: PhantomData }
    }
}

impl<T> ServerSentEvents<T> {
    /// Sends a sign of life whenever nothing was sent for its interval. Without this there is none.
    ///
    /// ```
    /// # use campanile_sse::{Heartbeat, ServerSentEvents};
    /// # use futures_util::stream;
    /// async fn quiet() -> ServerSentEvents<u64> {
    ///     let beat = Heartbeat::comment(std::time::Duration::from_secs(15));
    ///     ServerSentEvents::new(stream::pending::<u64>()).heartbeat(beat)
    /// }
    /// ```
    pub const fn heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// Ends the response when `signal` does, between two events. A server that shuts down gracefully waits for its responses, and so would
    /// wait for ever.
    ///
    /// ```
    /// # use campanile_sse::ServerSentEvents;
    /// # use futures_util::stream;
    /// async fn forever(mut stopping: tokio::sync::watch::Receiver<bool>) -> ServerSentEvents<u64> {
    ///     ServerSentEvents::new(stream::pending::<u64>()).shutdown(async move {
    ///         let _ = stopping.wait_for(|stopping| *stopping).await;
    ///     })
    /// }
    /// ```
    pub fn shutdown(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.shutdown = Some(Box::pin(signal));
        self
    }
}

const TYPE: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-store, no-cache, no-transform, private");
/// nginx would buffer the response.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

impl<T> IntoResponse for ServerSentEvents<T> {
    /// The response. With a heartbeat, its body has to be polled within a tokio runtime that has time.
    fn into_response(self) -> Response {
        let head = [
            (CONTENT_TYPE, TYPE),
            (CACHE_CONTROL, NO_CACHE),
            (X_ACCEL_BUFFERING, HeaderValue::from_static("no")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (head, self.source.into_body(self.shutdown, self.heartbeat)).into_response()
    }
}

impl<T> fmt::Debug for ServerSentEvents<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = std::any::type_name::<T>();
        f.debug_struct("ServerSentEvents")
            .field("item", &item)
            .field("heartbeat", &self.heartbeat)
            .finish_non_exhaustive()
    }
}
