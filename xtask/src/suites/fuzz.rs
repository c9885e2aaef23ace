//! The fuzz targets, each for a moment: enough to replay the seeds and to find what lies near them. Longer: `cargo xtask fuzz`.

use std::process::Command;

use super::Outcome;
use crate::fuzz::{self, Built, Limits};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;
use crate::tools::cargo_fuzz;

/// What each target gets.
const MOMENT: Limits = Limits { seconds: 1, runs: 20_000, seed: 1 };

pub(super) fn run(job: &mut Job) -> Outcome {
    let Some(host) = cargo_fuzz::nightly() else {
        job.note("There is no nightly toolchain, and so no fuzzing: the seeds are replayed by ordinary tests.")?;
        return replay(job);
    };
    let built = Built::for_host(job, &host)?;
    let mut sum = Tally::default();
    for name in fuzz::all()? {
        let stats = built.run(job, &name, &MOMENT)?;
        // A run that executed nothing has not passed.
        sum = sum + Tally::one(stats.clean && stats.executions > 0);
    }
    Ok(sum)
}

/// Without a fuzzer. In the place of all other builds, so that dependencies are not compiled twice.
fn replay(job: &mut Job) -> Outcome {
    let mut tests = Command::new("cargo");
    tests.args(["test", "--no-default-features", "--no-fail-fast"]).current_dir(repo::root().join("fuzz"));
    tests.env("CARGO_TARGET_DIR", repo::target());
    Ok(Tally::of_cargo_test(&job.run(&mut tests)?))
}
