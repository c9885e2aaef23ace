//! Measures servers of event streams over real sockets: Campanile beside others (`table`, run by `cargo xtask bench`), Campanile under hostile
//! load (`hostile`), or any server by its URLs (`load`).

#![expect(clippy::print_stdout, reason = "a command line speaks on stdout")]

mod any;
mod bounds;
mod client;
mod clock;
#[cfg(test)]
mod faults;
mod hostile;
mod place;
mod process;
mod report;
mod scenario;
mod servers;
mod table;

use clap::Parser;
use std::{path::PathBuf, process::ExitCode};

/// Measure servers of event streams over real sockets
#[derive(Parser)]
pub(crate) struct Args {
    /// Campanile's binary (a release build), for `table` and `hostile`
    #[arg(long, env = "CAMPANILE_BIN", global = true)]
    binary: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Table(table::Args),
    Hostile(hostile::Args),
    Load(any::Args),
}

impl Args {
    fn run(&self) -> Result<(), String> {
        let binary = || self.binary.as_deref().ok_or_else(|| "which binary? --binary PATH".to_owned());
        match &self.what {
            What::Table(table) => table::run(binary()?, table, &place::Place::look(table.records())?),
            What::Hostile(hostile) => hostile::run(binary()?, hostile, &place::Place::look(hostile.records())?),
            What::Load(load) => any::run(load),
        }
    }
}

fn main() -> ExitCode {
    match Args::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
