//! Streams under hostile load: while thousands of requests a second come, valid ones among malformed, half-open and oversized ones, open streams
//! must get every notification, in order and in time, and the server must be as small afterwards as it was before.

mod attacks;
mod crowd;

use crate::{
    bounds,
    client::{
        crowd::{Crowd, Manner, Seat},
        histogram::Histogram,
        publishers::{Plan, Sent, Targets, publish},
    },
    clock::pause,
    place::Place,
    process::proportional_kib,
    report,
    servers::{Asked, Campanile, Raised, Server},
};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use tokio::runtime::Builder;

/// How long a server may take to give back what the load has cost.
const REST: Duration = Duration::from_secs(8);

/// Measure open streams while hostile requests come
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long
    #[arg(long, default_value_t = 60, value_parser = bounds::some::<u64>())]
    seconds: u64,
    /// Hostile and valid requests a second
    #[arg(long, default_value_t = 10_000, value_parser = bounds::some::<u64>())]
    requests: u64,
    /// Open streams
    #[arg(long, default_value_t = 1000, value_parser = bounds::some::<usize>())]
    streams: usize,
    /// Users that have them
    #[arg(long, default_value_t = 10, value_parser = bounds::some::<usize>())]
    users: usize,
    /// Notifications a second, each to all of the users
    #[arg(long, default_value_t = 100.0, value_parser = bounds::positive)]
    notifications: f64,
    /// What the order of attacks is drawn from
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..1_000_000))]
    seed: u64,
    /// Fail unless every request has its answer, p99 is under this many milliseconds, and memory is back
    #[arg(long, value_parser = bounds::positive)]
    within_ms: Option<f64>,
    /// By how many MiB, beyond a tenth, memory may be larger afterwards: allocators and caches keep a little
    #[arg(long, default_value_t = 4)]
    slack_mib: u64,
    /// Where to record the result
    #[arg(long)]
    record: Option<PathBuf>,
}

impl Args {
    pub(crate) fn records(&self) -> bool {
        self.record.is_some()
    }
}

/// What was measured.
struct Outcome {
    requests: u64,
    unanswered: u64,
    published: u64,
    /// Due, and in no figure: all publishers waited for answers until the end.
    unsent: u64,
    latency: Histogram,
    kib: [u64; 3],
}

/// Connections of publishers, so that a late answer holds nothing up.
const PUBLISHERS: usize = 8;

/// Runs the load and judges it.
pub(crate) fn run(binary: &Path, args: &Args, place: &Place) -> Result<(), String> {
    let outcome = measure(binary, args)?;
    let verdict = args.within_ms.map_or(Ok(()), |limit| outcome.judge(args, limit));
    report::deliver(&outcome.text(args, place), args.record.as_deref().filter(|_| verdict.is_ok()))?;
    verdict
}

fn measure(binary: &Path, args: &Args) -> Result<Outcome, String> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let server = Campanile::start(&runtime, binary, Asked::Notifications, Raised::Limits)?;
    let (node, target) = (server.node(), server.target());
    let readers = Crowd::open(target, args.seats(), Manner { parses: true, ..Manner::default() })?;
    // A little of everything first: threads, pools and caches are there before memory is looked at.
    runtime.block_on(crowd::attack(node, args.requests, Duration::from_secs(2), args.seed));
    pause(REST);
    let before = proportional_kib(node.process_id())?;
    let span = Duration::from_secs(args.seconds);
    let (crowd, sent) = thread::scope(|scope| {
        let attack = crowd::attack(node, args.requests, span, args.seed + 1);
        let attack = scope.spawn(|| runtime.block_on(attack));
        let sent = publish(target, &[args.plan()], span);
        Ok::<_, String>((attack.join().map_err(|_| "the attack has panicked")?, sent?))
    })?;
    let during = proportional_kib(node.process_id())?;
    pause(REST);
    let after = proportional_kib(node.process_id())?;
    let latency = all_exact(readers, &sent)?;
    let kib = [before, during, after];
    let Sent { taken: published, unsent, .. } = sent;
    Ok(Outcome { requests: crowd.done, unanswered: crowd.failed, published, unsent, latency, kib })
}

impl Args {
    fn seats(&self) -> Vec<Seat> {
        (0..self.streams).map(|stream| Seat { user: stream % self.users, ..Seat::default() }).collect()
    }

    /// Each notification to all users at once.
    fn plan(&self) -> Plan {
        Plan::rate_of(self.notifications, PUBLISHERS, Targets::groups(1, self.users))
    }
}

