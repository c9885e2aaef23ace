//! The contract's tests over the ways that streams do not come by unless they are asked to: as ordinary bodies, and over HTTP/2. The suite
//! `rust` runs them over sockets that are written directly.

use super::{Outcome, cargo};
use crate::job::Job;
use crate::test::tally::Tally;

/// They wait more than they work.
const THREADS: &str = "8";

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut tally = Tally::default();
    for way in ["ordinary", "http2"] {
        // With all features, as the suite before has built it.
        let mut tests = cargo(&["test", "--workspace", "--all-features", "--test", "contract", "--no-fail-fast"]);
        let tests = tests.env("CAMPANILE_TEST_STREAMS", way).env("RUST_TEST_THREADS", THREADS);
        tally = tally + Tally::of_cargo_test(&job.run(tests)?);
    }
    Ok(tally)
}
