//! JavaScript: every file of ours parses, and the linter of `e2e/browser` is content.

use std::process::Command;

use super::{Outcome, check};
use crate::job::Job;
use crate::test::tally::Tally;
use crate::tools::{node, system};
use crate::{repo, suites};

/// The folder whose package pins the linter and whose `lint` script names what it looks at.
const LINTER: &str = "e2e/browser";

pub(super) fn run(job: &mut Job) -> Outcome {
    let syntax = syntax(job)?;
    node::packages(job, LINTER)?;
    let mut lint = Command::new("npm");
    lint.args(["run", "--silent", "lint"]).current_dir(repo::root().join(LINTER));
    Ok(syntax + check(job.run(&mut lint)?))
}

/// One test per file.
fn syntax(job: &mut Job) -> suites::Outcome {
    let node = system::NODE.get(job)?;
    let mut sum = Tally::default();
    for file in repo::files()?.iter().filter(|file| is_script(file)) {
        sum = sum + check(job.run(Command::new(&node).arg("--check").arg(file))?);
    }
    Ok(sum)
}

fn is_script(file: &str) -> bool {
    [".js", ".mjs", ".cjs"].iter().any(|end| file.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_are_parsed() {
        assert!(is_script("a/b.js") && is_script("b.mjs") && is_script("c.cjs"));
        assert!(!is_script("a.json") && !is_script("js") && !is_script("a.js.snap"));
    }
}
