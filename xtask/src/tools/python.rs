//! One private virtual environment with what our Python programs need.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{is_current, stamp, system};
use crate::job::{Job, Obstacle};
use crate::repo;

const REQUIREMENTS: &str = "e2e/requirements.txt";

/// The environment's Python, after the packages of the requirements are in it.
///
/// # Errors
///
/// A sentence that says what is missing.
pub(crate) fn get(job: &mut Job) -> Result<PathBuf, Obstacle> {
    let folder = repo::tools().join("venv");
    let python = folder.join("bin/python");
    let mark = folder.join(".campanile-requirements");
    let wanted = fs::read(repo::root().join(REQUIREMENTS));
    let wanted = wanted.map_err(|error| Obstacle::new(format!("{REQUIREMENTS} cannot be read: {error}")))?;
    if python.is_file() && is_current(&mark, &wanted) {
        return Ok(python);
    }
    let system = system::PYTHON.get(job)?;
    if !job.may_install {
        let python = python.display();
        return Err(Obstacle::new(format!(
            "make {python} with `python3 -m venv`, and `pip install -r {REQUIREMENTS}` in it"
        )));
    }
    job.must(Command::new(system).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
    job.must(install.args(["-r", REQUIREMENTS]))?;
    stamp(&mark, &wanted)?;
    Ok(python)
}
