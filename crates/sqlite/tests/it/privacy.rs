//! What is removed is gone from the files, too.

use crate::kit::{ask, at, contents, mark, publish};
use campanile_core::{
    StateChange, Timestamp,
    store::{Store, Sweep},
};
use campanile_sqlite::Sqlite;
use std::path::Path;

fn mentions(folder: &Path, secret: &str) -> bool {
    contents(folder).values().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
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
