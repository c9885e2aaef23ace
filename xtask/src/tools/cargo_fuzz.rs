//! cargo-fuzz, and the toolchain that it needs: the sanitizer coverage that libFuzzer lives on is in nightly Rust only.

use std::env;
use std::ffi::OsString;
use std::process::{Command, Stdio};

use super::system::in_path;
use crate::job::{Job, Obstacle};
use crate::repo;

/// What we install.
const VERSION: &str = "0.13.2";

/// The host that the nightly toolchain builds for, if there is such a toolchain.
pub(crate) fn nightly() -> Option<String> {
    let mut rustc = Command::new("rustup");
    rustc.args(["run", "nightly", "rustc", "--version", "--verbose"]).stdin(Stdio::null()).stderr(Stdio::null());
    let said = rustc.output().ok().filter(|output| output.status.success())?;
    host(&String::from_utf8_lossy(&said.stdout))
}

fn host(version: &str) -> Option<String> {
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// `cargo fuzz` by the nightly toolchain; compiles cargo-fuzz into `.tools` if it is missing and we may.
///
/// # Errors
///
/// A sentence that says what to install.
pub(crate) fn get(job: &mut Job) -> Result<Command, Obstacle> {
    let own = repo::tools().join("bin");
    if in_path("cargo-fuzz").is_none() && !own.join("cargo-fuzz").is_file() {
        install(job)?;
    }
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]).env("PATH", path_with(own.into_os_string()));
    Ok(command)
}

fn install(job: &mut Job) -> Result<(), Obstacle> {
    if !job.may_install {
        let how = format!("cargo install --locked cargo-fuzz --version {VERSION}");
        return Err(Obstacle::new(format!("cargo-fuzz is missing: {how}")));
    }
    let mut install = Command::new("cargo");
    install.args(["install", "--locked", "cargo-fuzz", "--version", VERSION, "--force", "--root"]);
    job.must(install.arg(repo::tools())).map(drop)
}

/// `PATH` with one more folder at its end.
fn path_with(folder: OsString) -> OsString {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":");
    path.push(folder);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_on_a_line_of_its_own() {
        assert_eq!(host("rustc 1.97.0-nightly\nbinary: rustc\nhost: x-y-z\nrelease: 1").as_deref(), Some("x-y-z"));
        assert_eq!(host("rustc 1.97.0-nightly"), None);
    }

    #[test]
    fn our_own_folder_comes_last() {
        let path = path_with("/x/bin".into()).into_string().unwrap();
        assert!(path.ends_with(":/x/bin") && path.len() > ":/x/bin".len());
    }
}
