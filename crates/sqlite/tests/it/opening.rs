//! Opening: one clear sentence when it cannot be, and nothing touched.

use crate::{
    child::Running,
    kit::{contents, log, open, publish},
};
use campanile_core::store::Store;
use campanile_sqlite::{OpenError, Sqlite};
use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("a b?#%.db");
    (folder, path)
}

/// Tries to open, expects a sentence, and that nothing in the folder is different afterwards.
fn refused(path: &Path, sentence: &str) -> OpenError {
    let before =
        path.parent().filter(|folder| folder.starts_with(std::env::temp_dir()) && folder.is_dir()).map(contents);
    let why = Sqlite::open(path).unwrap_err();
    assert_eq!(why.to_string(), sentence);
    assert_eq!(path.parent().filter(|_| before.is_some()).map(contents), before);
    why
}

async fn some_store(path: &Path) {
    let store = Sqlite::open(path).unwrap();
    publish(&store, "hello", &["u"]).await;
    store.close().await;
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let (_folder, path) = folder();
    let almost = [b"SQLite format 3\0".as_slice(), &[b'x'; 5000]].concat();
    for bytes in [b"hi".as_slice(), b"just some notes, longer than a header", &almost, &[0; 4096]] {
        fs::write(&path, bytes).unwrap();
        let why = refused(&path, &format!("{} is not a SQLite database", path.display()));
        assert!(matches!(why, OpenError::NotADatabase(_)));
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let (_folder, path) = folder();
    some_store(&path).await;
    let other = Connection::open(&path).unwrap();
    other.execute("UPDATE campanile_meta SET version = 7", []).unwrap();
    other.close().unwrap();
    let sentence = "was written by a newer version of Campanile (schema 7, this version knows 2)";
    refused(&path, &format!("{} {sentence}", path.display()));
}

#[tokio::test]
async fn a_newer_version_that_a_killed_process_left_with_its_log_is_left_alone() {
    let (_folder, path) = folder();
    some_store(&path).await;
    let (_folder, copy) = folder_with_log(&path, "UPDATE campanile_meta SET version = 8");
    let sentence = "was written by a newer version of Campanile (schema 8, this version knows 2)";
    refused(&copy, &format!("{} {sentence}", copy.display()));
}

/// A copy as a killed process leaves it: the last commit only in the write-ahead log.
fn folder_with_log(path: &Path, change: &str) -> (TempDir, PathBuf) {
    let (folder, copy) = folder();
    let other = Connection::open(path).unwrap();
    other.execute(change, []).unwrap();
    for suffix in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        fs::copy(with(path), with(&copy)).unwrap();
    }
    (folder, copy)
}

#[test]
fn a_folder_is_no_database() {
    let (folder, _) = folder();
    let path = folder.path().join("inner");
    fs::create_dir(&path).unwrap();
    refused(&path, &format!("{} is a folder, not a database file", path.display()));
}

#[test]
fn a_missing_folder_is_not_made() {
    let (folder, _) = folder();
    let missing = folder.path().join("not").join("there");
    refused(&missing.join("a.db"), &format!("the folder {} for the database does not exist", missing.display()));
    assert!(!folder.path().join("not").exists());
    fs::write(folder.path().join("file"), "x").unwrap();
    let below = folder.path().join("file");
    refused(&below.join("a.db"), &format!("the folder {} for the database does not exist", below.display()));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    // Not even root can make a file there.
    let why = Sqlite::open("/sys/campanile.db").unwrap_err();
    assert!(matches!(why, OpenError::NotWritable { .. }), "{why}");
    assert!(why.to_string().starts_with("/sys/campanile.db cannot be written: "), "{why}");
}

#[tokio::test]
async fn a_second_store_is_told_who_has_the_file() {
    let (folder, path) = folder();
    let mut other = Running::work("hold", &path, &[]);
    assert_eq!(other.line(), "open");
    let why = Sqlite::open(&path).unwrap_err();
    let pid = other.process.id();
    assert_eq!(why.to_string(), format!("{} is in use by another process (pid {pid})", path.display()));
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(Sqlite::open(&link), Err(OpenError::InUse { .. })), "by whatever name");
    drop(other);
    let store = Sqlite::open(&link).unwrap();
    let mut third = Running::work("hold", &path, &[]);
    let ours = std::process::id();
    assert_eq!(third.line(), format!("{} is in use by another process (pid {ours})", path.display()));
    store.close().await;
}

#[tokio::test]
async fn a_closed_store_leaves_one_file_and_can_be_opened_again() {
    let (folder, path) = folder();
    for n in 1..4 {
        let store = Sqlite::open(&path).unwrap();
        assert_eq!(publish(&store, "hello", &["u"]).await.1[0].head.seq.0, n);
        store.close().await;
        assert_eq!(contents(folder.path()).into_keys().collect::<Vec<_>>(), ["a b?#%.db"]);
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_store() {
    let (_folder, path) = folder();
    fs::write(&path, "").unwrap();
    let store = Sqlite::open(&path).unwrap();
    open(&store, "u").await;
    store.close().await;
}

#[tokio::test]
async fn an_applications_file_keeps_what_is_its_own() {
    let (_folder, path) = folder();
    let application = Connection::open(&path).unwrap();
    application
        .execute_batch("PRAGMA user_version = 42; CREATE TABLE users (name); INSERT INTO users VALUES ('Zoë')")
        .unwrap();
    let store = Sqlite::open(&path).unwrap();
    publish(&store, "hello", &["u"]).await;
    application.execute("INSERT INTO users VALUES ('Ada')", []).unwrap();
    publish(&store, "hello", &["u"]).await;
    let version: i64 = application.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let users: i64 = application.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
    assert_eq!((version, users), (42, 2));
    let ours = "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'campanile_%' AND name NOT LIKE 'sqlite_%'";
    assert_eq!(application.query_row(ours, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    assert_eq!(log(&store, "u").await.entries.len(), 2);
    store.close().await;
}

#[tokio::test]
async fn a_new_generation_changes_every_epoch_and_a_reopened_store_none() {
    let (_folder, path) = folder();
    let epochs = async || {
        let store = Sqlite::open(&path).unwrap();
        let epochs = (open(&store, "u").await.epoch, open(&store, "v").await.epoch);
        store.close().await;
        epochs
    };
    let first = epochs().await;
    assert_eq!(epochs().await, first);
    let other = Connection::open(&path).unwrap();
    other.execute("UPDATE campanile_meta SET generation = generation + 1", []).unwrap();
    other.close().unwrap();
    let second = epochs().await;
    assert!(second.0 != first.0 && second.1 != first.1 && second.0 != second.1);
}
