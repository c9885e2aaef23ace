//! mdBook: the one in `PATH` if it is the version that the guide is written for, otherwise one of our own in `.tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::system::in_path;
use crate::job::{Job, Obstacle};
use crate::repo;

/// What we install.
const VERSION: &str = "0.5.4";

/// Where mdBook is; compiles it (a minute, once) if there is none and we may: without its server, watcher and search, and without optimising
/// it for a book that takes no time.
///
/// # Errors
///
/// A sentence that says what to install.
pub(crate) fn get(job: &mut Job) -> Result<PathBuf, Obstacle> {
    let own = repo::tools().join("bin/mdbook");
    if let Some(found) = in_path("mdbook").into_iter().chain([own.clone()]).find(|program| suits(program)) {
        return Ok(found);
    }
    if !job.may_install {
        return Err(Obstacle::new(format!("mdbook is missing: cargo install --locked mdbook --version {VERSION}")));
    }
    let mut install = Command::new("cargo");
    install.args([
        "install",
        "--locked",
        "mdbook",
        "--version",
        VERSION,
        "--no-default-features",
        "--debug",
        "--force",
    ]);
    install.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    job.must(install.arg("--root").arg(repo::tools()))?;
    Ok(own)
}

fn suits(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| is_ours(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads `mdbook v0.5.4`. Other minor versions render other anchors.
fn is_ours(text: &str) -> bool {
    text.trim().strip_prefix("mdbook v") == Some(VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_version_suits() {
        assert!(is_ours(&format!("mdbook v{VERSION}\n")));
        for other in ["", "mdbook v0.4.52", "mdbook", "error: no such command"] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
