//! A session: one open stream. It hands out bytes that are ready for the wire; whoever owns the socket writes them.

use super::{
    EndReason, Lease, ResetReason, Resume,
    user::{Pass, Written},
};
use crate::{
    ConnectionId, Cursor, Epoch, Recipient, Seq, Timestamp,
    frame::{self, Ready, VersionedCounts},
    metrics::count,
    store::{Head, LogPage, Store, StoreError, StoreResult},
};
use bytes::Bytes;
use campanile_sse::Retry;
use futures_util::future::BoxFuture;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Entries of one read of the log.
const REFILL_ENTRIES: usize = 256;
/// Bytes of one read of the log.
const REFILL_BYTES: usize = 64 * 1024;
/// How long a stream waits before it asks a store again that failed, or that does not show yet what was announced.
const REFILL_PAUSE: Duration = Duration::from_millis(500);

/// Whose stream it is, and until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The user.
    pub recipient: Recipient,
    /// When the credentials end; the stream ends then.
    pub expires_at: Option<Timestamp>,
}

/// What carries a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// HTTP/1.1 (or 1.0).
    Http1,
    /// HTTP/2.
    Http2,
}

impl Transport {
    /// The word for logs and for the list of connections.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "http/2",
        }
    }
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// Who asks.
    pub identity: Identity,
    /// The position as the client sent it: anything. `None` if none was given.
    pub position: Option<Bytes>,
    /// What carries the stream.
    pub transport: Transport,
}

/// Why a stream is not opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// The user has as many streams as a user may have.
    #[error("too many concurrent streams of this user")]
    UserLimit,
    /// The node has as many streams as it may have.
    #[error("too many concurrent streams on this node")]
    NodeLimit,
    /// The node shuts down.
    #[error("the node is draining")]
    Draining,
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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

/// Everything a session begins with.
pub(crate) struct Opening {
    pub(crate) lease: Lease,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) request: OpenRequest,
    pub(crate) head: Head,
    /// The oldest position that can be continued.
    pub(crate) floor: Seq,
    pub(crate) now: Timestamp,
}

/// One open stream: poll it for bytes, drop it to give its place back at once.
pub struct Session {
    id: ConnectionId,
    lease: Lease,
    store: Arc<dyn Store>,
    resume: Resume,
    epoch: Epoch,
    greeting: Option<Bytes>,
    refill: Option<BoxFuture<'static, Option<LogPage>>>,
    /// After which entry the refill under way continues.
    refill_after: Seq,
    times: Times,
    timer: Pin<Box<Sleep>>,
    opened: Instant,
    events: u64,
    bytes: u64,
    end: Option<EndReason>,
    done: bool,
}

/// When something is due.
struct Times {
    heartbeat: Instant,
    /// When to tell that the token ends soon, and what to tell.
    expiring: Option<(Instant, Timestamp)>,
    expires: Option<Instant>,
    lifetime: Option<Instant>,
    /// Drawn when the drain is noticed.
    drain: Option<Instant>,
}

impl Times {
    fn next(&self) -> Instant {
        let expiring = self.expiring.map(|(at, _)| at);
        let ends = [expiring, self.expires, self.lifetime, self.drain];
        ends.into_iter().flatten().fold(self.heartbeat, Instant::min)
    }

    /// Which end is due. The token's comes first: after it nothing else may be said.
    fn due(&self, now: Instant) -> Option<EndReason> {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        match () {
            () if due(self.expires) => Some(EndReason::Expired),
            () if due(self.drain) => Some(EndReason::Draining),
            () if due(self.lifetime) => Some(EndReason::Lifetime),
            () => None,
        }
    }
}

/// Where a stream begins. `floor` is the oldest position that the log can continue.
pub(crate) fn resume(position: Option<&[u8]>, head: &Head, floor: Seq, replay_limit: u64) -> (Resume, Seq) {
    let Some(position) = position else { return (Resume::Fresh, head.seq) };
    let reason = match Cursor::parse(position) {
        Some(Cursor { epoch, seq }) if epoch == head.epoch && seq <= head.seq => {
            if seq < floor {
                ResetReason::Expired
            } else if head.seq.0 - seq.0 > replay_limit {
                ResetReason::TooFar
            } else {
                return (Resume::Exact, seq);
            }
        }
        _ => ResetReason::Unknown,
    };
    (Resume::Reset(reason), head.seq)
}

