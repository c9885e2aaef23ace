//! `cargo xtask fuzz`: builds the targets in `fuzz/` and lets libFuzzer run them, one after the other.

mod record;
mod target;

use std::process::ExitCode;
use std::time::Duration;

use crate::job::{Job, Obstacle};
use crate::repo;
use crate::tools::cargo_fuzz;
use target::Stats;
pub(crate) use target::{Built, Limits, all};

/// Beyond a target's own time: to start, and to write down what was found.
const GRACE: Duration = Duration::from_secs(300);

/// What `cargo xtask fuzz` takes.
#[derive(clap::Args)]
#[command(
    after_help = "What was found is in fuzz/artifacts, what was learned in fuzz/corpus (neither is committed).\n\
    A finding is replayed by `cargo xtask fuzz TARGET --replay FILE`."
)]
pub(crate) struct Args {
    /// Run only these targets (default: all)
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Show the targets, run nothing
    #[arg(long)]
    list: bool,
    /// Give each target this long
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// End a target after so many executions, if its time is not over before
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true)]
    runs: u64,
    /// What libFuzzer draws from
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Run this file through one target instead
    #[arg(long, value_name = "FILE")]
    replay: Option<std::path::PathBuf>,
    /// Write the figures into fuzz/RESULTS.md (needs a clean working copy)
    #[arg(long)]
    record: bool,
    /// Install nothing
    #[arg(long)]
    no_install: bool,
}

/// Runs what `args` asks for.
pub(crate) fn run(args: &Args) -> ExitCode {
    match fuzz(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(obstacle) => {
            println!("{obstacle}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(args: &Args) -> Result<bool, Obstacle> {
    let targets = args.chosen()?;
    if args.list {
        targets.iter().for_each(|name| println!("{name}"));
        return Ok(true);
    }
    let none = || Obstacle::new("libFuzzer needs a nightly toolchain: rustup toolchain install nightly");
    let host = cargo_fuzz::nightly().ok_or_else(none)?;
    let place = if args.record { Some(record::Place::here()?) } else { None };
    let log = repo::target().join("xtask/fuzz-runs.log");
    let mut job = Job::new(&log, args.replay.is_some(), !args.no_install)?;
    job.wait_for(Duration::from_secs(args.seconds.into()) + GRACE);
    println!("building (all output goes to {})", log.display());
    let built = Built::for_host(&mut job, &host)?;
    if let ([target], Some(file)) = (targets.as_slice(), &args.replay) {
        return built.replay(&mut job, target, file);
    }
    let mut results = Vec::new();
    for name in targets {
        let stats = built.run(&mut job, &name, &args.limits())?;
        println!("{}", record::row(&name, &stats));
        results.push((name, stats));
    }
    if let Some(place) = place {
        place.write(&args.command(), &results)?;
    }
    Ok(results.iter().all(|(_, stats)| stats.clean))
}

impl Args {
    fn limits(&self) -> Limits {
        Limits { seconds: self.seconds, runs: self.runs, seed: self.seed }
    }

    fn chosen(&self) -> Result<Vec<String>, Obstacle> {
        let all = all()?;
        if let Some(unknown) = self.targets.iter().find(|name| !all.contains(name)) {
            return Err(Obstacle::new(format!("there is no target {unknown}; there are {}", all.join(", "))));
        }
        if self.replay.is_some() && self.targets.len() != 1 {
            return Err(Obstacle::new("a file is replayed through one target: name it"));
        }
        Ok(if self.targets.is_empty() { all } else { self.targets.clone() })
    }

    /// The command as one would type it.
    fn command(&self) -> String {
        let runs = if self.runs == u64::MAX { String::new() } else { format!(" --runs {}", self.runs) };
        let names: String = self.targets.iter().map(|name| format!(" {name}")).collect();
        format!("cargo xtask fuzz{names} --seconds {}{runs} --seed {} --record", self.seconds, self.seed)
    }
}
