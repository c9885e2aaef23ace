//! Each library compiles by itself, without features, with those of its default, and with each feature alone.
//!
//! A build of the whole workspace joins the features that all crates ask of a dependency, and so hides that one of them forgot to ask.

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut sum = Tally::default();
    for package in repo::published()? {
        sum = sum + compiles(job, &package.name, &[])?;
        sum = sum + compiles(job, &package.name, &["--no-default-features"])?;
        for feature in &package.features {
            sum = sum + compiles(job, &package.name, &["--no-default-features", "--features", feature])?;
        }
    }
    Ok(sum)
}

fn compiles(job: &mut Job, package: &str, features: &[&str]) -> Outcome {
    // Not `check` with RUSTFLAGS: those would compile every dependency anew.
    let mut command = cargo(&["clippy", "--package", package]);
    command.args(features).args(["--", "-D", "warnings"]);
    Ok(check(job.run(&mut command)?))
}
