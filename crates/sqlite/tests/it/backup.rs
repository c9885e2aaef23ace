//! Copies of a store that is in use, and other lives.

use crate::{
    child::Running,
    kit::{ask, assert_whole, contents, log, open, publish, topic, user},
};
use campanile_core::{Epoch, store::Store};
use campanile_sqlite::{BackupError, OpenError, Sqlite};
use rusqlite::Connection;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("a b?#%.db");
    (folder, path)
}

fn names(folder: &TempDir) -> Vec<String> {
    contents(folder.path()).into_keys().collect()
}

/// What SQLite itself finds wrong with a file.
fn integrity(path: &Path) -> String {
    let conn = Connection::open(path).unwrap();
    conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_copy_of_a_store_under_fire_is_whole_and_has_all_that_was_acknowledged_before() {
    let (folder, path) = folder();
    let mut child = Running::work("chaos", &path, &["7"]);
    for round in 0..4 {
        let mut highest: BTreeMap<String, u64> = BTreeMap::new();
        for line in (0..600).map(|_| child.line()) {
            if let ["entry", user, _, seq, ..] = line.split(' ').collect::<Vec<_>>()[..]
                && user.starts_with("user-")
            {
                let seq = seq.parse::<u64>().unwrap();
                highest.entry(user.into()).and_modify(|known| *known = seq.max(*known)).or_insert(seq);
            }
        }
        let copy = folder.path().join(format!("copy-{round}.db"));
        Sqlite::backup(&path, &copy).unwrap();
        assert_eq!(integrity(&copy), "ok");
        let store = Sqlite::open(&copy).unwrap();
        assert!(highest.len() > 10);
        for (name, seq) in highest {
            let page = log(&store, &name).await;
            assert_whole(&page);
            assert!(page.head.seq.0 >= seq, "{name} had {seq} before the copy began");
        }
        publish(&store, "goes on", &["user-0"]).await;
        store.close().await;
    }
    drop(child.kill());
    let copies: Vec<String> = names(&folder).into_iter().filter(|name| name.starts_with("copy")).collect();
    assert_eq!(copies, ["copy-0.db", "copy-1.db", "copy-2.db", "copy-3.db"], "one file each, nothing else left");
}

async fn epochs(path: &Path) -> [Epoch; 2] {
    let store = Sqlite::open(path).unwrap();
    let epochs = [open(&store, "u").await.epoch, open(&store, "v").await.epoch];
    store.close().await;
    epochs
}

#[tokio::test]
async fn every_copy_is_another_life_and_the_source_stays_what_it_is() {
    let (folder, path) = folder();
    let copies = ["first.db", "second.db", "of-the-first.db"].map(|name| folder.path().join(name));
    let source = epochs(&path).await;
    Sqlite::backup(&path, &copies[0]).unwrap();
    Sqlite::backup(&path, &copies[1]).unwrap();
    Sqlite::backup(&copies[0], &copies[2]).unwrap();
    let mut all = source.to_vec();
    for copy in &copies {
        all.extend(epochs(copy).await);
    }
    assert_eq!(epochs(&path).await, source);
    assert_eq!(epochs(&copies[0]).await, all[2..4], "and a copy keeps its own");
    all.sort_by_key(|epoch| epoch.0);
    all.dedup();
    assert_eq!(all.len(), 8);
}

/// Whether this process has a lock on a file, as the system tells. Closing a file, by whatever way it was opened, gives up all of them.
fn has_lock(path: &Path) -> bool {
    let (ours, inode) = (format!(" {} ", std::process::id()), format!(":{} ", fs::metadata(path).unwrap().ino()));
    // The list is no snapshot: while others lock and unlock, a line can be missing.
    (0..100).any(|_| {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| line.contains(&ours) && line.contains(&inode))
    })
}

