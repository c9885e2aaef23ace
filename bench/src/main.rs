//! Measures a Campanile server over real sockets, and records what it measured. Run by `cargo xtask bench`.

#![expect(clippy::print_stdout, reason = "a command line speaks on stdout")]

mod hostile;
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
    #[command(subcommand)]
    other: Option<Other>,
}

/// Scenarios with results of their own.
#[derive(clap::Subcommand)]
enum Other {
    Hostile(hostile::Args),
}

impl Args {
    fn records(&self) -> bool {
        match &self.other {
            Some(Other::Hostile(hostile)) => hostile.records(),
            None => self.record.is_some(),
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    match place::Place::look(args.records()) {
        Ok(place) => run(&args, &place),
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, place: &place::Place) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        runtime.block_on(async {
            match &args.other {
                Some(Other::Hostile(hostile)) => hostile::run(&args.binary, hostile, place).await,
                None => table(args, place).await,
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn table(args: &Args, place: &place::Place) -> Result<(), String> {
    let rows = measure(args).await?;
    report::deliver(&report::table(place, args, &rows), args.record.as_deref())
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
