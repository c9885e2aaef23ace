//! The project's own commands, run as `cargo xtask COMMAND`.
//!
//! One file (or folder) per command; [`suites`] is the table that `cargo xtask test` walks, [`tools`] installs what
//! suites need, [`job`] runs their programs. Nothing here is shipped.

#![expect(clippy::print_stdout, reason = "a command line speaks on stdout")]

mod bench;
mod family;
mod fuzz;
mod job;
mod repo;
mod suites;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Commands for people who work on Campanile
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need and run every suite, or the named ones
    Test(test::Args),
    /// Measure a release build beside other servers (recorded in bench/RESULTS.md)
    Bench(bench::BenchArgs),
    /// Measure open streams while hostile requests come (recorded in bench/HOSTILE.md)
    Hostile(bench::Args),
    /// Feed everything that reads from the network with made-up input
    Fuzz(fuzz::Args),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Hostile(args) => bench::hostile(&args),
        Command::Fuzz(args) => fuzz::run(&args),
    }
}
