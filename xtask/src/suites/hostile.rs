//! Streams under hostile load, in its short form. `cargo xtask hostile` is the long one, with its result in `bench/HOSTILE.md`.
//!
//! Here nothing may be lost, every request has its answer, and memory does not run away: what the allocator keeps of its first requests grows
//! from 20 to 24 MiB in this run, to 27 in four times as long, and to 29 in eighteen times as long. How quick it is on a machine that compiles
//! beside it says nothing.

use super::{Outcome, check, load_generator};
use crate::job::Job;

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut load = load_generator(job)?;
    load.args(["hostile", "--seconds", "5", "--requests", "2000", "--streams", "200", "--notifications", "20"]);
    load.args(["--within-ms", "5000", "--slack-mib", "12"]);
    Ok(check(job.run(&mut load)?))
}
