//! cargo-deny without its advisories: those need a network, and change without a commit of ours.

use std::process::Command;

use super::{Outcome, check};
use crate::job::Job;
use crate::test::tally::Tally;
use crate::tools::cargo_deny;

const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

pub(super) fn run(job: &mut Job) -> Outcome {
    let program = cargo_deny::get(job)?;
    let mut sum = Tally::default();
    for what in CHECKS {
        let mut command = Command::new(&program);
        // Its warnings (two versions of one crate) fill pages; to see them, run `cargo deny check`.
        command.args(["--log-level", "error", "--all-features", "check", what]);
        sum = sum + check(job.run(&mut command)?);
    }
    Ok(sum)
}
