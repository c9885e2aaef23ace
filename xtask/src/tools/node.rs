//! The packages of a folder with a `package-lock.json`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{is_current, stamp, system};
use crate::job::{Job, Obstacle};
use crate::repo;

/// Lies in `node_modules`, so that it goes with it.
const MARK: &str = "node_modules/.campanile-lock";

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
    let path = repo::root().join(folder);
    let Some(lock) = outdated(&path)? else {
        return Ok(());
    };
    if !job.may_install {
        return Err(Obstacle::new(format!("the packages of {folder} are missing or old: run `npm ci` there")));
    }
    let mut install = Command::new(npm);
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&path);
    job.must(&mut install)?;
    // A lock without packages leaves no folder behind.
    fs::create_dir_all(path.join("node_modules"))?;
    Ok(stamp(&path.join(MARK), &lock)?)
}

/// The lock file, if it is not what is installed.
fn outdated(folder: &Path) -> Result<Option<Vec<u8>>, Obstacle> {
    let path = folder.join("package-lock.json");
    let lock = fs::read(&path);
    let lock = lock.map_err(|error| Obstacle::new(format!("{} cannot be read: {error}", path.display())))?;
    Ok(if is_current(&folder.join(MARK), &lock) { None } else { Some(lock) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_again_when_the_lock_changes_or_they_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(outdated(path).is_err());
        fs::write(path.join("package-lock.json"), "1").unwrap();
        assert_eq!(outdated(path), Ok(Some(b"1".to_vec())));
        fs::create_dir(path.join("node_modules")).unwrap();
        stamp(&path.join(MARK), b"1").unwrap();
        assert_eq!(outdated(path), Ok(None));
        fs::write(path.join("package-lock.json"), "2").unwrap();
        assert_eq!(outdated(path), Ok(Some(b"2".to_vec())));
        fs::remove_dir_all(path.join("node_modules")).unwrap();
        assert_eq!(outdated(path), Ok(Some(b"2".to_vec())));
    }
}
