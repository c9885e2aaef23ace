//! `campanile backup` and `campanile new-epoch`: a copy beside a running server, and another life for a file that was copied.

use crate::rig::{Ended, Run};
use campanile_testkit::{NodeBuilder, TestNode};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn builder() -> NodeBuilder {
    TestNode::builder(env!("CARGO_BIN_EXE_campanile"))
}

/// Runs a command beside the test, which goes on meanwhile.
async fn run(folder: &Path, arguments: &[&str]) -> Ended {
    let run = Run::in_folder(folder, arguments);
    tokio::task::spawn_blocking(|| run.end()).await.unwrap()
}

async fn backup(node: &TestNode) -> Ended {
    run(node.folder(), &["backup", "--store", "campanile.db", "--to", "copy.db"]).await
}

async fn inbox(node: &TestNode) -> (Vec<Value>, Value) {
    let page = node.get_as("u", "/notifications?limit=100").await.expect(200).json();
    (page["items"].as_array().unwrap().clone(), page["counts"].clone())
}

async fn resume(node: &TestNode, cursor: &str) -> String {
    node.stream("u").position(cursor).open().await.ready().await.resume
}

async fn cursor(node: &TestNode) -> String {
    node.get_as("u", "/notifications").await.expect(200).json()["streamCursor"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_running_server_is_copied_and_the_copy_can_be_served() {
    let node = builder().start().await;
    for number in 1..=3 {
        node.notify("u", &number.to_string()).await;
    }
    let before = cursor(&node).await;
    let publishing = async {
        for number in 4..=60 {
            node.notify("u", &number.to_string()).await;
        }
    };
    let (ended, ()) = tokio::join!(backup(&node), publishing);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    assert_eq!(ended.stderr, "campanile.db is copied to copy.db, whole and synced; it can be served as it is\n");
    assert_eq!(inbox(&node).await.1["unread"], 60, "the server goes on");

    let copy = builder().env("CAMPANILE_STORE__URL", format!("sqlite://{}", node.folder().join("copy.db").display()));
    let copy = copy.start().await;
    let (items, counts) = inbox(&copy).await;
    let seqs: Vec<_> = items.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=items.len() as u64).rev().collect::<Vec<_>>(), "one moment, without a hole");
    assert!(items.len() >= 3);
    assert_eq!(counts, json!({"unread": items.len(), "unseen": items.len(), "version": items.len()}));

    // Another life: what the original's clients hold is no position here, and theirs still is there.
    assert_eq!(resume(&copy, &before).await, "reset");
    assert_eq!(resume(&node, &before).await, "exact");
    copy.notify("u", "of the copy").await;
    assert_eq!(inbox(&copy).await.0.len(), items.len() + 1);
}

#[tokio::test]
async fn what_is_there_is_never_overwritten() {
    let node = builder().start().await;
    fs::write(node.folder().join("copy.db"), "precious").unwrap();
    let ended = backup(&node).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert_eq!(ended.stderr, "campanile: copy.db exists already: name a file that does not\n");
    assert_eq!(fs::read_to_string(node.folder().join("copy.db")).unwrap(), "precious");
}

#[tokio::test]
async fn another_life_begins_only_without_a_server() {
    let mut node = builder().fixed_address().start().await;
    node.notify("u", "1").await;
    let before = cursor(&node).await;
    let ended = run(node.folder(), &["new-epoch", "--store", "campanile.db"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let file = node.folder().canonicalize().unwrap().join("campanile.db");
    let sentence =
        format!("{} is in use by another process (pid {}); stop it first", file.display(), node.process_id());
    assert_eq!(ended.stderr, format!("campanile: {sentence}\n"));
    assert_eq!(resume(&node, &before).await, "exact", "nothing was changed");

    node.terminate();
    node.ended().await;
    let ended = run(node.folder(), &["new-epoch", "--store", "sqlite://campanile.db"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("campanile.db begins another life"), "{}", ended.stderr);
    node.restart().await;
    assert_eq!(resume(&node, &before).await, "reset");
    assert_eq!(inbox(&node).await.0.len(), 1, "nothing else changes");
}

#[test]
fn what_cannot_be_copied_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter"), "this is a letter, not a database".repeat(100)).unwrap();
    fs::write(folder.path().join("empty.db"), "").unwrap();
    for (store, sentence) in [
        ("nothing.db", "there is no database at"),
        ("no/such.db", "the folder no for the database does not exist"),
        ("letter", "letter is not a SQLite database"),
        (".", "is a folder, not a database file"),
        ("empty.db", "empty.db has no tables of Campanile"),
    ] {
        for arguments in [&["backup", "--store", store, "--to", "copy.db"][..], &["new-epoch", "--store", store]] {
            let ended = Run::in_folder(folder.path(), arguments).end();
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}");
            assert!(ended.stderr.contains(sentence), "{arguments:?}: {}", ended.stderr);
            assert_eq!(ended.stderr.lines().count(), 1, "{arguments:?}: {}", ended.stderr);
        }
    }
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["empty.db", "letter"], "nothing was made");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let node = builder().start().await;
    let ended = run(node.folder(), &["backup", "--store", "campanile.db", "--to", "no/such/copy.db"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.contains("no/such/copy.db") && ended.stderr.contains("does the folder exist"),
        "{}",
        ended.stderr
    );
    let ended = run(node.folder(), &["backup", "--store", "campanile.db"]).await;
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("--to <FILE>"), "{}", ended.stderr);
}
