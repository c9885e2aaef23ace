//! What the Rust toolchain itself can judge: formatting, lints, documentation. One test each.

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::test::tally::Tally;

pub(super) fn fmt(job: &mut Job) -> Outcome {
    let mut sum = Tally::default();
    // The fuzz targets are a workspace of their own.
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let args = ["fmt", "--all", "--check", "--manifest-path", manifest, "--", "--color", "never"];
        sum = sum + check(job.run(&mut cargo(&args))?);
    }
    Ok(sum)
}

pub(super) fn clippy(job: &mut Job) -> Outcome {
    let args = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    Ok(check(job.run(&mut cargo(&args))?))
}

pub(super) fn doc(job: &mut Job) -> Outcome {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    Ok(check(job.run(command.env("RUSTDOCFLAGS", "-D warnings"))?))
}
