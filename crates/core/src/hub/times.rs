//! When a stream has something to say by itself.

use super::{Drain, EndReason};
use crate::{Identity, SseOptions, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// When something is due. Every stream has these, so what the options say stays there.
pub(super) struct Times {
    heartbeat: Instant,
    /// When the token ends: by this clock, and as it is told.
    expires: Option<(Instant, Timestamp)>,
    /// When the stream is asked to move on, and why.
    leaves: Option<(Instant, EndReason)>,
    /// Whether it is still to be told that the token ends soon.
    warns: bool,
    /// Whether the drain has drawn its moment.
    drains: bool,
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
            expires: expires_at.map(|at| (now + at.since(wall), at)),
            leaves: options.max_lifetime.map(|lifetime| (now + around(lifetime), EndReason::Lifetime)),
            warns: expires_at.is_some(),
            drains: false,
        }
    }

    /// Something was written: the next heartbeat is a whole interval away.
    pub(super) fn wrote(&mut self, options: &SseOptions, now: Instant) {
        self.heartbeat = now + less_jitter(options.heartbeat);
    }

    /// Takes the moment of this stream's end, once: `share` says where in the window, or in what is left of it for one that opened late.
    pub(super) fn notice(&mut self, drain: Drain, now: Instant, share: impl FnOnce() -> f64) {
        if !std::mem::replace(&mut self.drains, true) {
            let from = now.max(drain.began);
            let at = from + drain.ends.saturating_duration_since(from).mul_f64(share());
            if self.leaves.is_none_or(|(lifetime, _)| at <= lifetime) {
                self.leaves = Some((at, EndReason::Draining));
            }
        }
    }

    /// When to look again.
    pub(super) fn next(&self, options: &SseOptions) -> Instant {
        [self.warning(options), self.ends_at()].into_iter().flatten().fold(self.heartbeat, Instant::min)
    }

    /// When it ends by the clock.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        [self.expires_at(), self.leaves.map(|(at, _)| at)].into_iter().flatten().min()
    }

    /// When its token ends.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.expires.map(|(at, _)| at)
    }

    /// When to tell that the token ends soon, if that is still to be told. Before the clock began there is no instant: then with the next
    /// heartbeat.
    fn warning(&self, options: &SseOptions) -> Option<Instant> {
        let (ends, _) = self.expires.filter(|_| self.warns)?;
        Some(ends.checked_sub(options.expiring).unwrap_or(self.heartbeat))
    }

    /// Which end is due. The token's comes first: after it nothing else may be said.
    pub(super) fn end(&self, now: Instant) -> Option<EndReason> {
        if self.expires.is_some_and(|(at, _)| at <= now) {
            return Some(EndReason::Expired);
        }
        self.leaves.filter(|(at, _)| *at <= now).map(|(_, reason)| reason)
    }

    /// Which sign is due; told once.
    pub(super) fn sign(&mut self, options: &SseOptions, now: Instant) -> Option<Sign> {
        if let (true, Some((_, expires_at))) = (self.warning(options).is_some_and(|at| at <= now), self.expires) {
            self.warns = false;
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
