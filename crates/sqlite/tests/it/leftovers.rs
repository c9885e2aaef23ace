//! Nothing piles up, and no number means two things: seen in the tables themselves, and after a restart.

use crate::kit::{ask, assert_whole, at, log, mark, publish, stored, to_users, topic, user};
use campanile_core::{
    StateChange, Tenant,
    store::{Idempotency, Publish, Store, Sweep},
};
use campanile_sqlite::Sqlite;
use rusqlite::Connection;
use std::path::Path;

/// How many rows each table has.
fn rows(path: &Path) -> Vec<(String, i64)> {
    let conn = Connection::open(path).unwrap();
    let mut tables = conn.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    let count = |table: &str| conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    tables.map(|table| (table.clone(), count(&table))).collect()
}

async fn sweep_all(store: &Sqlite, sweep: Sweep) {
    while ask(|done| store.sweep(sweep, done)).await.unwrap().more {}
}

#[tokio::test]
async fn what_is_over_leaves_no_rows_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let everything =
        Sweep { at: at(100), inbox_before: at(50), log_before: at(200), log_entries: 0, keys_before: at(50), batch: 7 };
    let names: Vec<String> = (0..21).map(|n| format!("user-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for round in 0..3 {
        let store = Sqlite::open(&path).unwrap();
        for some in [&names[..], &names[..7], &names[..1], &[]] {
            let (id, _) = publish(&store, "x", some).await;
            if round == 1 {
                ask(|done| store.withdraw(Tenant::default(), id, at(1), done)).await.unwrap();
            }
        }
        for n in 0..20 {
            let key = Idempotency { credential: "c".into(), key: n.to_string(), digest: [0; 32] };
            let publish =
                Publish { idempotency: Some(key), ..to_users(crate::kit::notification("x"), vec![user("user-0")]) };
            stored(ask(|done| store.publish(publish, done)).await.unwrap());
        }
        for name in &names {
            ask(|done| store.set_member(topic(name), user(name), true, done)).await.unwrap();
        }
        assert_whole(&log(&store, "user-20").await);
        sweep_all(&store, everything).await;
        if round == 2 {
            for name in &names {
                ask(|done| store.erase(user(name), done)).await.unwrap();
            }
        } else {
            for name in &names {
                ask(|done| store.set_member(topic(name), user(name), false, done)).await.unwrap();
            }
            // Else the next round's log does not begin at its first entry.
            ask(|done| store.erase(user("user-20"), done)).await.unwrap();
        }
        store.close().await;
        let left: Vec<_> = rows(&path).into_iter().filter(|(_, n)| *n > 0).map(|(table, _)| table).collect();
        let heads = ["campanile_head", "campanile_meta", "campanile_tenant", "campanile_user"];
        let expected = if round == 2 { &["campanile_meta", "campanile_tenant"][..] } else { &heads };
        assert_eq!(left, expected, "round {round}");
    }
}

#[tokio::test]
async fn a_number_that_an_erased_user_had_is_nobodys_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let (mut shared, mut own) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let store = Sqlite::open(&path).unwrap();
        let name = format!("guest-{round}");
        shared.push(publish(&store, "shared", &["u", &name]).await.0);
        own.push(publish(&store, "own", &[&name]).await.0);
        mark(&store, &name, shared[round], StateChange::REMOVED).await;
        for (n, id) in shared.iter().enumerate() {
            let recipients = store.recipients(Tenant::default(), *id, None, 9).await.unwrap().unwrap().items;
            let names: Vec<&str> = recipients.iter().map(|one| one.user.as_str()).collect();
            assert_eq!(names, if n == round { vec![name.as_str(), "u"] } else { vec!["u"] });
            let theirs = store.recipients(Tenant::default(), own[n], None, 9).await.unwrap().unwrap().items;
            assert_eq!(theirs.len(), usize::from(n == round));
        }
        assert!(ask(|done| store.erase(user(&name), done)).await.unwrap());
        store.close().await;
    }
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(log(&store, "u").await.head.seq.0, 3);
    store.close().await;
}
