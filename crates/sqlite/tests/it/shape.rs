//! How the files behave under load.

use crate::kit::{log, publish, user};
use campanile_core::store::Store;
use campanile_sqlite::{Sqlite, SqliteOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_ahead_log_stays_bounded_while_nobody_ever_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = Sqlite::open_with(&path, SqliteOptions { wal_kib: 512, ..SqliteOptions::default() }).unwrap();
    let body = "x".repeat(1000);
    let writers = (0..4).map(|n| {
        let (store, body) = (store.clone(), body.clone());
        tokio::spawn(async move {
            for _ in 0..500 {
                publish(&store, &body, &[&format!("user-{n}")]).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let size = std::fs::metadata(folder.path().join("a.db-wal")).unwrap().len();
    assert!((64 * 1024..2048 * 1024).contains(&size), "{size} bytes");
    assert_eq!(log(&store, "user-3").await.head.seq.0, 500);
    store.close().await;
}

#[tokio::test]
async fn reads_beyond_the_queue_are_refused_and_the_others_answered() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { readers: 1, read_queue: 4, ..SqliteOptions::default() };
    let store = Sqlite::open_with(folder.path().join("a.db"), options).unwrap();
    let asked: Vec<_> = (0..200).map(|_| store.heads(vec![user("u"); 2000])).collect();
    let answers = futures_util::future::join_all(asked).await;
    let refused =
        answers.iter().filter(|answer| matches!(answer, Err(campanile_core::store::StoreError::Busy))).count();
    assert!((1..200).contains(&refused), "{refused} of 200");
    assert_eq!(store.metrics().unwrap().busy.get(), u64::try_from(refused).unwrap());
    store.close().await;
}

/// What a machine that lost power leaves behind: the files as they are, the log with the room that was made in it.
#[tokio::test]
async fn room_made_in_the_write_ahead_log_is_no_part_of_it() {
    const PUBLISHES: u64 = 120;
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Sqlite::open(folder.path().join("a.db")).unwrap();
    let log_file = folder.path().join("a.db-wal");
    let length = || std::fs::metadata(&log_file).unwrap().len();
    publish(&store, "a", &["u"]).await;
    assert!(length() < 1024 * 1024, "a small log is left alone, this one has {} bytes", length());
    for _ in 1..PUBLISHES {
        publish(&store, &"x".repeat(1000), &["u"]).await;
    }
    // Room was made long before the last of them, and more than they need.
    let zeros = std::fs::read(&log_file).unwrap().iter().rev().take_while(|byte| **byte == 0).count();
    assert!(zeros >= 512 * 1024, "{zeros} of {} bytes", length());
    for name in ["a.db", "a.db-wal"] {
        std::fs::copy(folder.path().join(name), other.path().join(name)).unwrap();
    }
    let copy = Sqlite::open(other.path().join("a.db")).unwrap();
    assert_eq!(log(&copy, "u").await.head.seq.0, PUBLISHES);
    assert_eq!(log(&store, "u").await.head.seq.0, PUBLISHES);
    copy.close().await;
    store.close().await;
}
