//! A session: one open stream. It says which bytes are ready for the wire; whoever owns the socket writes them.

use super::{
    Chunk, EndReason, Lease, ResetReason, Resume, Transport,
    open::{Opening, resume},
    refill::{Flight, Lost, Place, Refill, Refills},
    times::{Sign, Times},
    user::Pass,
};
use crate::{
    ConnectionId, Cursor, Epoch, Recipient, Seq,
    frame::{self, Ready, VersionedCounts},
    metrics::count,
};
use bytes::Bytes;
use campanile_sse::Retry;
use futures_util::FutureExt;
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a stream was until now.
#[derive(Clone, Copy, Debug)]
pub struct SessionStats {
    /// Events handed out.
    pub events: u64,
    /// Bytes handed out.
    pub bytes: u64,
    /// Since when it is open.
    pub open_for: Duration,
    /// Why it ended, if it did so by itself.
    pub end: Option<EndReason>,
}

/// What follows the bytes of a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// There may be more: ask again.
    More,
    /// Nothing, until the waker is woken or the deadline has come.
    Rest,
    /// Nothing ever: they are the last ones.
    End,
}

/// One open stream: poll it for bytes, drop it to give its place back at once.
///
/// There are two ways to poll it. [`Session::poll_next`] has a timer of its own and hands out bytes of their own. [`Session::poll_step`] is for
/// whoever drives many streams: the clock, the timer and the buffer are the caller's.
pub struct Session {
    lease: Lease,
    resume: Resume,
    transport: Transport,
    epoch: Epoch,
    greeting: Option<Box<[u8]>>,
    refill: Option<Flight>,
    times: Times,
    timer: Option<Pin<Box<Sleep>>>,
    opened: Instant,
    events: u64,
    bytes: u64,
    end: Option<EndReason>,
}

impl Session {
    pub(crate) fn new(opening: Opening) -> Self {
        let Opening { lease, request, head, floor, now } = opening;
        let options = &lease.hub.options;
        let (resume, last) = resume(request.position.as_deref(), &head, floor, options.replay_limit);
        let cursor = Cursor { epoch: head.epoch, seq: last };
        lease.place(cursor, head.seq);
        let id = lease.id;
        let greeting = frame::greeting(&Ready {
            connection_id: id,
            user: lease.recipient.user.as_str(),
            resume,
            reset_reason: resume.reset_reason(),
            cursor,
            counts: VersionedCounts::at(head.counts, head.seq),
            heartbeat_seconds: options.heartbeat.as_secs(),
        });
        let opened = Instant::now();
        let times = Times::new(options, &request.identity, opened, now);
        let session = Self {
            lease,
            resume,
            transport: request.transport,
            epoch: head.epoch,
            greeting: Some(greeting.into()),
            refill: None,
            times,
            timer: None,
            opened,
            events: 0,
            bytes: 0,
            end: None,
        };
        session.tell_opened();
        session
    }

    fn tell_opened(&self) {
        let who = self.recipient();
        tracing::info!(
            connection = %self.id(),
            user = %who.user.as_str().escape_debug(),
            tenant = %who.tenant.as_str().escape_debug(),
            transport = self.transport.as_str(),
            resume = self.resume.as_str(),
            reset_reason = self.resume.reset_reason().map(ResetReason::as_str),
            "stream opened"
        );
    }

    fn tell_closed(&self) {
        let (stats, who) = (self.stats(), self.recipient());
        tracing::info!(
            connection = %self.id(),
            user = %who.user.as_str().escape_debug(),
            tenant = %who.tenant.as_str().escape_debug(),
            reason = stats.end.map_or("client", EndReason::as_str),
            events = stats.events,
            bytes = stats.bytes,
            seconds = stats.open_for.as_secs_f64(),
            "stream closed"
        );
    }

