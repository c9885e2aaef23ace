//! The fuzz targets, each for a moment: enough to replay the seeds and to find what lies near them. Longer: `cargo xtask fuzz`.

use super::{Outcome, cargo};
use crate::fuzz::{self, Built, Limits};
use crate::job::Job;
use crate::test::tally::Tally;
use crate::tools::cargo_fuzz;

/// What each target gets.
const MOMENT: Limits = Limits { seconds: 1, runs: 20_000, seed: 1 };

pub(super) fn run(job: &mut Job) -> Outcome {
    let Some(host) = cargo_fuzz::nightly() else {
        job.note("There is no nightly toolchain, and so no fuzzing: the seeds are replayed, as by the suite `rust`.")?;
        let mut replay = cargo(&["test", "--workspace", "--all-features", "--test", "seeds"]);
        return Ok(Tally::of_cargo_test(&job.run(&mut replay)?));
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
