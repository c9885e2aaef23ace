//! Applications that embed Campanile bring crates of their own. SQLite may be linked only once, so an application that reaches it by sqlx
//! must find one version of the bindings that suits both: that is why rusqlite is held back in the root `Cargo.toml`. Such an application
//! resolves, with whatever is newest, and compiles.

use std::fs;
use std::path::PathBuf;

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;

/// An application with its database beside ours.
struct Neighbour {
    name: &'static str,
    pool: &'static str,
}

const NEIGHBOURS: [Neighbour; 2] =
    [Neighbour { name: "sqlite", pool: "SqlitePool" }, Neighbour { name: "postgres", pool: "PgPool" }];

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut sum = Tally::default();
    for neighbour in &NEIGHBOURS {
        sum = sum + compiles(job, neighbour)?;
    }
    Ok(sum)
}

fn compiles(job: &mut Job, neighbour: &Neighbour) -> Outcome {
    let folder = home().join(neighbour.name);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), neighbour.code())?;
    fs::write(folder.join("Cargo.toml"), neighbour.manifest())?;
    let mut resolve = cargo(&["generate-lockfile", "--quiet"]);
    let resolves = job.run(resolve.current_dir(&folder))?;
    if !resolves.success {
        return Ok(check(resolves));
    }
    let mut compile = cargo(&["check", "--quiet", "--locked"]);
    // One place for both, which is kept: what they share is compiled once.
    compile.current_dir(&folder).env("CARGO_TARGET_DIR", home().join("target"));
    Ok(check(job.run(&mut compile)?))
}

fn home() -> PathBuf {
    repo::target().join("xtask/neighbours")
}

impl Neighbour {
    /// A workspace of its own: it lies inside ours, but is no member.
    fn manifest(&self) -> String {
        let (name, root) = (self.name, repo::root().display().to_string());
        format!(
            r#"[package]
name = "beside-{name}"
version = "0.0.0"
edition = "2024"

[dependencies]
axum = "0.8"
campanile = {{ path = "{root}/crates/campanile" }}
sqlx = {{ version = "0.9", default-features = false, features = ["runtime-tokio", "{name}"] }}

[profile.dev]
debug = false

[workspace]
"#
        )
    }

    fn code(&self) -> String {
        let pool = self.pool;
        format!(
            r#"pub async fn application(url: &str) -> Result<axum::Router, Box<dyn std::error::Error>> {{
    let pool = sqlx::{pool}::connect(url).await?;
    let store = campanile::Sqlite::open("notifications.db")?;
    let campanile = campanile::Campanile::builder().store(store).jwt_secret([7; 32]).build().await?;
    Ok(axum::Router::new().nest("/notifications", campanile.router()).with_state(pool))
}}
"#
        )
    }
}
