//! Messages to open streams: how many, how fast, what they cost, and whether all of them came.

use super::per;
use crate::{
    client::{
        crowd::{self, Crowd, Manner, Seat},
        histogram::Histogram,
        judge::Verdict,
        publishers::{Plan, Sent, publish},
        target::Target,
    },
    clock::seconds,
    process::{Meter, Usage, buffer_kib, proportional_kib},
};
use std::time::Duration;

pub(crate) struct Load {
    pub(crate) seats: Vec<Seat>,
    pub(crate) manner: Manner,
    pub(crate) plans: Vec<Plan>,
    pub(crate) span: Duration,
}

/// What came of it.
pub(crate) struct Loaded {
    pub(crate) verdict: Verdict,
    pub(crate) sent: Sent,
    /// From when a message was due until a stream had read it.
    pub(crate) latency: Histogram,
    /// From the first publish to the last delivery.
    pub(crate) usage: Usage,
    bytes: u64,
    memory: String,
}

impl Load {
    pub(crate) fn run(self, target: &Target) -> Result<Loaded, String> {
        crowd::fits(self.seats.len())?;
        let users: Vec<usize> = self.seats.iter().filter(|seat| !seat.stalls).map(|seat| seat.user).collect();
        let crowd = Crowd::open(target, self.seats, self.manner)?;
        let meter = Meter::start(target.process)?;
        let sent = publish(target, &self.plans, self.span)?;
        let due = users.into_iter().map(|user| sent.to_user(user)).sum();
        let last = crowd.wait_for(due, self.span * 3 + Duration::from_secs(5))?;
        let usage = meter.until(last)?;
        let memory = memory(target)?;
        let (verdict, received) = crowd.judged(&sent)?;
        Ok(Loaded { verdict, sent, latency: received.latency, usage, bytes: received.bytes, memory })
    }
}

fn memory(target: &Target) -> Result<String, String> {
    let own = target.process.map(proportional_kib).transpose()?.map(|kib| format!("{kib} KiB in the server"));
    let queued = buffer_kib().map(|kib| format!("{kib} KiB queued in the kernel (both sides)"));
    Ok(own.into_iter().chain(queued).collect::<Vec<_>>().join(", "))
}

impl Loaded {
    /// The run, if it is a result at all: everything taken, and delivered once and in order.
    pub(crate) fn exact(self) -> Result<Self, String> {
        match self.refused().or_else(|| self.inexact()) {
            Some(why) => Err(why),
            None => Ok(self),
        }
    }

    /// All that keeps it from being one, and what was due and is in no figure, because no connection was free to send it.
    pub(crate) fn flaw(&self) -> Option<String> {
        let unsent = self.sent.unsent;
        let unsent = (unsent > 0).then(|| format!("{unsent} publishes were due and could not be sent"));
        let flaws: Vec<_> = [self.refused(), self.inexact(), unsent].into_iter().flatten().collect();
        (!flaws.is_empty()).then(|| flaws.join("; "))
    }

    fn refused(&self) -> Option<String> {
        let Sent { refused, refusal, .. } = &self.sent;
        refusal
            .as_ref()
            .map(|first| format!("{refused} publishes were REFUSED (they count as lost), the first with {first}"))
    }

    fn inexact(&self) -> Option<String> {
        (!self.verdict.is_exact()).then(|| self.verdict.line())
    }

    pub(crate) fn deliveries_per_second(&self) -> f64 {
        per(self.verdict.received, self.usage.seconds)
    }

    /// Messages taken a second, while publishers were at work.
    pub(crate) fn publishes_per_second(&self) -> f64 {
        per(self.sent.taken, seconds(self.sent.from, self.sent.to))
    }

    /// Microseconds of the server's processor time for each delivery.
    pub(crate) fn micros_per_delivery(&self) -> Option<f64> {
        self.usage.processor.map(|used| used * 1e6 / per(self.verdict.received.max(1), 1.0))
    }

    pub(crate) fn report(&self) -> String {
        let cost = self
            .micros_per_delivery()
            .map_or(String::new(), |micros| format!(", {micros:.3} µs of the server's processor each"));
        let bytes = per(self.bytes, per(self.verdict.received.max(1), 1.0));
        let mut text = format!(
            "{}\n{:.0} publishes/s taken, {:.0} deliveries/s of {bytes:.0} bytes{cost}\n\
             publish to answer:  {}\npublish to stream:  {}\n{}\n",
            self.verdict.line(),
            self.publishes_per_second(),
            self.deliveries_per_second(),
            self.sent.answer.line(),
            self.latency.line(),
            self.memory,
        );
        if self.sent.pacing.count() > 0 {
            text +=
                &format!("own pacing error:   {}; {} due and not sent\n", self.sent.pacing.line(), self.sent.unsent);
        }
        text.extend(self.refused().map(|refused| refused + "\n"));
        text
    }
}
