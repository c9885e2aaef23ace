//! `campanile completions`: scripts that shells can read, and that know the commands.

use crate::rig::Run;
use std::{fs, process::Command};

fn script(shell: &str) -> String {
    let ended = Run::new(["completions", shell]).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = script(shell);
        for command in ["serve", "new-epoch", "completions"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn bash_reads_its_script_and_completes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("completions");
    fs::write(&file, script("bash")).unwrap();
    let read = Command::new("bash").arg("-n").arg(&file).output().unwrap();
    assert!(read.status.success() && read.stderr.is_empty(), "{read:?}");

    let complete = "source \"$0\"; COMP_WORDS=(campanile new); COMP_CWORD=1; _campanile campanile new campanile; echo \"${COMPREPLY[*]}\"";
    let completed = Command::new("bash").args(["-c", complete]).arg(&file).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "new-epoch", "{completed:?}");
}

#[test]
fn a_shell_that_is_not_known_is_a_mistake_that_names_those_that_are() {
    let ended = Run::new(["completions", "tcsh"]).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    assert!(ended.stderr.contains("bash, elvish, fish, powershell, zsh"), "{}", ended.stderr);
}