impl Session {
    pub(crate) fn new(opening: Opening) -> Self {
        let Opening { lease, store, request, head, floor, now } = opening;
        let options = &lease.hub.options;
        let (resume, last) = resume(request.position.as_deref(), &head, floor, options.replay_limit);
        lease.place(last, head.seq);
        let id = ConnectionId::generate();
        let (word, reset_reason) = resume.words();
        let greeting = frame::greeting(&Ready {
            connection_id: id,
            user: lease.recipient.user.as_str(),
            resume: word,
            reset_reason,
            cursor: Cursor { epoch: head.epoch, seq: last },
            counts: VersionedCounts::at(head.counts, head.seq),
            heartbeat_seconds: options.heartbeat.as_secs(),
        });
        let opened = Instant::now();
        let expires_at = request.identity.expires_at;
        let times = Times {
            heartbeat: opened + less_jitter(options.heartbeat),
            expiring: expires_at.map(|at| (opened + at.minus(options.expiring).since(now), at)),
            expires: expires_at.map(|at| opened + at.since(now)),
            lifetime: options.max_lifetime.map(|lifetime| opened + around(lifetime)),
            drain: None,
        };
        let timer = Box::pin(tokio::time::sleep_until(times.next()));
        Self {
            id,
            lease,
            store,
            resume,
            epoch: head.epoch,
            greeting: Some(greeting.into()),
            refill: None,
            refill_after: last,
            times,
            timer,
            opened,
            events: 0,
            bytes: 0,
            end: None,
            done: false,
        }
    }

    /// The stream's id, as `ready` tells it.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// How it continues what its client had.
    #[must_use]
    pub fn resume(&self) -> Resume {
        self.resume
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
        if self.done {
            return Poll::Ready(None);
        }
        if let Some(greeting) = self.greeting.take() {
            return self.write(greeting, 1);
        }
        loop {
            if let Some(reason) = self.times.due(Instant::now()) {
                return self.finish(reason);
            }
            if let Poll::Ready(bytes) = self.poll_events(cx) {
                return Poll::Ready(bytes);
            }
            self.notice_drain();
            self.timer.as_mut().reset(self.times.next());
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(bytes) = self.due_sign() {
                return self.write(bytes, 1);
            }
        }
    }

