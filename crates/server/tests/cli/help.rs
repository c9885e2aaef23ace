//! The texts that explain the program, held to files beside this one. `UPDATE_HELP=1` writes them anew, for review in the diff.

use crate::rig::Run;
use std::{fs, path::Path};

fn check(name: &str, arguments: &[&str]) {
    let ended = Run::new(arguments).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help").join(name);
    if std::env::var_os("UPDATE_HELP").is_some() {
        fs::write(&file, &ended.stdout).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(ended.stdout, expected, "{name} differs; UPDATE_HELP=1 writes it anew");
}

#[test]
fn the_program_explains_itself() {
    check("campanile.txt", &["--help"]);
}

#[test]
fn serve_explains_itself() {
    check("serve.txt", &["serve", "--help"]);
}

#[test]
fn dev_explains_itself() {
    check("dev.txt", &["dev", "--help"]);
}

#[test]
fn token_explains_itself() {
    check("token.txt", &["token", "--help"]);
}

#[test]
fn config_explains_itself() {
    check("config.txt", &["config", "--help"]);
}

#[test]
fn backup_explains_itself() {
    check("backup.txt", &["backup", "--help"]);
}

#[test]
fn new_epoch_explains_itself() {
    check("new-epoch.txt", &["new-epoch", "--help"]);
}

#[test]
fn openapi_explains_itself() {
    check("openapi.txt", &["openapi", "--help"]);
}

#[test]
fn completions_explains_itself() {
    check("completions.txt", &["completions", "--help"]);
}

#[test]
fn publish_explains_itself() {
    check("publish.txt", &["publish", "--help"]);
}

#[test]
fn tail_explains_itself() {
    check("tail.txt", &["tail", "--help"]);
}

#[test]
fn every_help_has_examples_and_exit_codes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help");
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().path();
        let text = fs::read_to_string(&name).unwrap();
        assert!(text.contains("Examples:") && text.contains("Exit codes:") && text.contains("  64  "), "{name:?}");
    }
}

#[test]
fn the_version_is_the_packages() {
    let ended = Run::new(["--version"]).end();
    assert_eq!((ended.code, ended.stdout), (Some(0), format!("campanile {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_mistake_on_the_command_line_is_64_and_says_what_was_meant() {
    for (arguments, hint) in [
        (&["sevre"][..], "serve"),
        (&["serve", "--confg", "x"], "--config"),
        (&["token"], "--user"),
        (&["token", "--user", "a", "--ttl", "soon"], "30m"),
    ] {
        let ended = Run::new(arguments).end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(ended.stderr.contains(hint), "{arguments:?}: {}", ended.stderr);
    }
    // Nothing asked for: the help, but no success.
    let ended = Run::new::<&str>([]).end();
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("Usage:"), "{}", ended.stderr);
}
