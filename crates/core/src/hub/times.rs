//! When a stream has something to say by itself.

use super::{Drain, EndReason};
use crate::{Identity, SseOptions, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// When something is due.
pub(super) struct Times {
    heartbeat: Instant,
    interval: Duration,
    /// When to tell that the token ends soon, and what to tell.
    expiring: Option<(Instant, Timestamp)>,
    expires: Option<Instant>,
    lifetime: Option<Instant>,
    /// Drawn when the drain is noticed.
    drain: Option<Instant>,
}

/// What the clock asks for.
#[derive(Clone, Copy)]
pub(super) enum Sign {
    Heartbeat,
    /// The token ends then.
    Expiring(Timestamp),
}

impl Times {
    /// The times of a stream that opens now; `wall` is the same moment on the wall.
    pub(super) fn new(options: &SseOptions, identity: &Identity, now: Instant, wall: Timestamp) -> Self {
        let expires_at = identity.expires_at;
        Self {
            heartbeat: now + less_jitter(options.heartbeat),
            interval: options.heartbeat,
            expiring: expires_at.map(|at| (now + at.minus(options.expiring).since(wall), at)),
            expires: expires_at.map(|at| now + at.since(wall)),
            lifetime: options.max_lifetime.map(|lifetime| now + around(lifetime)),
            drain: None,
        }
    }

    /// Something was written: the next heartbeat is a whole interval away.
    pub(super) fn wrote(&mut self, now: Instant) {
        self.heartbeat = now + less_jitter(self.interval);
    }

    /// Takes the moment of this stream's end, once: `share` says where in the window.
    pub(super) fn notice(&mut self, drain: Drain, share: impl FnOnce() -> f64) {
        let window = drain.ends - drain.began;
        self.drain.get_or_insert_with(|| drain.began + window.mul_f64(share()));
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        let expiring = self.expiring.map(|(at, _)| at);
        let ends = [expiring, self.expires, self.lifetime, self.drain];
        ends.into_iter().flatten().fold(self.heartbeat, Instant::min)
    }

    /// Which end is due. The token's comes first: after it nothing else may be said.
    pub(super) fn end(&self, now: Instant) -> Option<EndReason> {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        match () {
            () if due(self.expires) => Some(EndReason::Expired),
            () if due(self.drain) => Some(EndReason::Draining),
            () if due(self.lifetime) => Some(EndReason::Lifetime),
            () => None,
        }
    }

    /// Which sign is due; told once.
    pub(super) fn sign(&mut self, now: Instant) -> Option<Sign> {
        if let Some((_, expires_at)) = self.expiring.take_if(|(at, _)| *at <= now) {
            return Some(Sign::Expiring(expires_at));
        }
        (self.heartbeat <= now).then_some(Sign::Heartbeat)
    }
}

/// A span less up to 10 %, so that many streams do not beat in one tick.
fn less_jitter(span: Duration) -> Duration {
    span.mul_f64(1.0 - 0.1 * fastrand::f64())
}

/// A span give or take 20 %.
fn around(span: Duration) -> Duration {
    span.mul_f64(0.8 + 0.4 * fastrand::f64())
}
