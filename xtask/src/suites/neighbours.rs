//! Applications that embed Campanile bring crates of their own. SQLite may be linked only once, so an application that reaches it by sqlx
//! must find one version of the bindings that suits both: that is why rusqlite is held back in the root `Cargo.toml`.

use std::fs;

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;

pub(super) fn run(job: &mut Job) -> Outcome {
    let folder = repo::target().join("xtask/neighbours");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(folder.join("Cargo.toml"), manifest(&repo::root().display().to_string()))?;
    let mut resolve = cargo(&["generate-lockfile", "--quiet", "--manifest-path"]);
    Ok(check(job.run(resolve.arg(folder.join("Cargo.toml")))?))
}

/// An application with both. A workspace of its own: it lies inside ours, but is no member.
fn manifest(root: &str) -> String {
    format!(
        r#"[package]
name = "neighbours"
version = "0.0.0"
edition = "2024"

[dependencies]
campanile = {{ path = "{root}/crates/campanile" }}
campanile-sqlite = {{ path = "{root}/crates/sqlite" }}
sqlx = {{ version = "0.9", default-features = false, features = ["runtime-tokio", "sqlite"] }}

[workspace]
"#
    )
}
