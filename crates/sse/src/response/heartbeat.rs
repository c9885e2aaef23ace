//! A sign of life while there is nothing else to say.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::encode;

/// What to write when nothing has been written for a while (feature `axum`).
///
/// Proxies and phones give up on a connection that is silent, and a server learns only by writing that its peer is gone.
///
/// ```
/// use campanile_sse::{Heartbeat, ServerSentEvents};
/// use std::time::Duration;
///
/// # use futures_util::stream;
/// let ticks = ServerSentEvents::new(stream::iter(0..3)).heartbeat(Heartbeat::event(Duration::from_secs(15)));
/// # drop(ticks);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    interval: Duration,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Event,
    Comment,
}

impl Heartbeat {
    /// A `__heartbeat__` event, exactly `event: __heartbeat__\ndata:\n\n`: a page can listen for it and notice its absence.
    /// See [`encode::HEARTBEAT`].
    ///
    /// ```
    /// # use campanile_sse::Heartbeat;
    /// const BEAT: Heartbeat = Heartbeat::event(std::time::Duration::from_secs(15));
    /// ```
    #[must_use]
    pub const fn event(interval: Duration) -> Self {
        Self { interval, form: Form::Event }
    }

    /// A line with a colon: invisible to a page. See [`encode::COMMENT_HEARTBEAT`].
    ///
    /// ```
    /// # use campanile_sse::Heartbeat;
    /// const BEAT: Heartbeat = Heartbeat::comment(std::time::Duration::from_secs(15));
    /// ```
    #[must_use]
    pub const fn comment(interval: Duration) -> Self {
        Self { interval, form: Form::Comment }
    }

    const fn bytes(self) -> Bytes {
        Bytes::from_static(match self.form {
            Form::Event => encode::HEARTBEAT,
            Form::Comment => encode::COMMENT_HEARTBEAT,
        })
    }

    /// Never more often, whatever is asked for.
    const SHORTEST: Duration = Duration::from_millis(1);

    fn after(self, time: Instant) -> Instant {
        // Beyond what the clock can tell is as good as never.
        let never = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        time + self.interval.clamp(Self::SHORTEST, never)
    }
}

pin_project! {
    /// Runs out when nothing was written for the interval.
    ///
    /// A frame only notes the time; the timer finds that out when it runs out, and goes on for the rest. So a busy stream touches the
    /// runtime's timers once per interval and not with each frame.
    pub(super) struct Idle {
        since: Instant,
        #[pin]
        timer: Sleep,
    }
}

impl Idle {
    pub(super) fn new(heartbeat: Heartbeat) -> Self {
        let since = Instant::now();
        Self { since, timer: sleep_until(heartbeat.after(since)) }
    }

    /// Something is written.
    pub(super) fn end(self: Pin<&mut Self>) {
        *self.project().since = Instant::now();
    }

    /// The heartbeat, when it is due.
    pub(super) fn poll_beat(self: Pin<&mut Self>, heartbeat: Heartbeat, cx: &mut Context<'_>) -> Poll<Bytes> {
        let mut this = self.project();
        loop {
            ready!(this.timer.as_mut().poll(cx));
            let now = Instant::now();
            let due = heartbeat.after(*this.since);
            if due <= now {
                *this.since = now;
                this.timer.as_mut().reset(heartbeat.after(now));
                return Poll::Ready(heartbeat.bytes());
            }
            this.timer.as_mut().reset(due);
        }
    }
}
