//! The crates that are published can be packaged, and what is in the packages compiles: nothing that they embed lies outside.

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;
use std::path::PathBuf;
use std::{env, fs};

pub(super) fn run(job: &mut Job) -> Outcome {
    forget_earlier_packages();
    // Nor may what was compiled from them be taken for what they hold now.
    let mut clean = cargo(&["clean", "--quiet"]);
    for package in repo::published()? {
        clean.args(["--package", &package.name]);
    }
    job.run(&mut clean)?;
    // `--allow-dirty`: the tests must say the same before the commit as after it.
    let mut command = cargo(&["package", "--allow-dirty", "--quiet"]);
    for package in repo::published()? {
        command.args(["--package", &package.name]);
    }
    // The same place as all other builds, so that dependencies are not compiled once per package.
    command.env("CARGO_TARGET_DIR", repo::target());
    Ok(check(job.run(&mut command)?))
}

/// Cargo unpacks what it has just packaged into its home, by name and version, and takes it from there the next time: without this, packages
/// would be compiled against those of an earlier run. What comes from a real registry lies in folders that begin with its name.
fn forget_earlier_packages() {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    for kept in ["src", "cache"] {
        let Some(registries) = home.as_ref().and_then(|home| fs::read_dir(home.join("registry").join(kept)).ok())
        else {
            continue;
        };
        let local = registries.flatten().filter(|folder| folder.file_name().to_string_lossy().starts_with('-'));
        for package in local.filter_map(|folder| fs::read_dir(folder.path()).ok()).flatten().flatten() {
            if package.file_name().to_string_lossy().starts_with("campanile") {
                // What cannot be removed is found out by the packaging itself.
                let _ = fs::remove_dir_all(package.path()).or_else(|_| fs::remove_file(package.path()));
            }
        }
    }
}
