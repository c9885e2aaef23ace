//! The measurements behind the rows.

use super::{
    results::{Measured, Who},
    rows::Row,
};
use crate::{
    client::{
        crowd::{Manner, Seat},
        publishers::{Plan, Targets},
    },
    scenario::{
        idle,
        load::{Load, Loaded},
        of_as_many, of_one,
        storm::Storm,
    },
    servers::{Asked, Campanile, Raised, Rivals, Server},
};
use std::{path::Path, time::Duration};
use tokio::runtime::Runtime;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Trial {
    Idle,
    Saturated,
    Signals,
    Paced,
    Singles64,
    Singles8,
    Batches,
    Rate,
    One,
    Storm,
    Stalls,
    Mixed,
}

impl Trial {
    pub(crate) const ALL: [Self; 12] = [
        Self::Idle,
        Self::Saturated,
        Self::Signals,
        Self::Paced,
        Self::Singles64,
        Self::Singles8,
        Self::Batches,
        Self::Rate,
        Self::One,
        Self::Storm,
        Self::Stalls,
        Self::Mixed,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Saturated => "saturated",
            Self::Signals => "signals",
            Self::Paced => "paced",
            Self::Singles64 => "singles64",
            Self::Singles8 => "singles8",
            Self::Batches => "batches",
            Self::Rate => "rate",
            Self::One => "one",
            Self::Storm => "storm",
            Self::Stalls => "stalls",
            Self::Mixed => "mixed",
        }
    }

    /// Whether there is something to compare.
    pub(crate) fn is_for(self, who: Who) -> bool {
        let for_all =
            matches!(self, Self::Idle | Self::Saturated | Self::Paced | Self::Singles8 | Self::Rate | Self::One);
        for_all || who == Who::Campanile
    }
}

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(super) idle: usize,
    watch: Duration,
    /// Of one user, and users with one each.
    pub(super) streams: usize,
    pub(super) storm: usize,
    span: Duration,
    rate: f64,
}

impl Size {
    pub(crate) fn whole(seconds: f64, idle_seconds: f64) -> Self {
        let (span, watch) = (Duration::from_secs_f64(seconds), Duration::from_secs_f64(idle_seconds));
        Self { idle: 10_000, watch, streams: 1000, storm: 10_000, span, rate: 3000.0 }
    }

    pub(crate) fn small() -> Self {
        let span = Duration::from_millis(250);
        Self { idle: 200, watch: span, streams: 50, storm: 200, span, rate: 200.0 }
    }
}

pub(crate) struct Bench<'a> {
    runtime: Runtime,
    binary: &'a Path,
    rivals: &'a Rivals,
    size: Size,
}

/// Messages of one user that a rival keeps for slow readers: a few, as many as our ring by default, or all that a run can send.
const fn room(raised: Raised) -> usize {
    match raised {
        Raised::Nothing => 16,
        Raised::Limits => 100,
        Raised::LimitsAndRing => 32_768,
    }
}

