//! Restarts that refuse nobody: the test holds the listening sockets as a service manager does, and process follows process behind them, in
//! turn while the one before is still there and after it has ended. Two hundred clients come and go meanwhile: whatever they ask is
//! answered, no connection of theirs is refused or reset, and what was acknowledged arrives.
//!
//! `CAMPANILE_RESTARTS` (20) says how many processes follow the first.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as the tests themselves do"
)]

mod crowd;
mod http2;
mod readers;

use campanile_testkit::{Sockets, TestNode};
use crowd::Crowd;
use readers::Readers;
use std::time::{Duration, Instant};

const RESTARTS: u32 = 20;

/// Streams, two per user.
const READERS: usize = 100;
const USERS: usize = 50;

/// Clients that ask on a new connection each time, those that keep theirs (by HTTP/1.1, by HTTP/2), and publishers.
const ASKERS: usize = 40;
const KEEPERS: usize = 20;
const SPEAKERS: usize = 20;
const PUBLISHERS: usize = 20;

/// How long each process serves.
const UP: Duration = Duration::from_millis(250);

/// The name of a user.
fn user(number: usize) -> String {
    format!("user-{}", number % USERS)
}

fn restarts() -> u32 {
    std::env::var("CAMPANILE_RESTARTS").map_or(RESTARTS, |text| text.parse().expect("a number"))
}

async fn start(sockets: &Sockets) -> TestNode {
    TestNode::builder(env!("CARGO_BIN_EXE_campanile"))
        .sockets(sockets)
        .env("CAMPANILE_SSE__DRAIN_SECONDS", 0)
        .env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 100_000)
        .env("CAMPANILE_LOG", "warn,campanile::process=info,campanile::handover=info")
        .start()
        .await
}

/// The next process: every other time the one before has ended first.
async fn follow(node: &mut TestNode, round: u32) {
    if round.is_multiple_of(2) {
        return node.hand_over().await;
    }
    node.terminate();
    assert!(node.ended().await.success());
    node.restart().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_refuse_and_reset_nobody_and_lose_nothing() {
    let sockets = Sockets::bind();
    let mut node = start(&sockets).await;
    let readers = Readers::start(&node).await;
    let crowd = Crowd::start(&node);
    let began = Instant::now();
    for round in 0..restarts() {
        crowd.is_answered().await;
        tokio::time::sleep(UP).await;
        follow(&mut node, round).await;
    }
    crowd.is_answered().await;
    println!("{} restarts in {:?}, with {UP:?} between", restarts(), began.elapsed());
    let (oracle, promised, answers) = crowd.stop().await;
    let verdict = oracle.judge(&readers.caught_up(promised).await).unwrap_or_else(|violation| panic!("{violation}"));
    println!("{answers} answers, {verdict:?}");
    assert!(verdict.acknowledged >= restarts() as usize * 10, "too little was published: {verdict:?}");
    assert!(verdict.connections >= READERS * restarts() as usize / 2, "too few came back: {verdict:?}");
}
