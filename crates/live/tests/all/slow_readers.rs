//! SSE-RULES "Transport, HTTP/1.1": slow reader.

use crate::support::{Live, Wire, brief};
use std::time::Duration;

fn impatient(millis: u64) -> Live {
    Live::start(brief(|options| options.write_timeout = Duration::from_millis(millis)))
}

async fn reads_nothing(live: &Live, path: &str) -> Wire {
    let mut wire = Wire::narrow(live.address).await;
    wire.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
    wire
}

#[tokio::test]
async fn slow_reader_that_reads_nothing_is_closed_and_its_stream_freed() {
    let live = impatient(300);
    let mut wire = reads_nothing(&live, "/endless").await;
    live.app.open(1).await;
    live.app.open(0).await;
    assert!(wire.age() >= Duration::from_millis(300));
    wire.rst().await;
    live.all_closed().await;
}

#[tokio::test]
async fn slow_reader_costs_the_others_nothing() {
    let live = impatient(60_000);
    let mut stalled = Vec::new();
    for _ in 0..10 {
        stalled.push(reads_nothing(&live, "/stream").await);
    }
    live.app.open(10).await;
    let mut reader = live.stream().await;
    for n in 0..200 {
        live.app.send(format!("data: {n} {}\n\n", "x".repeat(20_000)));
        reader.until(&format!("data: {n} ")).await;
        reader.forget();
    }
    assert_eq!(live.app.open_now(), 11);
}

#[tokio::test]
async fn slow_reader_that_goes_on_in_time_stays() {
    let live = impatient(600);
    let mut wire = reads_nothing(&live, "/endless").await;
    live.app.open(1).await;
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        wire.forget();
        // Enough for the system to open its window again, and less than what it holds.
        wire.until_times("x", 64 * 1024).await;
    }
    assert_eq!(live.app.open_now(), 1);
    assert!(wire.age() > Duration::from_millis(1500));
}

#[tokio::test]
async fn a_reader_that_pauses_with_everything_read_is_not_slow() {
    let live = impatient(200);
    let mut wire = live.stream().await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    live.app.send("data: later\n\n");
    wire.until("later").await;
    assert_eq!(live.stats.write_timeouts(), 0);
}

#[tokio::test]
async fn slow_reader_of_an_ordinary_answer_is_closed_too() {
    let live = impatient(300);
    let mut wires = Vec::new();
    for _ in 0..20 {
        // Answers of a megabyte each, of which none is read.
        let mut wire = Wire::narrow(live.address).await;
        wire.send("GET /large HTTP/1.1\r\nhost: a\r\n\r\n".repeat(8)).await;
        wires.push(wire);
    }
    live.connections(20).await;
    live.all_closed().await;
    for wire in &mut wires {
        wire.rst().await;
    }
}

#[tokio::test]
async fn little_is_held_for_a_slow_reader() {
    let live = impatient(60_000);
    let _wire = reads_nothing(&live, "/endless").await;
    live.app.open(1).await;
    let taken = live.app.taken_when_still().await;
    // What the two kernels, hyper and one piece hold.
    assert!(taken < 1 << 20, "{taken} bytes");
}
