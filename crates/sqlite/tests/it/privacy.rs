//! What is removed is gone from the files, too.

use crate::kit::{ask, at, contents, mark, open, publish, topic, user};
use campanile_core::{
    StateChange, Tenant, Timestamp,
    store::{Store, Sweep},
};
use campanile_sqlite::Sqlite;
use rusqlite::Connection;
use std::{fs, path::Path, time::Duration};

/// All files of a folder, as far as they are text.
fn texts(folder: &Path) -> Vec<String> {
    contents(folder).values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
}

fn mentions(folder: &Path, secret: &str) -> bool {
    texts(folder).iter().any(|text| text.contains(secret))
}

async fn leaves(folder: &Path, secret: &str) {
    let gone = async {
        while mentions(folder, secret) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap_or_else(|_| panic!("{secret} is still there"));
}

#[tokio::test]
async fn the_text_of_what_the_last_inbox_removed_is_nowhere_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = Sqlite::open(&path).unwrap();
    let long = "long-secret".repeat(2000);
    let (short, _) = publish(&store, "short-secret", &["u", "v"]).await;
    let (long, _) = publish(&store, &long, &["u", "v"]).await;
    let (expired, _) = publish(&store, "expired-secret", &["w"]).await;
    for id in [short, long] {
        mark(&store, "u", id, StateChange::REMOVED).await;
    }
    store.close().await;
    assert!(mentions(folder.path(), "short-secret") && mentions(folder.path(), "long-secret"), "v still has them");
    let store = Sqlite::open(&path).unwrap();
    for id in [short, long] {
        mark(&store, "v", id, StateChange::REMOVED).await;
    }
    let sweep = Sweep {
        at: at(20),
        inbox_before: at(10),
        log_before: Timestamp::from_millis(0),
        log_entries: 1000,
        keys_before: Timestamp::from_millis(0),
        batch: 100,
    };
    assert_eq!(ask(|done| store.sweep(sweep, done)).await.unwrap().removed.len(), 1);
    assert_eq!(store.item(crate::kit::user("w"), expired).await.unwrap(), None);
    store.close().await;
    for secret in ["short-secret", "long-secret", "expired-secret"] {
        assert!(!mentions(folder.path(), secret), "{secret}");
    }
}

#[tokio::test]
async fn of_many_texts_of_all_lengths_exactly_those_that_somebody_has_are_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("a.db")).unwrap();
    let mut rng = fastrand::Rng::with_seed(20_261_123);
    let (mut ids, mut kept) = (Vec::new(), Vec::new());
    for n in 0..300 {
        let body = format!("<secret-{n}>{}", "x".repeat(rng.usize(0..6000))) + &format!("<tail-{n}>");
        ids.push(publish(&store, &body, &["u", "v", "w"]).await.0);
    }
    let mut order: Vec<usize> = (0..ids.len()).collect();
    rng.shuffle(&mut order);
    for n in order {
        match rng.u8(0..3) {
            0 => drop(ask(|done| store.withdraw(Tenant::default(), ids[n], at(1), done)).await.unwrap()),
            1 => {
                for name in ["u", "v", "w"] {
                    mark(&store, name, ids[n], StateChange::REMOVED).await;
                }
            }
            _ => {
                mark(&store, "v", ids[n], StateChange::REMOVED).await;
                kept.push(n);
            }
        }
        assert!(store.record(Tenant::default(), ids[n]).await.unwrap().is_some());
    }
    assert!(ask(|done| store.erase(user("u"), done)).await.unwrap());
    store.close().await;
    let texts = texts(folder.path());
    for n in 0..ids.len() {
        for part in ["secret", "tail"] {
            let found = texts.iter().any(|text| text.contains(&format!("<{part}-{n}>")));
            assert_eq!(found, kept.contains(&n), "{part} {n}");
        }
    }
}

