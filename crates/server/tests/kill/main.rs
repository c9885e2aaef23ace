//! The kill test: publishers and fifty streaming clients over real sockets, a server that is killed (SIGKILL) at random moments and
//! restarted on the same file and address. At the end everybody has caught up, and the oracle judges the raw bytes.
//!
//! `CAMPANILE_KILL_ROUNDS` (8) says how often it is killed. `CAMPANILE_KILL_SEED` replays a schedule: the moments of the kills, how long the
//! server is away, and what each publisher and each client does next. How the kernel interleaves them is not in it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as the tests themselves do"
)]

mod clients;
mod publishers;
mod record;
mod schedule;

use campanile_testkit::{Oracle, Request, TestNode};
use clients::Clients;
use publishers::Publishers;
use record::Record;
use schedule::Schedule;
use std::{sync::Arc, time::Duration};

/// Streams, two per user: both have to tell the same story.
const CLIENTS: usize = 50;
const USERS: usize = 25;
const PUBLISHERS: usize = 6;

/// The name of a user.
fn user(number: usize) -> String {
    format!("user-{number}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_received_once_and_in_order_however_often_the_server_is_killed() {
    let schedule = Schedule::from_environment();
    println!("{schedule}");
    let binary = env!("CARGO_BIN_EXE_campanile");
    let mut node =
        TestNode::builder(binary).fixed_address().env("CAMPANILE_LOG", "warn,campanile::process=info").start().await;
    let record = Arc::new(Record::default());
    let clients = Clients::start(&node, &schedule, &record).await;
    let publishers = Publishers::start(&node, &schedule, &record);
    for round in &schedule.rounds {
        tokio::time::sleep(round.up).await;
        node.kill();
        record.killed();
        tokio::time::sleep(round.down).await;
        if let Some(after) = round.stumble {
            node.stumble(after).await;
            record.killed();
        }
        node.restart().await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let oracle = publishers.stop().await;
    let received = clients.caught_up(&oracle).await;
    println!("{record}");
    let verdict = oracle.judge(&received).unwrap_or_else(|violation| panic!("{violation}\nreplay with {schedule}"));
    println!("{verdict:?}");
    assert!(verdict.acknowledged >= schedule.rounds.len() * 5, "too little happened to judge: {verdict:?}");
    assert!(verdict.connections > CLIENTS, "nobody was cut: {verdict:?}");
    inboxes_agree(&node, &oracle).await;
}

/// The inbox is what the log folds to: it holds what was acknowledged, and nothing twice.
async fn inboxes_agree(node: &TestNode, oracle: &Oracle) {
    for number in 0..USERS {
        let user = user(number);
        let mut marks = inbox(node, &user).await;
        let all = marks.len();
        marks.sort();
        marks.dedup();
        assert_eq!(marks.len(), all, "{user} has something twice in the inbox");
        for mark in oracle.expected(&user) {
            assert!(
                marks.binary_search_by(|found| found.as_str().cmp(mark)).is_ok(),
                "{mark} is not in the inbox of {user}"
            );
        }
    }
}

/// The marks of a whole inbox.
async fn inbox(node: &TestNode, user: &str) -> Vec<String> {
    let (mut marks, mut cursor) = (Vec::new(), String::new());
    loop {
        let request = Request::get(format!("/notifications?limit=100{cursor}")).bearer(&node.token(user));
        let page = request.send(node.address()).await.expect(200).json();
        let items = page["items"].as_array().expect("items").iter();
        marks.extend(items.map(|item| item["data"]["mark"].as_str().expect("a mark").to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return marks,
        }
    }
}
