//! Other people's clients of event streams, against the release build of the server.

use std::process::Command;

use super::{Outcome, released_server};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;
use crate::tools::{node, python, system};

const FOLDER: &str = "e2e/clients";

pub(super) fn run(job: &mut Job) -> Outcome {
    node::packages(job, FOLDER)?;
    system::CURL.get(job)?;
    let browsers = [("CHROMIUM", system::CHROMIUM.get(job)?), ("FIREFOX", system::FIREFOX.get(job)?)];
    let python = python::get(job)?;
    let server = released_server(job)?;
    let mut tests = Command::new("npm");
    tests.args(["test", "--silent"]).current_dir(repo::root().join(FOLDER));
    tests.env("CAMPANILE_BIN", server).env("PYTHON", python).envs(browsers);
    Ok(Tally::of_last_line(&job.run(&mut tests)?))
}
