//! The body of a response: frames of whole events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;

use super::heartbeat::{Heartbeat, Idle};
use super::scratch::written;
use super::source::{Filled, Source};

pub(super) type Shutdown = Pin<Box<dyn Future<Output = ()> + Send>>;

pin_project! {
    // All in one allocation, which the connection holds as long as the stream is open.
    pub(super) struct SseBody<S> {
        // Until it ends: then all that it holds is let go of at once.
        #[pin]
        source: Option<S>,
        shutdown: Option<Shutdown>,
        heartbeat: Option<Heartbeat>,
        // Whom source and signal will wake, when they had no more than the frame before.
        waiting: Option<Waker>,
        // From the first time that there is nothing to write.
        #[pin]
        idle: Option<Idle>,
    }
}

impl<S: Source> SseBody<S> {
    pub(super) const fn new(source: S, shutdown: Option<Shutdown>, heartbeat: Option<Heartbeat>) -> Self {
        Self { source: Some(source), shutdown, heartbeat, waiting: None, idle: None }
    }

    /// A frame of all that the source has ready, or else a heartbeat if it is time for one.
    fn poll_bytes(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut this = self.project();
        // A connection that has taken a frame asks at once for the next. There is none: it would be woken again.
        if this.waiting.take().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return poll_beat(*this.heartbeat, this.idle, cx).map(Some);
        }
        if is_over(this.shutdown, cx) {
            this.source.set(None);
        }
        let Some(source) = this.source.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let (bytes, filled) = written(|buf| source.poll_fill(cx, buf));
        if filled == Filled::Ended {
            this.source.set(None);
        }
        if bytes.is_empty() && filled == Filled::Pending {
            return poll_beat(*this.heartbeat, this.idle, cx).map(Some);
        }
        if let Some(idle) = this.idle.as_mut().as_pin_mut() {
            idle.end();
        }
        if filled == Filled::Pending {
            *this.waiting = Some(cx.waker().clone());
        }
        Poll::Ready(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl<S: Source> Body for SseBody<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.poll_bytes(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_none()
    }
}

fn poll_beat(heartbeat: Option<Heartbeat>, mut idle: Pin<&mut Option<Idle>>, cx: &mut Context<'_>) -> Poll<Bytes> {
    let Some(heartbeat) = heartbeat else { return Poll::Pending };
    if idle.is_none() {
        idle.set(Some(Idle::new(heartbeat)));
    }
    idle.as_pin_mut().map_or(Poll::Pending, |idle| idle.poll_beat(heartbeat, cx))
}

fn is_over(shutdown: &mut Option<Shutdown>, cx: &mut Context<'_>) -> bool {
    let over = shutdown.as_mut().is_some_and(|shutdown| shutdown.as_mut().poll(cx).is_ready());
    if over {
        // A future that has ended must not be polled again.
        *shutdown = None;
    }
    over
}