#[tokio::test]
async fn a_copy_within_the_process_that_has_the_store_open_disturbs_nothing() {
    let (folder, path) = folder();
    let copy = folder.path().join("copy.db");
    let store = Sqlite::open(&path).unwrap();
    let application = Connection::open(&path).unwrap();
    application.execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").unwrap();
    publish(&store, "hello", &["u"]).await;
    ask(|done| store.set_member(topic("t"), user("u"), true, done)).await.unwrap();
    assert!(has_lock(&path));
    Sqlite::backup(&path, &copy).unwrap();
    assert!(matches!(Sqlite::open(&path), Err(OpenError::InUse { .. })));
    assert!(matches!(Sqlite::new_epoch(&path), Err(OpenError::InUse { .. })));
    assert!(has_lock(&path));
    publish(&store, "hello", &["u"]).await;
    store.close().await;
    drop(application);
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(log(&store, "u").await.head.seq.0, 2);
    store.close().await;
    let copied = Connection::open(&copy).unwrap();
    assert_eq!(copied.query_row("SELECT x FROM mine", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    copied.close().unwrap();
    let store = Sqlite::open(&copy).unwrap();
    assert_eq!(log(&store, "u").await.head.seq.0, 1);
    store.close().await;
}

#[tokio::test]
async fn a_copy_is_as_readable_as_its_source() {
    let (folder, path) = folder();
    epochs(&path).await;
    for mode in [0o600, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let copy = folder.path().join(format!("{mode:o}.db"));
        Sqlite::backup(&path, &copy).unwrap();
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_copied_with_its_log() {
    let (folder, path) = folder();
    let mut child = Running::work("endless", &path, &[]);
    for _ in 0..50 {
        child.line();
    }
    let told = 50 + child.kill().len();
    assert!(names(&folder).contains(&"a b?#%.db-wal".into()));
    let copy = folder.path().join("copy.db");
    Sqlite::backup(&path, &copy).unwrap();
    let store = Sqlite::open(&copy).unwrap();
    let page = log(&store, "user-0").await;
    assert_whole(&page);
    assert!(page.entries.len() >= told);
    store.close().await;
}

/// Tries to copy, expects a sentence, and that nothing in the folder is different afterwards.
fn refused(source: &Path, target: &Path, sentence: &str) -> BackupError {
    let folder = target.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("/nowhere"));
    let before = folder.is_dir().then(|| contents(folder));
    let why = Sqlite::backup(source, target).unwrap_err();
    assert_eq!(why.to_string(), sentence);
    assert_eq!(folder.is_dir().then(|| contents(folder)), before);
    why
}

#[tokio::test]
async fn what_cannot_be_copied_is_named_and_nothing_is_left() {
    let (folder, path) = folder();
    let copy = folder.path().join("copy.db");
    refused(&path, &copy, &format!("there is no database at {}", path.display()));
    fs::write(&path, "just some notes").unwrap();
    refused(&path, &copy, &format!("{} is not a SQLite database", path.display()));
    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE mine (x)").unwrap();
    other.close().unwrap();
    let why = refused(&path, &copy, &format!("{} has no tables of Campanile", path.display()));
    assert!(matches!(why, BackupError::Source(OpenError::NotAStore(_))));
    epochs(&path).await;
    refused(folder.path(), &copy, &format!("{} is a folder, not a database file", folder.path().display()));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("UPDATE campanile_meta SET version = 9").unwrap();
    other.close().unwrap();
    let sentence = "was written by a newer version of Campanile (schema 9, this version knows 2)";
    refused(&path, &copy, &format!("{} {sentence}", path.display()));
}

#[tokio::test]
async fn a_target_that_exists_is_left_alone() {
    let (folder, path) = folder();
    epochs(&path).await;
    let dangling = folder.path().join("dangling");
    std::os::unix::fs::symlink(folder.path().join("nothing"), &dangling).unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    for target in [&path, &taken, &folder.path().join("inner")] {
        refused(&path, target, &format!("{} exists already: name a file that does not", target.display()));
    }
    assert!(matches!(Sqlite::backup(&path, &dangling), Err(BackupError::TargetExists(_))));
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink() && !dangling.exists());
}

#[tokio::test]
async fn a_place_that_takes_no_copy_is_named() {
    let (folder, path) = folder();
    epochs(&path).await;
    for target in [folder.path().join("not there").join("copy.db"), PathBuf::from("/sys/copy.db")] {
        let why = Sqlite::backup(&path, &target).unwrap_err();
        let sentence = format!("{} cannot be copied to {}: ", path.display(), target.display());
        assert!(why.to_string().starts_with(&sentence), "{why}");
    }
}

#[tokio::test]
async fn another_epoch_begins_only_where_nobody_is() {
    let (folder, path) = folder();
    assert_eq!(
        Sqlite::new_epoch(&path).unwrap_err().to_string(),
        format!("there is no database at {}", path.display())
    );
    let first = epochs(&path).await;
    Sqlite::new_epoch(&path).unwrap();
    let second = epochs(&path).await;
    assert!(first.iter().all(|epoch| !second.contains(epoch)) && second[0] != second[1]);
    let mut child = Running::work("hold", &path, &[]);
    assert_eq!(child.line(), "open");
    let pid = child.process.id();
    let told = Sqlite::new_epoch(&path).unwrap_err().to_string();
    assert_eq!(told, format!("{} is in use by another process (pid {pid})", path.display()));
    drop(child);
    assert_eq!(epochs(&path).await, second);
    fs::write(folder.path().join("notes"), "just some notes").unwrap();
    assert!(matches!(Sqlite::new_epoch(folder.path().join("notes")), Err(OpenError::NotADatabase(_))));
    assert_eq!(names(&folder), ["a b?#%.db", "notes"]);
}
