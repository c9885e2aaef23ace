//! The packages of a folder with a `package-lock.json`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{is_current, stamp, system};
use crate::job::{Job, Obstacle};

/// Makes `node_modules` in `folder` (relative to the root) what the lock file says; does nothing if it is already.
///
/// Install scripts of packages are not run: none of ours needs them, and what they do nobody has reviewed.
///
/// # Errors
///
/// A sentence that says what is missing.
pub(crate) fn packages(job: &mut Job, folder: &str) -> Result<(), Obstacle> {
    system::NODE.get(job)?;
    let npm = system::NPM.get(job)?;
    let folder = crate::repo::root().join(folder);
    let lock = read(&folder.join("package-lock.json"))?;
    let mark = folder.join("node_modules/.campanile-lock");
    if is_current(&mark, &lock) {
        return Ok(());
    }
    if !job.may_install {
        return Err(Obstacle::new(format!("run `npm ci` in {}: its packages are missing or old", folder.display())));
    }
    let mut install = Command::new(npm);
    job.must(install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    // A lock without packages leaves no folder behind.
    fs::create_dir_all(folder.join("node_modules"))?;
    Ok(stamp(&mark, &lock)?)
}

fn read(lock: &Path) -> Result<Vec<u8>, Obstacle> {
    fs::read(lock).map_err(|error| Obstacle::new(format!("{} cannot be read: {error}", lock.display())))
}