#[tokio::test]
async fn nothing_of_an_erased_user_is_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = Sqlite::open(&path).unwrap();
    let others: Vec<String> = (0..500).map(|n| format!("user-{n}")).collect();
    for (n, other) in others.iter().enumerate() {
        open(&store, other).await;
        ask(|done| store.set_member(topic("team"), user(other), true, done)).await.unwrap();
        if n == 250 {
            publish(&store, "their-own-secret", &["erased-name"]).await;
            publish(&store, "shared-words", &["erased-name", "user-0"]).await;
            ask(|done| store.set_member(topic("team"), user("erased-name"), true, done)).await.unwrap();
        }
    }
    store.close().await;
    assert!(mentions(folder.path(), "erased-name") && mentions(folder.path(), "their-own-secret"));
    let store = Sqlite::open(&path).unwrap();
    assert!(ask(|done| store.erase(user("erased-name"), done)).await.unwrap());
    store.close().await;
    assert!(!mentions(folder.path(), "erased-name") && !mentions(folder.path(), "their-own-secret"));
    assert!(mentions(folder.path(), "shared-words"));
}

#[tokio::test]
async fn removed_words_leave_the_files_of_a_running_store_as_soon_as_nobody_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = Sqlite::open(&path).unwrap();
    let (id, _) = publish(&store, "read-secret", &["u"]).await;
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let words = "SELECT body FROM campanile_notification";
    assert_eq!(reader.query_row(words, [], |row| row.get::<_, String>(0)).unwrap(), "read-secret");
    mark(&store, "u", id, StateChange::REMOVED).await;
    publish(&store, "others are not held up", &["u"]).await;
    assert!(mentions(folder.path(), "read-secret"), "the reader still needs them");
    reader.execute_batch("COMMIT").unwrap();
    leaves(folder.path(), "read-secret").await;
    for secret in ["one-more-secret", "and-one-more-secret"] {
        let (id, _) = publish(&store, secret, &["u"]).await;
        mark(&store, "u", id, StateChange::REMOVED).await;
        leaves(folder.path(), secret).await;
    }
    assert!(mentions(folder.path(), "others are not held up"));
    store.close().await;
}

#[tokio::test]
async fn a_log_that_somebody_reads_is_not_made_longer_for_words_that_cannot_leave_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = Sqlite::open(&path).unwrap();
    let long = "x".repeat(20_000);
    let length = || fs::metadata(folder.path().join("a.db-wal")).unwrap().len();
    // Enough for room to be made ahead of it; and on until more was just made, so that none is due for what follows.
    for _ in 0..60 {
        publish(&store, &long, &["u"]).await;
    }
    let made = length();
    let mut more = 0;
    while length() == made {
        publish(&store, &long, &["u"]).await;
        more += 1;
        assert!(more < 60, "no room is made: {made} bytes");
    }
    let (secret, _) = publish(&store, "secret", &["u"]).await;
    let before = length();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM campanile_notification").unwrap();
    mark(&store, "u", secret, StateChange::REMOVED).await;
    publish(&store, "after the attempt to cut it", &["u"]).await;
    // What is made is made after the answer: the next one comes after that.
    publish(&store, "and after that", &["u"]).await;
    assert_eq!(length(), before);
    reader.execute_batch("COMMIT").unwrap();
    leaves(folder.path(), "secret").await;
    store.close().await;
}

#[tokio::test]
async fn words_in_a_log_that_was_left_behind_leave_with_the_next_opening() {
    let (folder, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Sqlite::open(folder.path().join("a.db")).unwrap();
    let (first, _) = publish(&store, "first-secret", &["u"]).await;
    let (second, _) = publish(&store, "second-secret", &["u"]).await;
    mark(&store, "u", first, StateChange::REMOVED).await;
    leaves(folder.path(), "first-secret").await;
    let reader = Connection::open(folder.path().join("a.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM campanile_notification").unwrap();
    mark(&store, "u", second, StateChange::REMOVED).await;
    for name in ["a.db", "a.db-wal"] {
        fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
    }
    reader.execute_batch("COMMIT").unwrap();
    assert!(mentions(left.path(), "second-secret"));
    let again = Sqlite::open(left.path().join("a.db")).unwrap();
    assert!(!again.record(Tenant::default(), second).await.unwrap().unwrap().withdrawn);
    leaves(left.path(), "second-secret").await;
    again.close().await;
    store.close().await;
}
