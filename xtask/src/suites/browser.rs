//! The main job in Debian's Chromium, against the release build of the server.

use std::process::Command;

use super::{Outcome, released_server};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;
use crate::tools::{node, system};

const FOLDER: &str = "e2e/browser";

pub(super) fn run(job: &mut Job) -> Outcome {
    node::packages(job, FOLDER)?;
    let chromium = system::CHROMIUM.get(job)?;
    let server = released_server(job)?;
    let mut tests = Command::new("npm");
    tests.args(["test", "--silent"]).current_dir(repo::root().join(FOLDER));
    tests.env("CAMPANILE_BIN", server).env("CHROMIUM", chromium);
    Ok(Tally::of_last_line(&job.run(&mut tests)?))
}
