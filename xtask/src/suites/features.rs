//! Each library compiles by itself.
//!
//! A build of the whole workspace joins the features that all crates ask of a dependency, and so hides that one of them forgot to ask.

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut sum = Tally::default();
    for package in repo::published()? {
        for features in [&["--no-default-features"][..], &[]] {
            // Not `check` with RUSTFLAGS: those would compile every dependency anew.
            let mut command = cargo(&["clippy", "--package", &package]);
            command.args(features).args(["--", "-D", "warnings"]);
            sum = sum + check(job.run(&mut command)?);
        }
    }
    Ok(sum)
}
