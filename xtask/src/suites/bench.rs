//! The load generator at work, in its short form: every scenario runs, and nothing of ours is lost, repeated or out of order. How fast it was on a
//! machine that compiles beside it says nothing; `cargo xtask bench` measures.

use super::{Outcome, check, load_generator};
use crate::job::Job;

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut load = load_generator(job)?;
    Ok(check(job.run(load.args(["table", "--quick"]))?))
}