impl<'a> Bench<'a> {
    pub(crate) fn new(binary: &'a Path, rivals: &'a Rivals, size: Size) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { runtime: runtime.map_err(|error| error.to_string())?, binary, rivals, size })
    }

    pub(crate) fn measure(&self, trial: Trial, who: Who) -> Result<Measured, String> {
        match trial {
            Trial::Idle => self.idle(who),
            Trial::Saturated => self.saturated(who),
            Trial::Signals => self.signals(who),
            Trial::Paced => self.paced(who),
            Trial::Singles64 => self.singles(who, 64, Row::Singles64),
            Trial::Singles8 => self.singles(who, 8, Row::Singles8),
            Trial::Batches => self.batches(who),
            Trial::Rate => self.rate(who),
            Trial::One => self.one(who),
            Trial::Storm => self.storm(who),
            Trial::Stalls => self.stalls(who),
            Trial::Mixed => self.mixed(who),
        }
    }

    fn start(&self, who: Who, asked: Asked, raised: Raised) -> Result<Box<dyn Server>, String> {
        Ok(match who {
            Who::Campanile => Box::new(Campanile::start(&self.runtime, self.binary, asked, raised)?),
            Who::Rival(rival) => Box::new(rival.start(self.rivals, room(raised))?),
        })
    }

    fn load(
        &self,
        who: Who,
        (asked, raised): (Asked, Raised),
        seats: Vec<Seat>,
        plan: Plan,
    ) -> Result<(Loaded, Option<String>), String> {
        let server = self.start(who, asked, raised)?;
        let load = Load { seats, manner: Manner::default(), plans: vec![plan], span: self.size.span };
        worth(who, load.run(server.target())?)
    }

    fn idle(&self, who: Who) -> Result<Measured, String> {
        let server = self.start(who, Asked::Notifications, Raised::Nothing)?;
        let all = self.size.idle;
        let ours = who == Who::Campanile;
        let rows = if ours { &Row::IDLE[..] } else { &[Row::IdleKib] };
        let steps: Vec<_> = rows.iter().map(|row| row.streams(self.size)).collect();
        let watched = if ours { all } else { 0 };
        let steps = idle::run(server.target(), &steps, watched, self.size.watch)?;
        let mut figures = Vec::new();
        for (step, row) in steps.into_iter().zip(rows.iter().copied()) {
            figures.extend(step.kib_per_stream.map(|kib| (row, kib)));
            let kernel = step.kernel_kib_per_stream.filter(|_| row == Row::IdleKib);
            figures.extend(kernel.map(|kib| (Row::IdleKernel, kib)));
            figures.extend(step.percent_of_a_core.map(|percent| (Row::IdleCpu, percent)));
        }
        Ok(Measured { figures, flaw: None })
    }

    fn saturated(&self, who: Who) -> Result<Measured, String> {
        let seats = of_one(0, self.size.streams);
        let (loaded, flaw) =
            self.load(who, (Asked::Notifications, Raised::LimitsAndRing), seats, Plan::loop_of(8, Targets::one(0)))?;
        let figures =
            [(Row::CrowdRate, Some(loaded.deliveries_per_second())), (Row::CrowdCpu, loaded.micros_per_delivery())];
        Ok(Measured::of(figures, flaw))
    }

    fn signals(&self, who: Who) -> Result<Measured, String> {
        let users = self.size.streams;
        let plan = Plan::loop_of(8, Targets::groups(1, users));
        // Nobody can go back for a signal: with the ring as it is shipped, readers that this machine holds up lose some, as they should.
        let (loaded, flaw) = self.load(who, (Asked::Signals, Raised::LimitsAndRing), of_as_many(0..users), plan)?;
        Ok(Measured::of([(Row::SignalRate, Some(loaded.deliveries_per_second()))], flaw))
    }

    fn paced(&self, who: Who) -> Result<Measured, String> {
        let seats = of_one(0, self.size.streams);
        let plan = Plan::rate_of(50.0, 8, Targets::one(0));
        let (loaded, flaw) = self.load(who, (Asked::Notifications, Raised::LimitsAndRing), seats, plan)?;
        let figures = [(Row::PacedCpu, loaded.micros_per_delivery()), (Row::PacedP99, Some(loaded.latency.p99()))];
        Ok(Measured::of(figures, flaw))
    }

    fn singles(&self, who: Who, publishers: usize, row: Row) -> Result<Measured, String> {
        let users = self.size.streams;
        let plan = Plan::loop_of(publishers, Targets::singles(0, users));
        let (loaded, flaw) = self.load(who, (Asked::Notifications, Raised::Limits), of_as_many(0..users), plan)?;
        Ok(Measured::of([(row, Some(loaded.publishes_per_second()))], flaw))
    }

    fn batches(&self, who: Who) -> Result<Measured, String> {
        let users = self.size.streams;
        let plan = Plan::loop_of(4, Targets::singles(0, users));
        let (loaded, flaw) =
            self.load(who, (Asked::Batches(users.min(1000)), Raised::Limits), of_as_many(0..users), plan)?;
        Ok(Measured::of([(Row::Batches, Some(loaded.publishes_per_second()))], flaw))
    }

    fn rate(&self, who: Who) -> Result<Measured, String> {
        let users = self.size.streams;
        let plan = Plan::rate_of(self.size.rate, 64, Targets::singles(0, users));
        let (loaded, flaw) = self.load(who, (Asked::Notifications, Raised::Limits), of_as_many(0..users), plan)?;
        let figures = [(Row::RateP50, Some(loaded.latency.p50())), (Row::RateP99, Some(loaded.latency.p99()))];
        Ok(Measured::of(figures, flaw))
    }

    fn one(&self, who: Who) -> Result<Measured, String> {
        let users = self.size.streams;
        let plan = Plan::loop_of(1, Targets::singles(0, users));
        let (loaded, flaw) = self.load(who, (Asked::Notifications, Raised::Limits), of_as_many(0..users), plan)?;
        Ok(Measured::of([(Row::OneP50, Some(loaded.sent.answer.p50()))], flaw))
    }

    fn storm(&self, who: Who) -> Result<Measured, String> {
        let server = self.start(who, Asked::Notifications, Raised::Limits)?;
        let weathered = Storm { streams: self.size.storm, behind: 10, threads: 1 }.run(server.target())?.exact()?;
        Ok(Measured::of([(Row::StormSeconds, Some(weathered.seconds))], None))
    }

    /// A pair of runs: without stalled readers, and with them.
    fn stalls(&self, who: Who) -> Result<Measured, String> {
        let beside = |stalled: usize| {
            let seats = seats_beside(of_one(0, self.size.streams), stalled);
            let plan = Plan::rate_of(50.0, 8, Targets::one(0));
            self.load(who, (Asked::Notifications, Raised::Limits), seats, plan)
        };
        let ((absent, flaw), (present, another)) = (beside(0)?, beside(self.size.streams / 10)?);
        let p99 = |loaded: &Loaded| Some(loaded.latency.p99());
        let figures = [(Row::StallsAbsent, p99(&absent)), (Row::StallsPresent, p99(&present))];
        let flaws: Vec<_> = flaw.into_iter().chain(another).collect();
        Ok(Measured::of(figures, (!flaws.is_empty()).then(|| flaws.join("; "))))
    }

    fn mixed(&self, who: Who) -> Result<Measured, String> {
        let server = self.start(who, Asked::Notifications, Raised::Limits)?;
        let load = mixed(self.size.streams, self.size.rate / 3.0, self.size.span);
        let (loaded, flaw) = worth(who, load.run(server.target())?)?;
        Ok(Measured::of([(Row::MixedP99, Some(loaded.latency.p99()))], flaw))
    }
}

