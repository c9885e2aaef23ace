//! `campanile openapi`, held to `spec/openapi.json`.

use crate::rig::Run;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/openapi.json");

fn document(arguments: &[&str]) -> String {
    let ended = Run::new(["openapi"].iter().chain(arguments)).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

#[test]
fn the_document_in_the_repository_is_what_the_code_says() {
    let kept = std::fs::read_to_string(KEPT).unwrap_or_default();
    let said = document(&[]);
    let line = kept.lines().zip(said.lines()).position(|(kept, said)| kept != said);
    let line = line.unwrap_or_else(|| kept.lines().count().min(said.lines().count())) + 1;
    assert!(
        kept == said,
        "spec/openapi.json is not what the code says, from line {line} on. \
         If the change is meant: cargo run -- openapi > spec/openapi.json"
    );
}

#[test]
fn a_base_path_stands_before_what_lies_under_it() {
    let plain = document(&[]);
    let based = document(&["--base-path", "/live"]);
    let moved = plain.replace("\"/notifications", "\"/live/notifications").replace("\"/api", "\"/live/api");
    assert_ne!(based, plain);
    assert_eq!(based, moved);
}

#[test]
fn what_is_no_base_path_is_refused() {
    let ended = Run::new(["openapi", "--base-path", "live/"]).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    assert!(ended.stderr.contains("must begin with /"), "{}", ended.stderr);
}
