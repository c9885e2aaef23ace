//! `campanile tail`: a good client from the outside.

mod credentials;
mod interruptions;
mod output;

use crate::rig::{Run, Running};
use campanile_testkit::{NodeBuilder, TestNode};
use serde_json::Value;
use std::path::Path;

fn builder() -> NodeBuilder {
    TestNode::builder(env!("CARGO_BIN_EXE_campanile")).in_memory()
}

/// `tail` with these arguments in a folder, beside a node.
fn tail_in(folder: &Path, node: &TestNode, arguments: &[&str]) -> Run {
    Run::in_folder(folder, ["tail"].iter().chain(arguments)).env("CAMPANILE_URL", format!("http://{}", node.address()))
}

/// `tail --user u` with these arguments and the node's secret, listening already.
async fn tail(node: &TestNode, arguments: &[&str]) -> Running {
    let arguments: Vec<_> = ["--user", "u"].iter().chain(arguments).copied().collect();
    let secret = String::from_utf8(node.secret().to_vec()).unwrap();
    let running = tail_in(node.folder(), node, &arguments).env("CAMPANILE_AUTH__JWT_SECRET", secret).begin();
    blocking(running, |running| drop(running.told("listening as u"))).await
}

/// Waits for a command without holding up the test's own tasks.
async fn blocking(running: Running, wait: impl FnOnce(&Running) + Send + 'static) -> Running {
    let waited = tokio::task::spawn_blocking(move || {
        wait(&running);
        running
    });
    waited.await.unwrap()
}

/// The next two lines that it prints.
async fn two_lines(running: Running) -> (Running, [String; 2]) {
    tokio::task::spawn_blocking(|| {
        let lines = [running.line(), running.line()];
        (running, lines)
    })
    .await
    .unwrap()
}

/// How a command ended.
async fn ended(running: Running) -> (Option<i32>, Vec<String>, Vec<String>) {
    tokio::task::spawn_blocking(|| running.ended()).await.unwrap()
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))
}

/// The titles of lines of `--json`.
fn titles(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| json(line)["data"]["title"].as_str().unwrap().to_owned()).collect()
}