/// A run and what of it is no result. Of ours, nothing may be refused or lost, or there is no figure at all.
fn worth(who: Who, loaded: Loaded) -> Result<(Loaded, Option<String>), String> {
    let loaded = if who == Who::Campanile { loaded.exact()? } else { loaded };
    let flaw = loaded.flaw();
    Ok((loaded, flaw))
}

/// The same, and some more of the first one's user that read nothing.
fn seats_beside(mut seats: Vec<Seat>, stalled: usize) -> Vec<Seat> {
    let user = seats.first().map_or(0, |seat| seat.user);
    seats.extend(vec![Seat { user, stalls: true, ..Seat::default() }; stalled]);
    seats
}

/// Everything at once: a crowd of one user with stalled readers in it, single users, and streams that leave and come back every few milliseconds.
pub(crate) fn mixed(streams: usize, rate: f64, span: Duration) -> Load {
    let half = (streams / 2).max(1);
    let mut seats = seats_beside(of_one(0, half), streams / 20);
    seats.extend(of_as_many(1..half + 1));
    let crowd = Plan::rate_of(20.0, 2, Targets::one(0));
    let singles = Plan::rate_of(rate, 16, Targets::singles(1, half));
    let manner = Manner { parses: true, churn: Some(Duration::from_millis(20)), ..Manner::default() };
    Load { seats, manner, plans: vec![crowd, singles], span }
}

impl Measured {
    fn of<const N: usize>(figures: [(Row, Option<f64>); N], flaw: Option<String>) -> Self {
        let figures = figures.into_iter().filter_map(|(row, value)| Some((row, value?))).collect();
        Self { figures, flaw }
    }
}
