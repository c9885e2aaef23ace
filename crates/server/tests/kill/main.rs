//! The kill test: publishers, people who use their inboxes, and fifty streaming clients over real sockets, a server that is killed (SIGKILL)
//! at random moments and restarted on the same file and address. After each restart everybody asks for counts and pages of the inbox. At
//! the end everybody has caught up, and the oracle judges: the raw bytes that came over the streams, what was acknowledged, and every count
//! and page that was told, which has to be what the log folds to at its version.
//!
//! `CAMPANILE_KILL_ROUNDS` (8) says how often it is killed. `CAMPANILE_KILL_SEED` replays a schedule: the moments of the kills, how long the
//! server is away, and what each publisher, each client and each owner of an inbox does next. How the kernel interleaves them is not in it.

#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking, as the tests themselves do")]

mod clients;
mod inboxes;
mod old;
mod publishers;
mod questions;
mod record;
mod schedule;

use campanile_testkit::{Answer, Oracle, Request, TestNode};
use clients::Clients;
use inboxes::Inboxes;
use publishers::Publishers;
use record::Record;
use schedule::{Round, Schedule};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Streams, two per user: both have to tell the same story.
const CLIENTS: usize = 50;
const USERS: usize = 25;
const PUBLISHERS: usize = 6;

/// How long a notification is kept.
const INBOX_DAYS: u64 = 1;
/// How many entries of a log are kept: fewer than a user gets, and more than a client falls behind by.
const LOG_ENTRIES: u64 = 50;

/// The name of a user.
fn user(number: usize) -> String {
    format!("user-{number}")
}

/// What everybody tells.
#[derive(Clone, Default)]
struct Shared {
    record: Arc<Record>,
    oracle: Arc<Mutex<Oracle>>,
}

impl Shared {
    /// Tells the oracle something.
    fn tell(&self, what: impl FnOnce(&mut Oracle)) {
        what(&mut self.oracle.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Sends a request to a server that may die meanwhile. `Ok(None)`: no answer came. An error: it was not even sent.
async fn send(to: SocketAddr, request: Request) -> io::Result<Option<Answer>> {
    match tokio::time::timeout(Duration::from_secs(10), request.try_send(to)).await {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(error),
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}

async fn start() -> TestNode {
    TestNode::builder(env!("CARGO_BIN_EXE_campanile"))
        .fixed_address()
        .env("CAMPANILE_LOG", "warn,campanile::process=info")
        .env("CAMPANILE_RETENTION__INBOX_DAYS", INBOX_DAYS)
        .env("CAMPANILE_RETENTION__LOG_ENTRIES", LOG_ENTRIES)
        .env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 1_000_000)
        .env("CAMPANILE_LIMITS__CHANGES_PER_MINUTE", 1_000_000)
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_in_order_and_counted_however_often_the_server_is_killed() {
    let schedule = Schedule::from_environment();
    println!("{schedule}");
    let (mut node, shared) = (start().await, Shared::default());
    let clients = Clients::start(&node, &schedule, &shared.record).await;
    let publishers = Publishers::start(&node, &schedule, &shared);
    let inboxes = Inboxes::start(&node, &schedule, &shared);
    let mut old = Vec::new();
    for (number, round) in schedule.rounds.iter().enumerate() {
        old.extend(life_and_death(&mut node, (number, round), &schedule, &shared).await);
        questions::about_everybody(&node, &shared).await;
    }
    tokio::time::sleep(Duration::from_millis(200).max(old::SOON)).await;
    inboxes.stop().await;
    publishers.stop().await;
    // Once more, at rest: every start begins with a sweep, and the rest of them come a minute apart.
    node.restart().await;
    shared.record.killed();
    let trimmed = questions::swept(&node, &shared, &old, LOG_ENTRIES).await;
    let heads = questions::about_everybody(&node, &shared).await;
    let received = clients.caught_up(heads).await;
    println!("{}", shared.record);
    let oracle = std::mem::take(&mut *shared.oracle.lock().unwrap_or_else(PoisonError::into_inner));
    let verdict = oracle.judge(&received).unwrap_or_else(|violation| panic!("{violation}\nreplay with {schedule}"));
    println!("{verdict:?}; {trimmed} logs trimmed");
    let rounds = schedule.rounds.len();
    assert!(verdict.acknowledged >= rounds * 5 && verdict.marks >= rounds * 5, "too little to judge: {verdict:?}");
    assert!(verdict.connections > CLIENTS, "nobody was cut: {verdict:?}");
    assert!(verdict.expired >= old.len(), "not all that is too old went: {verdict:?}");
    assert!(trimmed > 0 || rounds < 20, "no log was long enough to be trimmed");
}

/// One life of the server and its absence afterwards, up to its next start. Answers whose old notifications came meanwhile.
async fn life_and_death(
    node: &mut TestNode,
    (number, round): (usize, &Round),
    schedule: &Schedule,
    shared: &Shared,
) -> Vec<(String, String)> {
    tokio::time::sleep(round.up).await;
    node.kill();
    shared.record.killed();
    tokio::time::sleep(round.down).await;
    let mut old = Vec::new();
    if round.old {
        let file = node.folder().join("campanile.db");
        old = old::publish(&file, number, &mut schedule.rng(4, number), shared).await;
    }
    if let Some(after) = round.stumble {
        node.stumble(after).await;
        shared.record.killed();
    }
    node.restart().await;
    old
}
