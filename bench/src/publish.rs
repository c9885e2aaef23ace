//! Synced publishes to single users, each with an open stream: how many, and how long until they are at the client's socket.

use crate::{
    load::{Publisher, Received, open_stream, read_stream},
    report::Row,
};
use campanile_testkit::TestNode;
use std::{
    path::Path,
    time::{Duration, Instant},
};

const USERS: usize = 200;

pub(crate) struct Outcome {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Each publisher publishes to a random user, waits for the 202, and goes on. Every acknowledged notification must arrive, once and in
/// order, or the run is no result.
pub(crate) async fn closed_loop(
    binary: &Path,
    publishers: usize,
    span: Duration,
    seed: u64,
) -> Result<Outcome, String> {
    let mut node = TestNode::builder(binary).start().await;
    node.allow_open_streams();
    let epoch = Instant::now();
    let mut streams = Vec::with_capacity(USERS);
    for user in 0..USERS {
        let socket = open_stream(node.address(), &node.token(&user_name(user))).await?;
        streams.push(tokio::spawn(read_stream(socket, epoch)));
    }
    let mut tasks = Vec::with_capacity(publishers);
    let started = Instant::now();
    for publisher in 0..publishers {
        let connection = Publisher::connect(node.address(), node.api_key()).await?;
        let random = fastrand::Rng::with_seed(seed * 1000 + publisher as u64);
        tasks.push(tokio::spawn(publish_until(connection, random, epoch, started + span)));
    }
    let mut acknowledged = 0;
    for task in tasks {
        acknowledged += task.await.map_err(|error| error.to_string())??;
    }
    let took = started.elapsed();
    // What is on its way still arrives; then the streams end with the server.
    tokio::time::sleep(Duration::from_millis(500)).await;
    node.kill();
    let mut received = Vec::with_capacity(USERS);
    for stream in streams {
        received.push(stream.await.map_err(|error| error.to_string())?);
    }
    judge(acknowledged, took, received)
}

fn user_name(user: usize) -> String {
    format!("user-{user}")
}

async fn publish_until(
    mut connection: Publisher,
    mut random: fastrand::Rng,
    epoch: Instant,
    end: Instant,
) -> Result<usize, String> {
    let mut acknowledged = 0;
    while Instant::now() < end {
        connection.publish(&user_name(random.usize(0..USERS)), epoch.elapsed().as_nanos()).await?;
        acknowledged += 1;
    }
    Ok(acknowledged)
}

fn judge(acknowledged: usize, took: Duration, received: Vec<Received>) -> Result<Outcome, String> {
    let dense = received.iter().all(|stream| stream.seqs.iter().copied().eq(1..=stream.seqs.len() as u64));
    let mut micros: Vec<u64> = received.into_iter().flat_map(|stream| stream.micros).collect();
    if !dense || micros.len() != acknowledged {
        return Err(format!(
            "{acknowledged} acknowledged, {} received, {}",
            micros.len(),
            if dense { "in order" } else { "with holes, repeats or out of order" }
        ));
    }
    micros.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 of both")]
    let at = |per_mille: usize| micros[(micros.len() - 1) * per_mille / 1000] as f64 / 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52")]
    let per_second = acknowledged as f64 / took.as_secs_f64();
    println!(
        "  {acknowledged} publishes in {took:.1?}: {per_second:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
        at(500),
        at(990)
    );
    Ok(Outcome { per_second, p50_ms: at(500), p99_ms: at(990) })
}

/// The rows of a table.
pub(crate) fn rows(publishers: usize, outcomes: &[Outcome]) -> [Row; 3] {
    let row = |what: &str, of: fn(&Outcome) -> f64| {
        Row::of(format!("{what}, {publishers} publishers"), outcomes.iter().map(of).collect())
    };
    [
        row("synced publishes/s to single users with an open stream", |o| o.per_second),
        row("publish → client socket, p50, ms (closed loop, saturated)", |o| o.p50_ms),
        row("publish → client socket, p99, ms (closed loop, saturated)", |o| o.p99_ms),
    ]
}
