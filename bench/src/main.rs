//! Measures a Campanile server over real sockets, and records what it measured. Run by `cargo xtask bench`.

#![expect(clippy::print_stdout, reason = "a command line speaks on stdout")]

mod idle;
mod load;
mod place;
mod publish;
mod report;

use clap::Parser;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Measure a Campanile binary: memory per idle stream, synced publishes, latency from publish to socket
#[derive(Parser)]
pub(crate) struct Args {
    /// The server's binary (a release build)
    #[arg(long, env = "CAMPANILE_BIN")]
    binary: PathBuf,
    /// Where to record the results; without it they are only printed
    #[arg(long)]
    record: Option<PathBuf>,
    /// How long each scenario with load runs
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often each scenario runs: medians are recorded, with the lowest and the highest
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Idle streams, each of a user of its own
    #[arg(long, default_value_t = 5000)]
    streams: usize,
    /// What the order of users is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match place::Place::look(args.record.is_some()) {
        Ok(place) => run(&args, &place),
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, place: &place::Place) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(measure(args)));
    let report = outcome.map(|rows| report::table(place, args, &rows));
    match report.and_then(|text| report::deliver(&text, args.record.as_deref())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(args: &Args) -> Result<Vec<report::Row>, String> {
    let mut idle = Vec::new();
    let mut loads = [(8, Vec::new()), (64, Vec::new())];
    for run in 0..args.runs {
        println!("run {} of {}", run + 1, args.runs);
        idle.push(idle::kib_per_stream(&args.binary, args.streams).await?);
        for (publishers, results) in &mut loads {
            let span = Duration::from_secs(args.seconds);
            results.push(publish::closed_loop(&args.binary, *publishers, span, args.seed + run as u64).await?);
        }
    }
    let name = format!("memory per idle stream, {} streams of as many users, KiB", args.streams);
    let mut rows = vec![report::Row::of(name, idle)];
    for (publishers, results) in loads {
        rows.extend(publish::rows(publishers, &results));
    }
    Ok(rows)
}
