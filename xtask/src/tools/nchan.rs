//! nginx with the module nchan, to measure ourselves beside. Taken out of Debian's packages into a private folder: nothing is installed, and no service
//! is started. Only an empty folder is made outside, without which nginx with this module does not start, whatever it is told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{is_current, stamp, system};
use crate::job::{Job, Obstacle};
use crate::repo;

/// Compiled in.
const TEMPORARY: &str = "/var/lib/nginx";

const PACKAGES: [&str; 2] = ["nginx", "libnginx-mod-nchan"];

/// The folder that holds `usr/sbin/nginx` and the module.
///
/// # Errors
///
/// A sentence that says what is missing.
pub(crate) fn get(job: &mut Job) -> Result<PathBuf, Obstacle> {
    let folder = repo::tools().join("nchan");
    let (mark, content) = (folder.join("stamp"), PACKAGES.join(" "));
    let is_there = is_current(&mark, content.as_bytes());
    let is_whole = is_there && Path::new(TEMPORARY).is_dir();
    if !is_whole && !job.may_install {
        return Err(Obstacle::new(format!("--no-install forbids downloading it, and making {TEMPORARY} for it")));
    }
    if !is_there && system::in_path("dpkg-deb").is_none() {
        return Err(Obstacle::new("it is taken from Debian's packages, and this is no Debian"));
    }
    let made = fs::create_dir_all(TEMPORARY);
    made.map_err(|error| Obstacle::new(format!("it needs the folder {TEMPORARY}, which cannot be made: {error}")))?;
    if is_there {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    system::update(job)?;
    job.must(Command::new("apt-get").arg("download").args(PACKAGES).current_dir(&folder))?;
    for entry in fs::read_dir(&folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|end| end == "deb") {
            job.must(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&folder))?;
        }
    }
    stamp(&mark, content.as_bytes())?;
    Ok(folder)
}
