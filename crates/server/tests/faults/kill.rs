//! The kill test: six publishers, 25 people who use their inboxes, and fifty streaming clients; the server is killed at random moments and
//! restarted. After each restart everybody asks for counts and pages of the inbox. Notifications expire and logs are trimmed meanwhile.
//!
//! `CAMPANILE_KILL_ROUNDS` (8) says how often it is killed. `CAMPANILE_KILL_SEED` replays a schedule: the moments of the kills, how long the
//! server is away, and what each publisher, each client and each owner of an inbox does next. How the kernel interleaves them is not in it.

use crate::{
    clients::{Clients, Habits},
    inboxes::Inboxes,
    life::{self, Death},
    old,
    publishers::Publishers,
    questions,
    scene::{Cast, Scene},
    schedule::{Round, Schedule},
};
use campanile_testkit::TestNode;
use std::{sync::Arc, time::Duration};

const CAST: Cast = Cast { clients: 50, users: 25, publishers: 6, pause: 4, body: 600, bursts: 0 };

/// How long a notification is kept.
pub(crate) const INBOX_DAYS: u64 = 1;
/// How many entries of a log are kept: fewer than a user gets, and more than a client falls behind by.
const LOG_ENTRIES: u64 = 50;

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
    let (mut node, scene) = (start().await, Scene::new(CAST, schedule.seed, 0, &Arc::default()));
    let habits = Habits { through: vec![node.address()], stay: 100..2000, stall: false, drains: false };
    let clients = Clients::start(&node, &scene, &habits).await;
    let publishers = Publishers::start(&node, &scene);
    let inboxes = Inboxes::start(&node, &scene);
    let mut old = Vec::new();
    for (number, round) in schedule.rounds.iter().enumerate() {
        old.extend(life_and_death(&mut node, (number, round), &scene).await);
        questions::about_everybody(&node, &scene).await;
    }
    tokio::time::sleep(Duration::from_millis(200).max(old::SOON)).await;
    inboxes.stop().await;
    publishers.stop().await;
    // Once more, at rest: every start begins with a sweep, and the rest of them come a minute apart.
    life::end(&mut node, Death::Killed, &scene).await;
    life::begin(&mut node, &scene).await;
    let trimmed = questions::swept(&node, &scene, &old, LOG_ENTRIES).await;
    let heads = questions::about_everybody(&node, &scene).await;
    let received = clients.caught_up(heads).await;
    println!("{}", scene.record);
    let verdict = scene.judge(&received).unwrap_or_else(|violation| panic!("{violation}\nreplay with {schedule}"));
    println!("{verdict:?}; {trimmed} logs trimmed");
    let rounds = schedule.rounds.len();
    assert!(verdict.acknowledged >= rounds * 5 && verdict.marks >= rounds * 5, "too little to judge: {verdict:?}");
    assert!(verdict.connections > CAST.clients, "nobody was cut: {verdict:?}");
    assert!(verdict.expired >= old.len(), "not all that is too old went: {verdict:?}");
    assert!(trimmed > 0 || rounds < 20, "no log was long enough to be trimmed");
}

/// One life of the server and its absence afterwards, up to its next start. Answers whose old notifications came meanwhile.
async fn life_and_death(node: &mut TestNode, (number, round): (usize, &Round), scene: &Scene) -> Vec<(String, String)> {
    tokio::time::sleep(round.up).await;
    life::end(node, Death::Killed, scene).await;
    tokio::time::sleep(round.down).await;
    let mut old = Vec::new();
    if round.old {
        let file = node.folder().join("campanile.db");
        old = old::publish(&file, number, &mut scene.rng(4, number), scene).await;
    }
    if let Some(after) = round.stumble {
        node.stumble(after).await;
        scene.record.killed();
    }
    life::begin(node, scene).await;
    old
}
