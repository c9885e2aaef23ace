//! Where things are in the working copy, and which files belong to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::job::Obstacle;

/// The root of the working copy: the folder above this crate.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Cargo's target folder, which the environment may move.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(moved) => root().join(moved),
        None => root().join("target"),
    }
}

/// The private folder for tools that the tests install; never committed.
pub(crate) fn tools() -> PathBuf {
    root().join(".tools")
}

/// Every file that is tracked, or would be with `git add`, as paths relative to the root.
pub(crate) fn files() -> Result<Vec<String>, Obstacle> {
    // In a container the clone may belong to somebody else, which git refuses to read unless told.
    let output = Command::new("git")
        .args(["-c", "safe.directory=*"])
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .map_err(|error| Obstacle::new(format!("git does not start ({error}): install git")))?;
    if !output.status.success() {
        return Err(Obstacle::new("git ls-files failed: run this in a clone of the repository"));
    }
    Ok(existing(&String::from_utf8_lossy(&output.stdout)))
}

/// Splits git's NUL-separated list; a file that was deleted but not committed is still in it, so it is left out here.
fn existing(list: &str) -> Vec<String> {
    let mut files: Vec<String> = list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    files.retain(|path| root().join(path).is_file());
    files.sort();
    files.dedup();
    files
}

/// The names of the packages under `crates` that are published, in alphabetical order.
pub(crate) fn published() -> Result<Vec<String>, Obstacle> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let manifest = entry?.path().join("Cargo.toml");
        let text = fs::read_to_string(&manifest);
        let text = text.map_err(|error| Obstacle::new(format!("{}: {error}", manifest.display())))?;
        names.extend(published_name(&text));
    }
    names.sort();
    Ok(names)
}

/// The name in a manifest, unless it says `publish = false`. Our manifests are written in one way, so lines are enough.
fn published_name(manifest: &str) -> Option<String> {
    if manifest.lines().any(|line| line.trim() == "publish = false") {
        return None;
    }
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \""))?;
    Some(name.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }

    #[test]
    fn packages_that_are_not_published_are_left_out() {
        let manifest = "[package]\nname = \"campanile\"\nversion = \"1\"\n\n[[bin]]\nname = \"other\"\n";
        assert_eq!(published_name(manifest).as_deref(), Some("campanile"));
        assert_eq!(published_name(&format!("{manifest}publish = false\n")), None);
        assert_eq!(published_name("[workspace]\n"), None);
    }

    #[test]
    fn files_are_listed_once_and_only_if_they_exist() {
        let list = "xtask/Cargo.toml\0Cargo.toml\0no/such/file\0Cargo.toml\0";
        assert_eq!(existing(list), ["Cargo.toml", "xtask/Cargo.toml"]);
    }
}
