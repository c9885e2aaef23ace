//! The suites of `cargo xtask test`. A new one is a file here with a `run` function, and a line in [`SUITES`].

mod api;
mod bench;
mod browser;
mod clients;
mod codec;
mod deny;
mod features;
mod fuzz;
mod guide;
mod hostile;
mod js;
mod neighbours;
mod package;
mod rust;
mod style;
mod tidy;
mod ways;

use std::path::PathBuf;
use std::process::Command;

use crate::job::{Finished, Job, Obstacle};
use crate::repo;
use crate::test::tally::Tally;

/// How a suite ends: its count, or why it could not run (which counts as one failure).
pub(crate) type Outcome = Result<Tally, Obstacle>;

/// A group of tests with a name of its own.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// What it checks, in half a line.
    pub(crate) about: &'static str,
    /// Gets what it needs and runs the tests.
    pub(crate) run: fn(&mut Job) -> Outcome,
}

/// All suites, in the order in which they run: what fails fastest comes first.
#[rustfmt::skip]
pub(crate) static SUITES: &[Suite] = &[
    Suite { name: "tidy", about: "rules about files that no compiler knows", run: tidy::run },
    Suite { name: "fmt", about: "formatting of the Rust code", run: style::fmt },
    Suite { name: "js", about: "syntax and lints of the JavaScript", run: js::run },
    Suite { name: "deny", about: "licences, sources, and who may use which crate (deny.toml)", run: deny::run },
    Suite { name: "clippy", about: "lints of the Rust code, warnings are errors", run: style::clippy },
    Suite { name: "doc", about: "the Rust documentation builds without a warning", run: style::doc },
    Suite { name: "api", about: "the public API shows no type of another crate but those listed", run: api::run },
    Suite { name: "rust", about: "unit, integration and documentation tests of all crates (debug build)", run: rust::run },
    Suite { name: "ways", about: "the contract's tests with streams as ordinary bodies, and over HTTP/2", run: ways::run },
    Suite { name: "fuzz", about: "everything that reads from the network, fed with made-up input (short)", run: fuzz::run },
    Suite { name: "features", about: "each library compiles alone, with its defaults, without features and with each one; the engine runs alone", run: features::run },
    Suite { name: "neighbours", about: "applications that use sqlx with SQLite or PostgreSQL beside Campanile resolve and compile", run: neighbours::run },
    Suite { name: "package", about: "the published crates hold all that they need", run: package::run },
    Suite { name: "codec", about: "event-stream fixtures in eventsource-parser, httpx-sse and Chromium", run: codec::run },
    Suite { name: "hostile", about: "open streams lose nothing while hostile requests come (short form)", run: hostile::run },
    Suite { name: "bench", about: "the load generator: every scenario, nothing lost (short form)", run: bench::run },
    Suite { name: "browser", about: "the journey in a real browser (release build)", run: browser::run },
    Suite { name: "guide", about: "the book builds, and following it to the letter leads where it says (release build)", run: guide::run },
    Suite { name: "clients", about: "other people\'s clients, two browsers among them: bursts, cuts, restarts (release build)", run: clients::run },
];

/// The names of all suites.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SUITES.iter().map(|suite| suite.name)
}

/// A program whose success is one test.
#[expect(clippy::needless_pass_by_value, reason = "reads as a pipe: `check(job.run(…)?)`")]
fn check(finished: Finished) -> Tally {
    Tally::one(finished.success)
}

/// The server as it is shipped; compiled by the first suite that asks for it.
fn released_server(job: &mut Job) -> Result<PathBuf, Obstacle> {
    job.must(&mut cargo(&["build", "--release", "--package", "campanile-server"]))?;
    Ok(repo::target().join("release/campanile"))
}

/// The load generator as it is shipped, beside the released server. Built one by one: together they would share features, and the server would not be
/// the one that is shipped.
fn load_generator(job: &mut Job) -> Result<Command, Obstacle> {
    let server = released_server(job)?;
    job.must(&mut cargo(&["build", "--release", "--package", "campanile-bench"]))?;
    let mut load = Command::new(repo::target().join("release/campanile-bench"));
    load.arg("--binary").arg(server);
    Ok(load)
}

/// `cargo` with these arguments.
fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(args);
    command
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_suites_share_a_name_and_so_a_log() {
        assert_eq!(names().collect::<BTreeSet<_>>().len(), SUITES.len());
    }
}
