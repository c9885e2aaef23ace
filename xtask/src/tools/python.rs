//! One private virtual environment with what every `requirements.txt` of ours asks for.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{is_current, stamp, system};
use crate::job::{Job, Obstacle};
use crate::repo;

/// The environment's Python, after the packages of the `requirements` files (relative to the root) are in it.
///
/// # Errors
///
/// A sentence that says what is missing.
pub(crate) fn with(job: &mut Job, requirements: &[&str]) -> Result<PathBuf, Obstacle> {
    let folder = repo::tools().join("venv");
    let python = folder.join("bin/python");
    let mark = folder.join(".campanile-requirements");
    let wanted = contents(requirements)?;
    if python.is_file() && is_current(&mark, &wanted) {
        return Ok(python);
    }
    let system = system::PYTHON.get(job)?;
    if !job.may_install {
        let (files, python) = (requirements.join(" -r "), python.display());
        return Err(Obstacle::new(format!("make {python} with `python3 -m venv` and `pip install -r {files}` in it")));
    }
    job.must(Command::new(system).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    for file in requirements {
        install.args(["-r", file]);
    }
    job.must(&mut install)?;
    stamp(&mark, &wanted)?;
    Ok(python)
}

fn contents(files: &[&str]) -> Result<Vec<u8>, Obstacle> {
    let mut all = Vec::new();
    for file in files {
        let text = fs::read(repo::root().join(file));
        all.extend(text.map_err(|error| Obstacle::new(format!("{file} cannot be read: {error}")))?);
    }
    Ok(all)
}
