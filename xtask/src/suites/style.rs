//! What the Rust toolchain itself can judge: formatting, lints, documentation. One test each.

use super::{Outcome, cargo, check};
use crate::job::Job;

pub(super) fn fmt(job: &mut Job) -> Outcome {
    Ok(check(job.run(&mut cargo(&["fmt", "--all", "--check", "--", "--color", "never"]))?))
}

pub(super) fn clippy(job: &mut Job) -> Outcome {
    let args = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    Ok(check(job.run(&mut cargo(&args))?))
}

pub(super) fn doc(job: &mut Job) -> Outcome {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    Ok(check(job.run(command.env("RUSTDOCFLAGS", "-D warnings"))?))
}
