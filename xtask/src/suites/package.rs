//! The crates that are published can be packaged, and what is in the packages compiles: nothing that they embed lies outside.

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;

pub(super) fn run(job: &mut Job) -> Outcome {
    // `--allow-dirty`: the tests must say the same before the commit as after it.
    let mut command = cargo(&["package", "--allow-dirty", "--quiet"]);
    for package in repo::published()? {
        command.args(["--package", &package]);
    }
    // The same place as all other builds, so that dependencies are not compiled once per package.
    command.env("CARGO_TARGET_DIR", repo::target());
    Ok(check(job.run(&mut command)?))
}
