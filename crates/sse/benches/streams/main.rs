//! `ServerSentEvents` beside axum's `Sse` at 1,000 streams, in one run: `cargo bench -p campanile-sse --all-features --bench streams`.
//!
//! Each contender is a process of its own, the same but for the response, under `axum::serve` with heartbeats after 15 s. They take turns,
//! each turn with a fresh process. What is measured is what the system says about that process: its proportional memory with all streams
//! open and idle, and the time on a processor for all that is delivered.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and prints")]

mod client;
mod process;
mod server;

use client::Clients;
use process::Process;

const STREAMS: usize = 1000;
const TURNS: usize = 9;

/// What is published: so many times, so many events at once, every so many milliseconds.
pub(crate) struct Load {
    name: &'static str,
    times: usize,
    burst: usize,
    every: u64,
}

const LOADS: [Load; 2] = [
    Load { name: "one event every 20 ms", times: 300, burst: 1, every: 20 },
    Load { name: "ten events at once every 50 ms", times: 80, burst: 10, every: 50 },
];

/// What one turn of one contender measured.
struct Measured {
    /// KiB per stream: before anything, and after everything.
    fresh: f64,
    used: f64,
    /// Microseconds per delivered event for each load, in all and in the process's own code.
    cpu: [[f64; 2]; LOADS.len()],
}

#[tokio::main]
async fn main() {
    if let Some(contender) = std::env::args().skip_while(|argument| argument != "--contender").nth(1) {
        return server::serve(&contender).await;
    }
    let mut measured: Vec<_> = server::CONTENDERS.iter().map(|name| (*name, Vec::new())).collect();
    for number in 0..TURNS {
        // Neither is always the first.
        for at in [number % 2, 1 - number % 2] {
            let (contender, turns) = &mut measured[at];
            turns.push(turn(contender).await);
        }
    }
    println!("{STREAMS} streams, {TURNS} turns, medians (least – most)\n");
    println!("| | {} | {} | first / second, turn by turn |\n|---|--:|--:|--:|", measured[0].0, measured[1].0);
    print("KiB per stream, before use", &measured, &|turn| turn.fresh);
    print("KiB per stream, after use", &measured, &|turn| turn.used);
    for (index, load) in LOADS.iter().enumerate() {
        print(&format!("{}: µs per event", load.name), &measured, &|turn| turn.cpu[index][0]);
        print("… without the system's part", &measured, &|turn| turn.cpu[index][1]);
    }
}

fn print(what: &str, measured: &[(&str, Vec<Measured>)], of: &dyn Fn(&Measured) -> f64) {
    let columns: Vec<Vec<f64>> = measured.iter().map(|(_, turns)| turns.iter().map(of).collect()).collect();
    let ratios = columns[0].iter().zip(&columns[1]).map(|(one, other)| one / other).collect();
    println!("| {what} | {} | {} | {} |", spread(columns[0].clone()), spread(columns[1].clone()), spread(ratios));
}

async fn turn(contender: &str) -> Measured {
    let process = Process::start(contender);
    let empty = process.memory();
    let mut clients = Clients::connect(process.address(), STREAMS).await;
    let per_stream = |bytes: u64| bytes.saturating_sub(empty) as f64 / 1024.0 / STREAMS as f64;
    let fresh = per_stream(process.memory());
    let mut cpu = [[0.0; 2]; LOADS.len()];
    for (load, cpu) in LOADS.iter().zip(&mut cpu) {
        let before = process.cpu();
        clients.hear(load).await;
        let events = (STREAMS * load.times * load.burst) as f64;
        *cpu = std::array::from_fn(|part| (process.cpu()[part] - before[part]).as_secs_f64() * 1e6 / events);
    }
    Measured { fresh, used: per_stream(process.memory()), cpu }
}

fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    format!("{:.2} ({:.2} – {:.2})", values[values.len() / 2], values[0], values[values.len() - 1])
}
