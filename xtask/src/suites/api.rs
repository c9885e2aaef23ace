//! The public API of the libraries shows no type of another crate but those that `allowed.rs` lists, with the reason: each one binds
//! users to that crate's version. rustdoc says what the API is.

mod allowed;
mod shown;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Outcome, cargo};
use crate::job::{Job, Obstacle};
use crate::repo;
use crate::test::tally::Tally;
use allowed::ALLOWED;
use shown::{Shown, shown};

pub(super) fn run(job: &mut Job) -> Outcome {
    let rustdoc = Rustdoc::new()?;
    let mut sum = Tally::one(sees_a_planted_leak(job, &rustdoc)?);
    let libraries = libraries()?;
    for library in &libraries {
        let mut command = cargo(&["rustdoc", "--quiet", "--package", library, "--all-features"]);
        let faults = faults(library, &rustdoc.shown(job, library, &mut command, &libraries)?);
        faults.iter().try_for_each(|fault| job.note(fault))?;
        sum = sum + Tally::one(faults.is_empty());
    }
    Ok(sum)
}

/// The published packages with a library.
fn libraries() -> Result<Vec<String>, Obstacle> {
    let is_library = |name: &str| {
        let folder = name.strip_prefix("campanile-").unwrap_or(name);
        repo::root().join("crates").join(folder).join("src/lib.rs").is_file()
    };
    Ok(repo::published()?.into_iter().map(|package| package.name).filter(|name| is_library(name)).collect())
}

/// What is shown and not allowed, and what is allowed and not shown.
fn faults(library: &str, shown: &Shown) -> Vec<String> {
    let lists = ALLOWED.iter().filter(|list| list.libraries.contains(&library));
    let allowed: BTreeMap<&str, &str> =
        lists.flat_map(|list| list.types.iter().map(|name| (*name, list.why))).collect();
    let leaks = shown.iter().filter(|(name, _)| !allowed.contains_key(name.as_str()));
    let leaks = leaks.map(|(name, place)| format!("{library} shows {name}, which is not allowed: {place}"));
    let stale = allowed.iter().filter(|(name, _)| !shown.contains_key(**name));
    let stale = stale.map(|(name, why)| format!("{library} may show {name} ({why}), and does not: take it out"));
    leaks.chain(stale).collect()
}

/// rustdoc with its output for programs, which is not stable yet and so has to be unlocked. Only rustdoc gets the key: cargo and build
/// scripts would compile everything anew.
struct Rustdoc {
    path: PathBuf,
}

impl Rustdoc {
    fn new() -> Result<Self, Obstacle> {
        let path = repo::target().join("xtask/rustdoc-json");
        fs::create_dir_all(repo::target().join("xtask"))?;
        fs::write(&path, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(Self { path })
    }

    /// What `library` shows, documented by `command`, without what is in `own`.
    fn shown(&self, job: &mut Job, library: &str, command: &mut Command, own: &[String]) -> Result<Shown, Obstacle> {
        command.args(["--lib", "--", "-Z", "unstable-options", "--output-format", "json"]);
        // The place of all other builds, so that dependencies are not compiled once more.
        job.must(command.env("RUSTDOC", &self.path).env("CARGO_TARGET_DIR", repo::target()))?;
        let page = repo::target().join("doc").join(library.replace('-', "_") + ".json");
        shown(&fs::read_to_string(&page)?, own).map_err(|fault| Obstacle::new(format!("{}: {fault}", page.display())))
    }
}

/// The check itself is checked: a crate made for this purpose has a leak in every place where one can be, and each is seen.
fn sees_a_planted_leak(job: &mut Job, rustdoc: &Rustdoc) -> Result<bool, Obstacle> {
    let folder = repo::target().join("xtask/planted");
    plant(&folder)?;
    let mut command = cargo(&["rustdoc", "--quiet", "--manifest-path"]);
    command.arg(folder.join("Cargo.toml"));
    let shown = rustdoc.shown(job, "planted", &mut command, &[])?;
    let names: Vec<&str> = shown.keys().map(String::as_str).collect();
    let all = names
        == ["bytes::Buf", "bytes::BufMut", "bytes::Bytes", "bytes::BytesMut", "http::HeaderMap", "http::StatusCode"];
    if !all {
        job.note(format!("of the planted leaks only these are seen: {}", names.join(", ")))?;
    }
    Ok(all)
}

fn plant(folder: &Path) -> Result<(), Obstacle> {
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), MANIFEST)?;
    fs::write(folder.join("src/lib.rs"), LEAKS)?;
    // So that no registry has to be asked.
    fs::copy(repo::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

const MANIFEST: &str =
    "[package]\nname = \"planted\"\nedition = \"2024\"\n\n[dependencies]\nbytes = \"1\"\nhttp = \"1\"\n\n[workspace]\n";

const LEAKS: &str = "\
pub use http::StatusCode;
pub struct Field { pub leak: Vec<Option<bytes::Bytes>>, _kept: http::Uri }
pub enum Variant { Leak(bytes::BytesMut) }
pub fn bound(_: &mut impl bytes::BufMut) {}
pub trait Trait { type Leak: bytes::Buf; }
impl From<http::HeaderMap> for Variant { fn from(_: http::HeaderMap) -> Self { _private(); unimplemented!() } }
fn _private() -> http::Method { http::Method::GET }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_allowed_and_what_is_not_shown_are_faults() {
        let allowed = &ALLOWED[0];
        let library = allowed.libraries[0];
        let lists = ALLOWED.iter().filter(|other| other.libraries.contains(&library));
        let mut shown: Shown =
            lists.flat_map(|list| list.types).map(|name| ((*name).to_owned(), String::new())).collect();
        assert_eq!(faults(library, &shown), Vec::<String>::new());
        shown.remove(allowed.types[0]);
        shown.insert("leak::Leak".to_owned(), "src/lib.rs:7".to_owned());
        let faults = faults(library, &shown);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("shows leak::Leak") && faults[0].ends_with("src/lib.rs:7"), "{faults:?}");
        assert!(faults[1].contains(allowed.types[0]), "{faults:?}");
    }

    #[test]
    fn every_list_is_of_a_library_and_says_why() {
        let libraries = libraries().unwrap();
        assert!(libraries.len() >= 6, "{libraries:?}");
        for allowed in ALLOWED {
            assert!(!allowed.why.is_empty() && !allowed.types.is_empty());
            assert!(allowed.libraries.iter().all(|name| libraries.iter().any(|library| library == name)));
        }
    }
}