    /// The stream's id, as `ready` tells it.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.lease.id
    }

    /// How it continues what its client had.
    #[must_use]
    pub fn resume(&self) -> Resume {
        self.resume
    }

    /// A number that streams of one user share for as long as they are open.
    #[must_use]
    pub fn lane(&self) -> u64 {
        self.lease.lane()
    }

    /// Whose stream it is.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.lease.recipient
    }

    /// What the stream was until now.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        SessionStats { events: self.events, bytes: self.bytes, open_for: self.opened.elapsed(), end: self.end }
    }

    /// The next bytes for the wire: whole events, whatever is ready. `None` once the stream has ended, after a `reconnect` event.
    ///
    /// Cancel safe: what is not yet returned is not lost.
    pub async fn next(&mut self) -> Option<Bytes> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`Session::next`], to be polled.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.end.is_some() {
            return Poll::Ready(None);
        }
        loop {
            let mut chunk = Chunk::default();
            if self.poll_step(cx, Instant::now(), &mut chunk).is_ready() {
                return Poll::Ready(Some(chunk.into_bytes()));
            }
            if self.poll_timer(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// A timer that goes off too early costs less than one that is set with every write, so later deadlines are left to it.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < timer.deadline() || timer.is_elapsed() {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }

    /// When to poll at the latest, whether or not the waker is woken. It moves with every step.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.times.next(&self.lease.hub.options)
    }

    /// The next step: when it is ready, `chunk` holds the bytes to write, and nothing else. `now` is this moment.
    ///
    /// Pending: there is nothing to write, and the waker is registered. After [`Step::End`] there is nothing more to ask.
    pub fn poll_step(&mut self, cx: &mut Context<'_>, now: Instant, chunk: &mut Chunk) -> Poll<Step> {
        if let Some(greeting) = self.greeting.take() {
            chunk.set(&greeting, 1);
            return self.wrote(Step::More, now, chunk);
        }
        if let Some(reason) = self.times.end(now) {
            return self.finish(reason, now, chunk);
        }
        let polled = self.poll_events(cx, now, chunk);
        self.notice_drain(now);
        if polled.is_ready() {
            return polled;
        }
        match (self.times.end(now), self.times.sign(&self.lease.hub.options, now)) {
            (Some(reason), _) => self.finish(reason, now, chunk),
            (None, Some(sign)) => {
                chunk.set(&self.sign(sign), 1);
                self.wrote(Step::More, now, chunk)
            }
            (None, None) => Poll::Pending,
        }
    }

    /// Looked for only when the waker is registered, so that no drain is missed.
    fn notice_drain(&mut self, now: Instant) {
        if let Some(drain) = self.lease.hub.drain() {
            self.times.notice(drain, now, || self.lease.hub.drain_share());
        }
    }

    /// When the stream ends by the clock, if it does. For whoever keeps bytes ([`Session::keep`]), in place of [`Session::deadline`].
    #[must_use]
    pub fn ends_at(&self) -> Option<Instant> {
        self.times.ends_at()
    }

    /// For whoever keeps bytes: if the stream must end, until when it may still wait for its reader. What must not go on ends now: the
    /// token's end, a revocation, too much memory. What asks a client to move on waits for as long as `patience`, but not beyond the
    /// drain: a slow reader is told why. The waker is woken when there is another answer by order; by the clock it is at
    /// [`Session::ends_at`].
    pub fn waits_until(&mut self, waker: &Waker, now: Instant, patience: Duration) -> Option<Instant> {
        if self.must_end(waker, now)?.is_abrupt() {
            return Some(now);
        }
        let ends = [self.lease.hub.drain().map(|drain| drain.ends), self.times.expires_at()];
        Some(ends.into_iter().flatten().fold(now + patience, Instant::min))
    }

    /// For whoever closes the stream in the middle of what it keeps, because it must end: why is told to the operator, not to the client.
    pub fn break_off(&mut self, waker: &Waker, now: Instant) {
        self.end = self.end.or_else(|| self.must_end(waker, now));
    }

    /// Why the stream must end, if it must, by order or by the clock.
    fn must_end(&mut self, waker: &Waker, now: Instant) -> Option<EndReason> {
        let told = self.lease.ends(waker);
        self.notice_drain(now);
        [told, self.times.end(now)].into_iter().flatten().max_by_key(|reason| reason.is_abrupt())
    }

    /// For whoever writes the bytes: it keeps so many that the peer does not take, and does not ask for more before they are gone; 0: they are.
    /// They count for the memory that all streams may hold. When that is too much and these are the most, the stream must end; then, and for no
    /// news, the waker is woken.
    pub fn keep(&self, bytes: usize, waker: &Waker) {
        self.lease.keep(bytes, waker);
    }

    /// What the ring or the store has for this stream.
    fn poll_events(&mut self, cx: &mut Context<'_>, now: Instant, chunk: &mut Chunk) -> Poll<Step> {
        loop {
            if let Some(refill) = &mut self.refill {
                // No pass is asked for that would tell.
                if let Some(reason) = self.lease.ends(cx.waker()) {
                    return self.finish(reason, now, chunk);
                }
                let Poll::Ready(read) = refill.poll_unpin(cx) else { return Poll::Pending };
                self.refill = None;
                return match read {
                    Ok(refill) => self.replay(&refill, now, chunk),
                    Err(Lost::Gone) => self.finish(EndReason::Revoked, now, chunk),
                    Err(Lost::Behind) => self.finish(EndReason::Behind, now, chunk),
                };
            }
            match self.lease.pass(cx.waker(), now, chunk) {
                Pass::Write { more } => return self.wrote(if more { Step::More } else { Step::Rest }, now, chunk),
                Pass::End(reason) => return self.finish(reason, now, chunk),
                Pass::Idle => return Poll::Pending,
                Pass::Hole(after) => self.begin_refill(after),
            }
        }
    }

    fn begin_refill(&mut self, after: Seq) {
        let place = Place { recipient: self.lease.recipient.clone(), epoch: self.epoch, after };
        self.refill = Some(Refills::join(&self.lease.hub, place));
    }

    /// Writes what was read from the log.
    fn replay(&mut self, refill: &Refill, now: Instant, chunk: &mut Chunk) -> Poll<Step> {
        chunk.clear();
        chunk.tell_gap(self.lease.take_dropped());
        chunk.append(&refill.chunk);
        self.lease.place(Cursor { epoch: self.epoch, seq: refill.last }, refill.head);
        self.wrote(Step::More, now, chunk)
    }

    fn wrote(&mut self, step: Step, now: Instant, chunk: &Chunk) -> Poll<Step> {
        let (metrics, length) = (&self.lease.hub.metrics, chunk.bytes().len() as u64);
        if chunk.gap {
            metrics.gaps.inc();
        }
        if let Some(published) = chunk.published {
            metrics.publish_to_write_seconds.observe(now.saturating_duration_since(published).as_secs_f64());
        }
        self.events += chunk.events;
        self.bytes += length;
        metrics.events_written.inc_by(chunk.events);
        metrics.bytes_written.inc_by(length);
        self.times.wrote(&self.lease.hub.options, now);
        Poll::Ready(step)
    }

    fn finish(&mut self, reason: EndReason, now: Instant, chunk: &mut Chunk) -> Poll<Step> {
        self.end = Some(reason);
        self.refill = None;
        chunk.set(&frame::reconnect(reason, self.retry(reason)), 1);
        self.wrote(Step::End, now, chunk)
    }

    fn retry(&self, reason: EndReason) -> Retry {
        match (reason, self.lease.hub.drain()) {
            (EndReason::Evicted, _) => Retry::clamped(Duration::from_secs(300)),
            (EndReason::Draining, Some(drain)) if !drain.others => {
                let rest = drain.ends.saturating_duration_since(Instant::now()) + Duration::from_secs(2);
                let jitter = Duration::from_millis(fastrand::u64(0..3000));
                Retry::clamped(rest + jitter)
            }
            _ => frame::jittered(1000..5000),
        }
    }

    /// The event that the clock asks for.
    fn sign(&self, sign: Sign) -> Bytes {
        match sign {
            Sign::Heartbeat => frame::heartbeat(self.lease.hub.options.heartbeat_form),
            Sign::Expiring(at) => frame::expiring(at),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let reason = self.end.map_or("closed", EndReason::as_str);
        count(&self.lease.hub.metrics.ends, "reason", reason, 1);
        self.tell_closed();
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.lease.id).field("stats", &self.stats()).finish_non_exhaustive()
    }
}
