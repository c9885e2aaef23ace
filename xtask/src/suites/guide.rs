//! The guide: its book builds, all links lead somewhere, and whoever follows it to the letter gets what it shows.

use std::process::Command;

use super::{Outcome, check, released_server};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;
use crate::tools::{mdbook, node, system};

pub(super) fn run(job: &mut Job) -> Outcome {
    let mdbook = mdbook::get(job)?;
    let node = system::NODE.get(job)?;
    for program in [system::CURL, system::OPENSSL] {
        program.get(job)?;
    }
    node::packages(job, "e2e/browser")?;
    let chromium = system::CHROMIUM.get(job)?;
    let book = repo::target().join("guide");
    let built = check(job.run(Command::new(mdbook).args(["build", "docs/guide", "--dest-dir"]).arg(&book))?);
    let server = released_server(job)?;
    let mut follow = Command::new(node);
    follow.arg("e2e/guide/run.js").env("BOOK", book).env("CAMPANILE_BIN", server).env("CHROMIUM", chromium);
    Ok(built + Tally::of_last_line(&job.run(&mut follow)?))
}
