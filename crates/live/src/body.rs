//! A request's body, until its deadline.

use crate::{LiveStats, stats::Count, timer::Alarm};
use axum::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::time::Instant;

/// A request's body did not come in time ([`LiveOptions::body_timeout`](crate::LiveOptions::body_timeout)): answer 408.
///
/// In the body's error it is inside of an [`io::Error`] of the kind [`TimedOut`](io::ErrorKind::TimedOut), among the sources, so that this
/// crate need not be named:
///
/// ```
/// use std::{error::Error, io};
///
/// fn timed_out(error: &(dyn Error + 'static)) -> bool {
///     std::iter::successors(Some(error), |error| (*error).source())
///         .filter_map(|error| error.downcast_ref::<io::Error>())
///         .any(|error| error.kind() == io::ErrorKind::TimedOut)
/// }
/// ```
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the request's body did not arrive in time")]
#[non_exhaustive]
pub struct BodyTimeout;

/// Who waits for a body. Dropped when it has ended, or nobody wants the rest.
pub(crate) trait Pending: Unpin {
    /// It did not come in time.
    fn late(&mut self) {}
}

impl Pending for () {}

/// A body that must arrive in time.
pub(crate) struct TimedBody<G> {
    body: Incoming,
    until: Instant,
    alarm: Alarm,
    stats: Arc<LiveStats>,
    pending: Option<G>,
}

impl<G: Pending> TimedBody<G> {
    pub(crate) fn new(body: Incoming, until: Instant, stats: Arc<LiveStats>, pending: G) -> Self {
        let ended = body.is_end_stream();
        Self { body, until, alarm: Alarm::default(), stats, pending: (!ended).then_some(pending) }
    }

    fn late(&mut self, cx: &mut Context<'_>) -> bool {
        let late = self.alarm.poll(cx, self.until);
        if late {
            self.stats.count(Count::body_timeouts);
            if let Some(pending) = &mut self.pending {
                pending.late();
            }
        }
        late
    }
}

impl<G: Pending> Body for TimedBody<G> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending if self.late(cx) => {
                return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, BodyTimeout).into())));
            }
            Poll::Pending => return Poll::Pending,
            Poll::Ready(frame) => frame,
        };
        if frame.is_none() || self.body.is_end_stream() {
            self.pending = None;
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
