//! Each library compiles by itself, without features, with those of its default, and with each feature alone; its documentation builds without any; and
//! what a feature is for is not in the tree without it. The façade's tests and examples run without any, too: the engine alone.
//!
//! A build of the whole workspace joins the features that all crates ask of a dependency, and so hides that one of them forgot to ask.

use super::{Outcome, cargo, check};
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut sum = Tally::default();
    for package in repo::published()? {
        sum = sum + compiles(job, &package.name, &[])?;
        sum = sum + compiles(job, &package.name, &["--no-default-features"])?;
        for feature in &package.features {
            sum = sum + compiles(job, &package.name, &["--no-default-features", "--features", feature])?;
        }
        sum = sum + documents(job, &package.name)?;
    }
    let engine = job.run(&mut cargo(&["test", "--package", "campanile", "--no-default-features", "--no-fail-fast"]))?;
    Ok(sum + no_http_without_axum(job)? + Tally::of_cargo_test(&engine))
}

/// No link in it leads to what is not there.
fn documents(job: &mut Job, package: &str) -> Outcome {
    let mut command = cargo(&["doc", "--package", package, "--no-deps", "--no-default-features"]);
    Ok(check(job.run(command.env("RUSTDOCFLAGS", "-D warnings"))?))
}

/// Whoever embeds the engine alone does not compile a web framework.
fn no_http_without_axum(job: &mut Job) -> Outcome {
    let mut tree = cargo(&["tree", "--package", "campanile", "--no-default-features", "--features", "sqlite,contract"]);
    let tree = job.run(tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]))?;
    let http = |line: &str| ["axum", "http", "hyper", "tower"].iter().any(|name| line.starts_with(name));
    let found: Vec<_> = tree.text.lines().filter(|line| http(line)).collect();
    if !found.is_empty() {
        job.note(format_args!("without its feature axum, campanile depends on {}", found.join(", ")))?;
    }
    Ok(Tally::one(tree.success && found.is_empty()))
}

fn compiles(job: &mut Job, package: &str, features: &[&str]) -> Outcome {
    // Not `check` with RUSTFLAGS: those would compile every dependency anew.
    let mut command = cargo(&["clippy", "--package", package]);
    command.args(features).args(["--", "-D", "warnings"]);
    Ok(check(job.run(&mut command)?))
}
