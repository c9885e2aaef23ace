//! The soak: everything fails at once, for as long as it is asked to. Readers stall with small buffers, the ways to the server hang, crawl and
//! are cut, bursts overflow rings of 16 frames and a budget of 64 KiB for all of them, clients leave by reset, and the server is now killed, now
//! drained, and comes back.
//!
//! It runs in legs, each with users of its own: at the end of a leg the network clears up, everybody catches up, and the oracle judges. After
//! the first one, faults are planted into what was received, and the oracle must find each.
//!
//! `CAMPANILE_SOAK_SECONDS` (14) says for how long, `CAMPANILE_SOAK_SEED` replays what everybody does next, though not how the kernel interleaves it.

use crate::{
    clients::{Clients, Habits},
    inboxes::Inboxes,
    life::{self, Death},
    number, planted,
    publishers::Publishers,
    questions,
    record::Record,
    scene::{Cast, Scene},
    squeeze,
    weather::Weather,
};
use campanile_testkit::{TestNode, Verdict};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const CAST: Cast = Cast { clients: 48, users: 16, publishers: 5, pause: 40, body: 3000, bursts: 30 };
/// Ways to the server.
const WAYS: usize = 8;
/// How long everything fails before the leg is judged.
const LEG: Duration = Duration::from_secs(30);

async fn start() -> TestNode {
    TestNode::builder(env!("CARGO_BIN_EXE_campanile"))
        .fixed_address()
        .env("CAMPANILE_LOG", "warn,campanile::process=info")
        .env("CAMPANILE_SSE__BUFFER_FRAMES", 16)
        .env("CAMPANILE_SSE__MEMORY_BUDGET_BYTES", 64 * 1024)
        .env("CAMPANILE_SSE__WRITE_TIMEOUT_SECONDS", 2)
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 1)
        .env("CAMPANILE_SSE__DRAIN_SECONDS", 1)
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1000) // A cut connection keeps its place until the server notices.
        .env("CAMPANILE_SSE__REPLAY_LIMIT", 1_000_000)
        .env("CAMPANILE_RETENTION__LOG_ENTRIES", 1_000_000)
        .env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 1_000_000)
        .env("CAMPANILE_LIMITS__CHANGES_PER_MINUTE", 1_000_000)
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_repeated_disordered_or_miscounted_while_everything_around_it_fails() {
    let seed = number("CAMPANILE_SOAK_SEED").unwrap_or_else(|| fastrand::u64(..));
    let time = Duration::from_secs(number("CAMPANILE_SOAK_SECONDS").unwrap_or(14));
    println!("CAMPANILE_SOAK_SEED={seed} CAMPANILE_SOAK_SECONDS={}", time.as_secs());
    let (mut node, record, mut all) = (start().await, Arc::<Record>::default(), Verdict::default());
    let begun = Instant::now();
    for leg in 0.. {
        let left = time.saturating_sub(begun.elapsed());
        if leg > 0 && left.is_zero() {
            break;
        }
        let scene = Scene::new(CAST, seed, leg, &record);
        let verdict = fail_for(left.min(LEG), &mut node, &scene, leg == 0).await;
        println!("leg {leg}: {verdict:?}; {} KiB in memory", resident(&node));
        all += verdict;
    }
    life::take_stock(&node, &record).await;
    println!("{} s: {record}\n{all:?}", begun.elapsed().as_secs());
    assert!(all.acknowledged >= 100 && all.marks >= 100, "too little to judge: {all:?}");
    assert!(record.overflows() > 0, "no ring has overflowed");
    assert!(record.sheds() > 0, "the budget of memory was never reached");
    assert!(all.connections > CAST.clients * 2, "hardly anybody was cut: {all:?}");
}

/// One leg.
async fn fail_for(time: Duration, node: &mut TestNode, scene: &Scene, first: bool) -> Verdict {
    let mut weather = Weather::start(node.address(), WAYS, scene).await;
    let habits = Habits { through: weather.addresses(), stay: 200..10_000, stall: true, drains: true };
    let clients = Clients::start(node, scene, &habits).await;
    let publishers = Publishers::start(node, scene);
    let inboxes = Inboxes::start(node, scene);
    lives_and_deaths(time, node, scene).await;
    inboxes.stop().await;
    publishers.stop().await;
    squeeze::until_it_lets_go(node, scene, &mut weather).await;
    weather.clear_up().await;
    let heads = questions::about_everybody(node, scene).await;
    let received = clients.caught_up(heads).await;
    let verdict = scene.judge(&received).unwrap_or_else(|violation| panic!("{violation}"));
    if first {
        planted::are_found(scene, &received);
    }
    verdict
}

/// The server lives and dies until the time is over; it is alive at the end.
async fn lives_and_deaths(time: Duration, node: &mut TestNode, scene: &Scene) {
    let (begun, mut rng) = (Instant::now(), scene.rng(7, 0));
    loop {
        let left = time.saturating_sub(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(rng.u64(800..5000)).min(left)).await;
        if begun.elapsed() >= time {
            return;
        }
        life::take_stock(node, &scene.record).await;
        // Of four lives in a row, each way of writing sees each way of dying.
        let death = if matches!(scene.record.begins() % 4, 0 | 3) { Death::Killed } else { Death::Drained };
        life::end(node, death, scene).await;
        tokio::time::sleep(Duration::from_millis(rng.u64(0..300))).await;
        life::begin(node, scene).await;
        questions::about_everybody(node, scene).await;
    }
}

/// The memory that the server's process holds, in KiB, as the kernel counts it; 0 where it does not.
fn resident(node: &TestNode) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", node.process_id())).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