    /// What the ring or the store has for this stream.
    fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(refill) = &mut self.refill {
                let Poll::Ready(page) = refill.as_mut().poll(cx) else { return Poll::Pending };
                self.refill = None;
                return self.replay(page);
            }
            match self.lease.pass(cx.waker()) {
                Pass::Write(written) => return self.write_pass(written),
                Pass::End(reason) => return self.finish(reason),
                Pass::Idle => return Poll::Pending,
                Pass::Hole(after) => self.begin_refill(after),
            }
        }
    }

    fn begin_refill(&mut self, after: Seq) {
        let (hub, store) = (Arc::clone(&self.lease.hub), Arc::clone(&self.store));
        let (recipient, epoch) = (self.lease.recipient.clone(), self.epoch);
        self.refill_after = after;
        self.refill = Some(Box::pin(async move {
            loop {
                let read = async {
                    let _turn = hub.refills.acquire().await;
                    store.log(recipient.clone(), after, REFILL_ENTRIES, REFILL_BYTES).await
                };
                match judge(read.await, after, epoch) {
                    Verdict::Again(outcome) => count(&hub.metrics.refills, "outcome", outcome, 1),
                    Verdict::Answer(page) => {
                        count(&hub.metrics.refills, "outcome", "read", 1);
                        return page;
                    }
                }
                tokio::time::sleep(REFILL_PAUSE).await;
            }
        }));
    }

    /// Writes what was read from the log. Without a page the log is gone or another one.
    fn replay(&mut self, page: Option<LogPage>) -> Poll<Option<Bytes>> {
        let Some(page) = page else { return self.finish(EndReason::Revoked) };
        let Some(last) = dense_end(&page, self.refill_after) else { return self.finish(EndReason::Behind) };
        let mut written = Written::default();
        let dropped = self.lease.take_dropped();
        if dropped > 0 {
            frame::gap(&mut written.bytes, dropped);
            written.events += 1;
            written.gap = true;
        }
        for entry in &page.entries {
            let cursor = Cursor { epoch: self.epoch, seq: entry.seq };
            frame::stamp(&mut written.bytes, cursor, &frame::change(&entry.change));
            written.events += 1;
        }
        frame::counts(&mut written.bytes, page.head.counts, page.head.seq);
        written.events += 1;
        self.lease.place(last, page.head.seq);
        self.write_pass(written)
    }

    fn write_pass(&mut self, written: Written) -> Poll<Option<Bytes>> {
        let metrics = &self.lease.hub.metrics;
        if written.gap {
            metrics.gaps.inc();
        }
        if let Some(published) = written.published {
            metrics.publish_to_write_seconds.observe(published.elapsed().as_secs_f64());
        }
        self.write(written.bytes.into(), written.events)
    }

    fn write(&mut self, bytes: Bytes, events: u64) -> Poll<Option<Bytes>> {
        let hub = &self.lease.hub;
        let length = bytes.len() as u64;
        self.events += events;
        self.bytes += length;
        hub.metrics.events_written.inc_by(events);
        hub.metrics.bytes_written.inc_by(length);
        self.times.heartbeat = Instant::now() + less_jitter(hub.options.heartbeat);
        Poll::Ready(Some(bytes))
    }

    fn finish(&mut self, reason: EndReason) -> Poll<Option<Bytes>> {
        self.done = true;
        self.end = Some(reason);
        self.refill = None;
        let retry = self.retry(reason);
        self.write(frame::reconnect(reason, retry), 1)
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

    /// Draws the moment of this stream's end when the node begins to drain. Asked after the waker is registered, so that no drain is
    /// missed.
    fn notice_drain(&mut self) {
        if let (None, Some(drain)) = (self.times.drain, self.lease.hub.drain()) {
            self.times.drain = Some(drain.began + (drain.ends - drain.began).mul_f64(fastrand::f64()));
        }
    }

    /// The event that the clock asks for.
    fn due_sign(&mut self) -> Option<Bytes> {
        let now = Instant::now();
        if let Some((at, expires_at)) = self.times.expiring
            && at <= now
        {
            self.times.expiring = None;
            let mut buf = Vec::with_capacity(64);
            frame::expiring(&mut buf, expires_at);
            return Some(buf.into());
        }
        let due = self.times.heartbeat <= now && self.times.due(now).is_none();
        due.then(|| frame::heartbeat(self.lease.hub.options.heartbeat_form))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let reason = self.end.map_or("closed", EndReason::as_str);
        count(&self.lease.hub.metrics.ends, "reason", reason, 1);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// What a read of the log means for a stream that wants everything after `after`.
enum Verdict {
    Answer(Option<LogPage>),
    /// Ask again later, and why.
    Again(&'static str),
}

fn judge(read: StoreResult<Option<LogPage>>, after: Seq, epoch: Epoch) -> Verdict {
    match read {
        Err(error) => {
            tracing::warn!(%error, "a stream's log cannot be read; trying again");
            Verdict::Again("failed")
        }
        Ok(Some(page)) if page.head.epoch != epoch => Verdict::Answer(None),
        Ok(Some(page)) if page.head.seq <= after => Verdict::Again("early"),
        Ok(page) => Verdict::Answer(page),
    }
}

/// The last entry of a page that continues `after` without a hole; `None` if the log no longer covers it.
fn dense_end(page: &LogPage, after: Seq) -> Option<Seq> {
    let first = page.entries.first()?;
    let last = page.entries.last()?;
    let dense = first.seq == after.next() && last.seq.0 - first.seq.0 + 1 == page.entries.len() as u64;
    (dense && page.head.floor <= after).then_some(last.seq)
}

/// A span less up to 10 %, so that many streams do not beat in one tick.
fn less_jitter(span: Duration) -> Duration {
    span.mul_f64(1.0 - 0.1 * fastrand::f64())
}

/// A span give or take 20 %.
fn around(span: Duration) -> Duration {
    span.mul_f64(0.8 + 0.4 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counts;

    #[test]
    fn a_position_is_resumed_exactly_or_says_why_not() {
        let head = Head { epoch: Epoch(7), seq: Seq(100), floor: Seq(10), counts: Counts::default() };
        let at = |epoch, seq| Cursor { epoch: Epoch(epoch), seq: Seq(seq) }.to_string();
        let resume = |position: &str| resume(Some(position.as_bytes()), &head, Seq(10), 50);
        let reset = |reason| (Resume::Reset(reason), Seq(100));
        assert_eq!(super::resume(None, &head, Seq(10), 50), (Resume::Fresh, Seq(100)));
        assert_eq!(resume(&at(7, 100)), (Resume::Exact, Seq(100)));
        assert_eq!(resume(&at(7, 50)), (Resume::Exact, Seq(50)));
        assert_eq!(resume(&at(7, 49)), reset(ResetReason::TooFar));
        assert_eq!(resume(&at(7, 9)), reset(ResetReason::Expired));
        assert_eq!(resume(&at(7, 101)), reset(ResetReason::Unknown));
        assert_eq!(resume(&at(8, 50)), reset(ResetReason::Unknown));
        assert_eq!(resume("-1"), reset(ResetReason::Unknown));
    }
}
