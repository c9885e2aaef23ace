//! cargo-deny: the one in `PATH` if it is new enough, otherwise one of our own in `.tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::system::in_path;
use crate::job::{Job, Obstacle};
use crate::repo;

/// What we install.
const VERSION: &str = "0.20.2";
/// The oldest whose configuration is the one that `deny.toml` is written in.
const OLDEST: (u32, u32) = (0, 18);

/// Where a suitable cargo-deny is; compiles one (some minutes, once) if there is none and we may.
///
/// # Errors
///
/// A sentence that says what to install.
pub(crate) fn get(job: &mut Job) -> Result<PathBuf, Obstacle> {
    let own = repo::tools().join("bin/cargo-deny");
    let candidates = in_path("cargo-deny").into_iter().chain([own.clone()]);
    if let Some(found) = candidates.into_iter().find(|program| suits(program)) {
        return Ok(found);
    }
    if !job.may_install {
        return Err(Obstacle::new(format!(
            "cargo-deny is missing: cargo install --locked cargo-deny --version {VERSION}"
        )));
    }
    let mut install = Command::new("cargo");
    install.args(["install", "--locked", "cargo-deny", "--version", VERSION, "--force", "--root"]);
    job.must(install.arg(repo::tools()))?;
    Ok(own)
}

fn suits(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| version(&String::from_utf8_lossy(&output.stdout)) >= Some(OLDEST))
}

/// Reads `cargo-deny 0.20.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("cargo-deny ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("cargo-deny 0.20.2\n") >= Some(OLDEST));
        assert!(version("cargo-deny 1.0.0") >= Some(OLDEST));
        assert!(version("cargo-deny 0.9.0") < Some(OLDEST));
    }

    #[test]
    fn what_is_no_version_suits_nobody() {
        for text in ["", "cargo-deny", "cargo-deny x.y", "error: no such command"] {
            assert!(version(text) < Some(OLDEST), "{text}");
        }
    }
}
