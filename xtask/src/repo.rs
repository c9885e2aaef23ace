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

/// A package that is published.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its features, without `default`.
    pub(crate) features: Vec<String>,
}

/// The packages under `crates` that are published, in alphabetical order.
pub(crate) fn published() -> Result<Vec<Package>, Obstacle> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let manifest = entry?.path().join("Cargo.toml");
        let text = fs::read_to_string(&manifest);
        let text = text.map_err(|error| Obstacle::new(format!("{}: {error}", manifest.display())))?;
        packages.extend(package(&text));
    }
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(packages)
}

/// What a manifest describes, unless it says `publish = false`. Our manifests are written in one way, so lines are enough.
fn package(manifest: &str) -> Option<Package> {
    if manifest.lines().any(|line| line.trim() == "publish = false") {
        return None;
    }
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \""))?.strip_suffix('"')?.to_owned();
    let section = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let lines = section.take_while(|line| !line.starts_with('['));
    let features = lines.filter_map(|line| line.split_once(" = [")).map(|(feature, _)| feature);
    Some(Package { name, features: features.filter(|feature| *feature != "default").map(str::to_owned).collect() })
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
        assert_eq!(package(manifest).map(|package| package.name).as_deref(), Some("campanile"));
        assert_eq!(package(&format!("{manifest}publish = false\n")), None);
        assert_eq!(package("[workspace]\n"), None);
    }

    #[test]
    fn features_are_those_of_their_section() {
        let manifest = "name = \"a\"\n\n[features]\ndefault = [\"x\"]\n# About x.\nx = [\"dep:y\"]\nz = [\n  \"x\",\n]\n\n[lib]\nc = []\n";
        assert_eq!(package(manifest).map(|package| package.features), Some(vec!["x".to_owned(), "z".to_owned()]));
        assert_eq!(package("name = \"a\"\n").map(|package| package.features), Some(vec![]));
    }

    #[test]
    fn files_are_listed_once_and_only_if_they_exist() {
        let list = "xtask/Cargo.toml\0Cargo.toml\0no/such/file\0Cargo.toml\0";
        assert_eq!(existing(list), ["Cargo.toml", "xtask/Cargo.toml"]);
    }
}
