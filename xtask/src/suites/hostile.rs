//! Streams under hostile load, in its short form. `cargo xtask hostile` is the long one, with its result in `bench/HOSTILE.md`.
//!
//! Here nothing may be lost, every request has its answer, and memory does not run away: what the allocator keeps of its first requests grows
//! from 20 to 24 MiB in this run, to 27 in four times as long, and to 29 in eighteen times as long. How quick it is on a machine that compiles
//! beside it says nothing.

use std::process::Command;

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;

pub(super) fn run(job: &mut Job) -> Outcome {
    // One by one: built together, they would share features that the browser's suite builds the server without, and so once more.
    for package in ["campanile-server", "campanile-bench"] {
        job.must(&mut cargo(&["build", "--release", "--package", package]))?;
    }
    let release = repo::target().join("release");
    let mut load = Command::new(release.join("campanile-bench"));
    load.arg("--binary").arg(release.join("campanile")).arg("hostile");
    load.args(["--seconds", "5", "--requests", "2000", "--streams", "200", "--notifications", "20"]);
    load.args(["--within-ms", "5000", "--slack-mib", "12"]);
    Ok(check(job.run(&mut load)?))
}
