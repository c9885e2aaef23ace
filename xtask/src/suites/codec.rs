//! The fixtures of the event-stream format, read by parsers that are not ours. Each program's last line is its count.

use std::process::Command;

use super::Outcome;
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;
use crate::tools::{node, python, system};

const FOLDER: &str = "e2e/codec";

pub(super) fn run(job: &mut Job) -> Outcome {
    node::packages(job, FOLDER)?;
    let chromium = system::CHROMIUM.get(job)?;
    let python = python::get(job)?;
    let mut sum = Tally::default();
    for (program, script) in [
        ("node".into(), "check-eventsource-parser.mjs"),
        ("node".into(), "check-chromium.mjs"),
        (python, "check_httpx_sse.py"),
    ] {
        let mut command = Command::new(program);
        command.arg(script).current_dir(repo::root().join(FOLDER)).env("CHROMIUM", &chromium);
        sum = sum + Tally::of_last_line(&job.run(&mut command)?);
    }
    Ok(sum)
}
