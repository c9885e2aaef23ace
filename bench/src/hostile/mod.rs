//! Streams under hostile load: while thousands of requests a second come, valid ones among malformed, half-open and oversized ones, open streams
//! must get every notification, in order and in time, and the server must be as small afterwards as it was before.

mod attacks;
mod client;
mod crowd;

use crate::{bounds, place::Place, process::proportional_kib, report};
use campanile_testkit::TestNode;
use client::{Publisher, Received, open_stream, read_stream};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

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
    #[arg(long, default_value_t = 100, value_parser = bounds::some::<u64>())]
    notifications: u64,
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
    published: usize,
    micros: Vec<u64>,
    kib: [u64; 3],
}

/// Runs the load and judges it.
pub(crate) async fn run(binary: &Path, args: &Args, place: &Place) -> Result<(), String> {
    let outcome = measure(binary, args).await?;
    let verdict = args.within_ms.map_or(Ok(()), |limit| outcome.judge(args, limit));
    report::deliver(&outcome.text(args, place), args.record.as_deref().filter(|_| verdict.is_ok()))?;
    verdict
}

async fn measure(binary: &Path, args: &Args) -> Result<Outcome, String> {
    let mut node = TestNode::builder(binary)
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", args.streams)
        .env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 1_000_000)
        .env("CAMPANILE_LIMITS__CHANGES_PER_MINUTE", 1_000_000)
        .env("CAMPANILE_LOG", "error,campanile::process=info")
        .start()
        .await;
    node.allow_open_streams();
    let epoch = Instant::now();
    let readers = streams(&node, args, epoch).await?;
    // A little of everything first: threads, pools and caches are there before memory is looked at.
    crowd::attack(&node, args.requests, Duration::from_secs(2), args.seed).await;
    sleep(REST).await;
    let before = proportional_kib(node.process_id())?;
    let span = Duration::from_secs(args.seconds);
    let (crowd, published) =
        tokio::join!(crowd::attack(&node, args.requests, span, args.seed + 1), publish(&node, args, epoch, span),);
    let published = published?;
    let during = proportional_kib(node.process_id())?;
    sleep(REST).await;
    let after = proportional_kib(node.process_id())?;
    node.kill();
    let received = everything(readers).await?;
    let micros = all_exact(&received, published)?;
    Ok(Outcome { requests: crowd.done, unanswered: crowd.failed, published, micros, kib: [before, during, after] })
}

async fn streams(node: &TestNode, args: &Args, epoch: Instant) -> Result<Vec<JoinHandle<Received>>, String> {
    let mut readers = Vec::with_capacity(args.streams);
    for stream in 0..args.streams {
        let socket = open_stream(node.address(), &node.token(&user(stream % args.users))).await?;
        readers.push(tokio::spawn(read_stream(socket, epoch)));
    }
    Ok(readers)
}

fn user(number: usize) -> String {
    format!("reader-{number}")
}

/// Publishes at the given rate to all users at once; answers how many were acknowledged.
async fn publish(node: &TestNode, args: &Args, epoch: Instant, span: Duration) -> Result<usize, String> {
    let mut publisher = Publisher::connect(node.address(), node.api_key()).await?;
    let users: Vec<_> = (0..args.users).map(user).collect();
    let mut ticks = interval(Duration::from_secs(1) / u32::try_from(args.notifications).unwrap_or(u32::MAX));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (end, mut published) = (Instant::now() + span, 0);
    while Instant::now() < end {
        ticks.tick().await;
        publisher.publish_to(&users, epoch.elapsed().as_nanos()).await?;
        published += 1;
    }
    Ok(published)
}

async fn everything(readers: Vec<JoinHandle<Received>>) -> Result<Vec<Received>, String> {
    let mut received = Vec::with_capacity(readers.len());
    for reader in readers {
        received.push(reader.await.map_err(|error| error.to_string())?);
    }
    Ok(received)
}

/// Every stream has every notification, once and in order; answers the latencies, sorted.
fn all_exact(received: &[Received], published: usize) -> Result<Vec<u64>, String> {
    let wrong = received.iter().filter(|stream| !stream.seqs.iter().copied().eq(1..=published as u64)).count();
    if wrong > 0 {
        return Err(format!("{wrong} of {} streams have not exactly the {published} notifications", received.len()));
    }
    let mut micros: Vec<u64> = received.iter().flat_map(|stream| stream.micros.iter().copied()).collect();
    micros.sort_unstable();
    Ok(micros)
}

impl Outcome {
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52")]
    fn millis(&self, per_mille: usize) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        self.micros.get(last * per_mille / 1000).map_or(f64::NAN, |micros| *micros as f64 / 1000.0)
    }

    fn memory_is_back(&self, slack_mib: u64) -> bool {
        let [before, _, after] = self.kib;
        after <= before + before / 10 + slack_mib * 1024
    }

    fn judge(&self, args: &Args, limit: f64) -> Result<(), String> {
        let enough = self.requests >= args.requests * args.seconds * 95 / 100;
        match () {
            () if !enough => Err(format!("only {} requests were made", self.requests)),
            () if self.unanswered > 0 => Err(format!("{} requests had no answer", self.unanswered)),
            () if self.millis(990) > limit => Err(format!("p99 is {:.1} ms", self.millis(990))),
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
             | deliveries, every one exact and in order | {} |\n\
             | p50 / p99 / p99.9 / max from publish to the client's socket, ms | {:.1} / {:.1} / {:.1} / {:.1} |\n\
             | requests made, a second | {} |\n\
             | of them without any answer although one was due | {} |\n\
             | the server's memory before / at the end of the load / {} s later, MiB | {} / {} / {} |\n",
            self.published,
            self.micros.len(),
            self.millis(500),
            self.millis(990),
            self.millis(999),
            self.millis(1000),
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
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    /// 100 requests were asked for; p99 may be 5 ms, memory 4 MiB more.
    fn verdict(outcome: &Outcome) -> Result<(), String> {
        let args = Cli::parse_from(["hostile", "--seconds", "10", "--requests", "10"]).args;
        outcome.judge(&args, 5.0)
    }

    fn good() -> Outcome {
        let micros = [vec![1000; 99], vec![9000]].concat();
        Outcome { requests: 100, unanswered: 0, published: 100, micros, kib: [10_240, 90_000, 15_360] }
    }

    #[test]
    fn each_thing_that_is_promised_is_looked_at() {
        assert_eq!(verdict(&good()), Ok(()));
        let slow = [vec![1000; 98], vec![6000; 2]].concat();
        let faults = [
            (Outcome { requests: 94, ..good() }, "only 94 requests"),
            (Outcome { unanswered: 1, ..good() }, "1 requests had no answer"),
            (Outcome { micros: slow, ..good() }, "p99 is 6.0 ms"),
            (Outcome { kib: [10_240, 90_000, 15_361], ..good() }, "memory is not back"),
        ];
        for (outcome, why) in faults {
            assert!(verdict(&outcome).is_err_and(|told| told.starts_with(why)), "{why}");
        }
    }
}
