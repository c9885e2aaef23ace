//! `cargo xtask bench` and `cargo xtask hostile`: builds the server and the load generator as they are shipped, measures, and records.

use crate::repo;
use std::process::{Command, ExitCode};

/// Everything behind is handed to the load generator; `--help` shows it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only print the results
    #[arg(long)]
    no_record: bool,
    /// Options of the load generator, such as `--seconds 10 --runs 3 --streams 5000 --seed 1`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Runs the scenarios of the table.
pub(crate) fn run(args: &Args) -> ExitCode {
    measure(&[], args, "bench/RESULTS.md")
}

/// Runs streams under hostile load.
pub(crate) fn hostile(args: &Args) -> ExitCode {
    measure(&["hostile"], args, "bench/HOSTILE.md")
}

fn measure(scenario: &[&str], args: &Args, record: &str) -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = ["build", "--release", "--package", "campanile-server", "--package", "campanile-bench"];
    if !Command::new(&cargo).args(build).status().is_ok_and(|status| status.success()) {
        return ExitCode::FAILURE;
    }
    let release = repo::target().join("release");
    let mut bench = Command::new(release.join("campanile-bench"));
    bench.current_dir(repo::root());
    bench.arg("--binary").arg(release.join("campanile")).args(scenario).args(&args.options);
    if !args.no_record {
        bench.args(["--record", record]);
    }
    match bench.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
