//! A database that cannot be opened: one sentence, and nothing is touched.

use crate::rig::{Run, SECRET};
use std::{fs, path::Path};

fn serve(folder: &Path) -> Run {
    Run::in_folder(folder, ["serve"])
        .env("CAMPANILE_AUTH__JWT_SECRET", SECRET)
        .env("CAMPANILE_LISTEN", "127.0.0.1:0")
        .env("CAMPANILE_ADMIN_LISTEN", "127.0.0.1:0")
}

fn one_sentence(stderr: &str) -> &str {
    let sentence = stderr.strip_prefix("campanile: ").unwrap_or_else(|| panic!("{stderr}"));
    assert_eq!(sentence.trim_end().lines().count(), 1, "{stderr}");
    sentence
}

#[test]
fn a_second_server_on_the_same_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = serve(folder.path()).start();
    let second = serve(folder.path()).end();
    assert_eq!(second.code, Some(1));
    assert!(one_sentence(&second.stderr).contains("campanile.db"), "{}", second.stderr);
    assert!(one_sentence(&second.stderr).contains("another process"), "{}", second.stderr);

    // Once the first has ended, the database is free.
    first.signal("TERM");
    assert_eq!(first.wait(), Some(0));
    let third = serve(folder.path()).start();
    third.signal("TERM");
    assert_eq!(third.wait(), Some(0));
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("campanile.db");
    let text = "this is a letter, not a database".repeat(100);
    fs::write(&file, &text).unwrap();
    let ended = serve(folder.path()).end();
    assert_eq!(ended.code, Some(1));
    assert!(one_sentence(&ended.stderr).contains("not a SQLite database"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ended = serve(folder.path()).env("CAMPANILE_STORE__URL", "sqlite://no/such/campanile.db").end();
    assert_eq!(ended.code, Some(1));
    assert!(one_sentence(&ended.stderr).contains("no/such"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
