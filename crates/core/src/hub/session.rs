//! A session: one open stream. It hands out bytes that are ready for the wire; whoever owns the socket writes them.

use super::{
    EndReason, Lease, ResetReason, Resume,
    open::{Opening, resume},
    refill::{self, Lost, Refill},
    times::{Sign, Times},
    user::{Pass, Written},
};
use crate::{
    ConnectionId, Cursor, Epoch, Recipient, Seq,
    frame::{self, Ready, VersionedCounts},
    metrics::count,
    store::Store,
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

/// One open stream: poll it for bytes, drop it to give its place back at once.
pub struct Session {
    lease: Lease,
    store: Arc<dyn Store>,
    resume: Resume,
    epoch: Epoch,
    greeting: Option<Bytes>,
    refill: Option<BoxFuture<'static, Result<Refill, Lost>>>,
    times: Times,
    timer: Pin<Box<Sleep>>,
    opened: Instant,
    events: u64,
    bytes: u64,
    end: Option<EndReason>,
}

impl Session {
    pub(crate) fn new(opening: Opening) -> Self {
        let Opening { lease, store, request, head, floor, now } = opening;
        let options = &lease.hub.options;
        let (resume, last) = resume(request.position.as_deref(), &head, floor, options.replay_limit);
        let cursor = Cursor { epoch: head.epoch, seq: last };
        lease.place(cursor, head.seq);
        let id = lease.id;
        let greeting = frame::greeting(&Ready {
            connection_id: id,
            user: lease.recipient.user.as_str(),
            resume: resume.as_str(),
            reset_reason: resume.reset_reason().map(ResetReason::as_str),
            cursor,
            counts: VersionedCounts::at(head.counts, head.seq),
            heartbeat_seconds: options.heartbeat.as_secs(),
        });
        let opened = Instant::now();
        let times = Times::new(options, &request.identity, opened, now);
        let timer = Box::pin(tokio::time::sleep_until(times.next()));
        Self {
            lease,
            store,
            resume,
            epoch: head.epoch,
            greeting: Some(greeting.into()),
            refill: None,
            times,
            timer,
            opened,
            events: 0,
            bytes: 0,
            end: None,
        }
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
        if let Some(greeting) = self.greeting.take() {
            return self.write(greeting, 1);
        }
        loop {
            if let Some(reason) = self.times.end(Instant::now()) {
                return self.finish(reason);
            }
            if let Poll::Ready(bytes) = self.poll_events(cx) {
                return Poll::Ready(bytes);
            }
            self.arm();
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(sign) = self.sign() {
                return self.write(sign, 1);
            }
        }
    }

    /// Sets the timer to what is due next. The drain is looked for only now that the waker is registered, so that none is missed. A timer
    /// that goes off too early costs less than one that is set with every write, so later deadlines are left to it.
    fn arm(&mut self) {
        if let Some(drain) = self.lease.hub.drain() {
            self.times.notice(drain, || self.lease.hub.drain_share());
        }
        let next = self.times.next();
        if next < self.timer.deadline() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(next);
        }
    }

    /// What the ring or the store has for this stream.
    fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(refill) = &mut self.refill {
                let Poll::Ready(read) = refill.as_mut().poll(cx) else { return Poll::Pending };
                self.refill = None;
                return match read {
                    Ok(refill) => self.replay(&refill),
                    Err(Lost::Gone) => self.finish(EndReason::Revoked),
                    Err(Lost::Behind) => self.finish(EndReason::Behind),
                };
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
        let recipient = self.lease.recipient.clone();
        self.refill = Some(Box::pin(refill::read(hub, store, recipient, self.epoch, after)));
    }

    /// Writes what was read from the log.
    fn replay(&mut self, refill: &Refill) -> Poll<Option<Bytes>> {
        let Refill { page, last } = refill;
        let mut written = Written::default();
        written.tell_gap(self.lease.take_dropped());
        for entry in &page.entries {
            let cursor = Cursor { epoch: self.epoch, seq: entry.seq };
            written.stamp(cursor, &frame::change(&entry.change));
        }
        written.counts(page.head.counts, page.head.seq);
        self.lease.place(Cursor { epoch: self.epoch, seq: *last }, page.head.seq);
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
        let metrics = &self.lease.hub.metrics;
        let length = bytes.len() as u64;
        self.events += events;
        self.bytes += length;
        metrics.events_written.inc_by(events);
        metrics.bytes_written.inc_by(length);
        self.times.wrote(Instant::now());
        Poll::Ready(Some(bytes))
    }

    fn finish(&mut self, reason: EndReason) -> Poll<Option<Bytes>> {
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

    /// The event that the clock asks for.
    fn sign(&mut self) -> Option<Bytes> {
        self.times.sign(Instant::now()).map(|sign| match sign {
            Sign::Heartbeat => frame::heartbeat(self.lease.hub.options.heartbeat_form),
            Sign::Expiring(at) => frame::expiring(at),
        })
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
        f.debug_struct("Session").field("id", &self.lease.id).field("stats", &self.stats()).finish_non_exhaustive()
    }
}
