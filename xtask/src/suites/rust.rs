//! All Rust tests, unit, integration and documentation, by plain `cargo test`.
//!
//! They run in a debug build: overflow checks and debug assertions are on there. The release build is what the browser suite drives.

use super::{Outcome, cargo};
use crate::job::Job;
use crate::test::tally::Tally;
use crate::tools::system::{CURL, IP, PRLIMIT, STRACE};

pub(super) fn run(job: &mut Job) -> Outcome {
    // One watches the store sync, one limits the size of its files, one is typed as `dev` prints it, one takes the link between two
    // network namespaces away. Without them only the tests that need them fail, so the others run all the same.
    let mut missing = Tally::default();
    for program in [STRACE, PRLIMIT, CURL, IP] {
        if let Err(obstacle) = program.get(job) {
            job.note(&obstacle)?;
            missing = missing + Tally::one(false);
        }
    }
    let finished = job.run(&mut cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]))?;
    Ok(Tally::of_cargo_test(&finished) + missing)
}