/// Every publish was taken, and every stream has every notification, once and in order, and nothing else; answers the latencies.
fn all_exact(readers: Crowd, sent: &Sent) -> Result<Histogram, String> {
    if let Some(refusal) = &sent.refusal {
        return Err(format!("a publish was refused with {refusal}"));
    }
    let (verdict, received) = readers.judged(sent)?;
    if !verdict.is_exact() {
        return Err(verdict.line());
    }
    let last = format!("-{}", sent.taken);
    let is_there = |position: &Option<String>| position.as_deref().is_some_and(|position| position.ends_with(&last));
    match received.streams.iter().find(|stream| !is_there(&stream.position)) {
        Some(stream) => Err(format!("a stream is at {:?} after {} notifications", stream.position, sent.taken)),
        None => Ok(received.latency),
    }
}

impl Outcome {
    fn memory_is_back(&self, slack_mib: u64) -> bool {
        let [before, _, after] = self.kib;
        after <= before + before / 10 + slack_mib * 1024
    }

    fn judge(&self, args: &Args, limit: f64) -> Result<(), String> {
        let enough = self.requests >= args.requests * args.seconds * 95 / 100;
        match () {
            () if !enough => Err(format!("only {} requests were made", self.requests)),
            () if self.unanswered > 0 => Err(format!("{} requests had no answer", self.unanswered)),
            () if self.latency.p99() > limit => Err(format!("p99 is {:.1} ms", self.latency.p99())),
            () if !self.memory_is_back(args.slack_mib) => Err(format!("memory is not back: {:?} KiB", self.kib)),
            () => Ok(()),
        }
    }

    fn text(&self, args: &Args, place: &Place) -> String {
        let Args { seconds, requests, streams, users, notifications, seed, .. } = args;
        let [before, during, after] = self.kib;
        let mut text = format!(
            "# Hostile load\n\nMeasured on {} at commit {}. Machine: {}.\n\n    cargo xtask hostile --record -- --seconds {seconds} --requests {requests} --streams \
             {streams} --users {users} --notifications {notifications} --seed {seed}\n\n",
            place.date, place.commit, place.machine
        );
        let _ = write!(
            text,
            "{streams} streams of {users} users got {notifications} notifications a second each for {seconds} s, while {requests} requests a second came:\n\
             valid ones, bad tokens, bad bodies, malformed heads, heads and bodies that are too large, half-open requests, resets, broken HTTP/2.\n\n\
             | | |\n|---|---|\n\
             | notifications published, each synced | {} |\n\
             | more that were due and could not be sent | {} |\n\
             | deliveries, every one exact and in order | {} |\n\
             | p50 / p99 / p99.9 / max from when a publish was due to the client's socket, ms | {:.1} / {:.1} / {:.1} / {:.1} |\n\
             | requests made, a second | {} |\n\
             | of them without any answer although one was due | {} |\n\
             | the server's memory before / at the end of the load / {} s later, MiB | {} / {} / {} |\n",
            self.published,
            self.unsent,
            self.latency.count(),
            self.latency.p50(),
            self.latency.p99(),
            self.latency.p999(),
            self.latency.max(),
            self.requests / seconds.max(&1),
            self.unanswered,
            REST.as_secs(),
            before / 1024,
            during / 1024,
            after / 1024,
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::parsed;

    /// 100 requests were asked for; p99 may be 5 ms, memory 4 MiB more.
    fn verdict(outcome: &Outcome) -> Result<(), String> {
        let args = parsed("hostile --seconds 10 --requests 10").unwrap();
        outcome.judge(&args, 5.0)
    }

    /// So many deliveries of a millisecond, and so many of six.
    fn latency(quick: usize, slow: usize) -> Histogram {
        let mut latency = Histogram::default();
        [vec![1_000_000; quick], vec![6_000_000; slow]].concat().into_iter().for_each(|time| latency.record(time));
        latency
    }

    fn good() -> Outcome {
        let latency = latency(99, 1);
        Outcome { requests: 100, unanswered: 0, published: 100, unsent: 0, latency, kib: [10_240, 90_000, 15_360] }
    }

    #[test]
    fn each_thing_that_is_promised_is_looked_at() {
        assert_eq!(verdict(&good()), Ok(()));
        let faults = [
            (Outcome { requests: 94, ..good() }, "only 94 requests"),
            (Outcome { unanswered: 1, ..good() }, "1 requests had no answer"),
            (Outcome { latency: latency(98, 2), ..good() }, "p99 is 6.0 ms"),
            (Outcome { kib: [10_240, 90_000, 15_361], ..good() }, "memory is not back"),
        ];
        for (outcome, why) in faults {
            assert!(verdict(&outcome).is_err_and(|told| told.starts_with(why)), "{why}");
        }
    }
}
