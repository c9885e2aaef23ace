//! Everybody comes back at once, each so many messages behind.

use super::{of_as_many, per};
use crate::{
    client::{
        crowd::{self, Crowd, Manner, Seat},
        judge::Verdict,
        publishers::{Plan, Targets, publish},
        target::Target,
    },
    clock::{now, seconds},
    process::Meter,
};
use std::time::Duration;

/// Users that one publish goes to while everybody is away.
const AT_ONCE: usize = 500;

pub(crate) struct Storm {
    /// Streams, each of a user of its own; rounded up to whole groups of those that one publish goes to.
    pub(crate) streams: usize,
    pub(crate) behind: u64,
    pub(crate) threads: usize,
}

pub(crate) struct Weathered {
    /// Until the last of them had everything.
    pub(crate) seconds: f64,
    pub(crate) verdict: Verdict,
    processor: Option<f64>,
    streams: usize,
}

impl Storm {
    pub(crate) fn run(&self, target: &Target) -> Result<Weathered, String> {
        let groups = self.streams.div_ceil(AT_ONCE.min(self.streams.max(1)));
        let size = self.streams.div_ceil(groups.max(1));
        let streams = groups * size;
        crowd::fits(streams)?;
        let manner = Manner { threads: self.threads, parses: true, ..Manner::default() };
        let first = Crowd::open(target, of_as_many(0..streams), manner)?.close()?;
        let seats: Vec<Seat> = first
            .streams
            .into_iter()
            .map(|one| Seat { user: one.user, position: one.position, stalls: false })
            .collect();
        if seats.iter().any(|seat| seat.position.is_none()) {
            return Err("streams tell no position: there is nothing to come back to".into());
        }
        let plan = Plan { most: self.behind * groups as u64, ..Plan::loop_of(1, Targets::groups(groups, size)) };
        let sent = publish(target, &[plan], Duration::from_secs(60))?;
        if let Some(refusal) = &sent.refusal {
            return Err(format!("a publish was refused with {refusal}"));
        }
        let due = (0..streams).map(|user| sent.to_user(user)).sum();
        let (meter, begin) = (Meter::start(target.process)?, now());
        let crowd = Crowd::start(target, seats, Manner { opening: usize::MAX, parses: false, ..manner });
        let last = crowd.wait_for(due, Duration::from_secs(60))?;
        let usage = meter.until(last)?;
        let (verdict, _) = crowd.judged(&sent)?;
        Ok(Weathered { seconds: seconds(begin, last), verdict, processor: usage.processor, streams })
    }
}

impl Weathered {
    pub(crate) fn exact(self) -> Result<Self, String> {
        if self.verdict.is_exact() { Ok(self) } else { Err(self.verdict.line()) }
    }

    pub(crate) fn report(&self) -> String {
        let used = self.processor.map_or(String::new(), |used| {
            format!(", {:.3} ms of the server's processor each", 1e3 * used / per(self.streams as u64, 1.0))
        });
        format!(
            "{}\n{} streams back with everything after {:.2} s{used}\n",
            self.verdict.line(),
            self.streams,
            self.seconds
        )
    }
}
