//! The load generator at work, in its short form: every scenario runs, and nothing of ours is lost, repeated or out of order. How fast it was on a
//! machine that compiles beside it says nothing; `cargo xtask bench` measures.

use std::process::Command;

use super::{Outcome, cargo, check, released_server};
use crate::job::Job;
use crate::repo;

pub(super) fn run(job: &mut Job) -> Outcome {
    let server = released_server(job)?;
    job.must(&mut cargo(&["build", "--release", "--package", "campanile-bench"]))?;
    let mut bench = Command::new(repo::target().join("release/campanile-bench"));
    bench.arg("--binary").arg(server).args(["table", "--quick"]);
    Ok(check(job.run(&mut bench)?))
}
