//! All Rust tests, unit, integration and documentation, by plain `cargo test`.
//!
//! They run in a debug build: overflow checks and debug assertions are on there. The release build is what the browser suite drives.

use super::{Outcome, cargo};
use crate::job::Job;
use crate::test::tally::Tally;
use crate::tools::system::STRACE;

pub(super) fn run(job: &mut Job) -> Outcome {
    // The test that watches the store sync needs it. Without it only that test fails, so the others run all the same.
    let strace = STRACE.get(job);
    if let Err(obstacle) = &strace {
        job.note(obstacle)?;
    }
    let finished = job.run(&mut cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]))?;
    let missing = if strace.is_err() { Tally::one(false) } else { Tally::default() };
    Ok(Tally::of_cargo_test(&finished) + missing)
}
