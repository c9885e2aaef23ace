//! A file of an older version becomes one of this version, with all that is in it.

use crate::kit::{ask, at, contents, log, publish, user};
use campanile_core::{
    Change, Counts, NotificationId, Seq, StateChange, Tenant, UpToState,
    store::{InboxQuery, InboxStatus, Store},
};
use campanile_sqlite::{OpenError, Sqlite};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The tables as version 1 made them.
const TABLES_1: &str = "
CREATE TABLE campanile_meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    probe BLOB
) STRICT;
CREATE TABLE campanile_tenant (
    tenant INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE campanile_user (
    user INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (tenant, name)
) STRICT;
CREATE TABLE campanile_head (
    user INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    unseen INTEGER NOT NULL DEFAULT 0,
    read_floor INTEGER NOT NULL DEFAULT 0,
    seen_floor INTEGER NOT NULL DEFAULT 0,
    inbox_at INTEGER,
    log_at INTEGER
) STRICT;
CREATE INDEX campanile_head_inbox_at ON campanile_head (inbox_at) WHERE inbox_at IS NOT NULL;
CREATE INDEX campanile_head_log_at ON campanile_head (log_at) WHERE log_at IS NOT NULL;
CREATE TABLE campanile_notification (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    tenant INTEGER NOT NULL,
    inboxes INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX campanile_notification_nobodys ON campanile_notification (occurred_at) WHERE inboxes = 0;
CREATE TABLE campanile_inbox (
    user INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    read_at INTEGER,
    seen_at INTEGER,
    archived_at INTEGER,
    PRIMARY KEY (user, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE campanile_change (
    user INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    value INTEGER NOT NULL,
    ids BLOB,
    PRIMARY KEY (user, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO campanile_meta (one, version, generation) VALUES (1, 1, 4711);
";

fn id(n: u8) -> NotificationId {
    NotificationId::from_bytes([n; 16])
}

/// What version 1 left: u got 1, 2 and 3, read 1 and removed 2; v got 1 and 3 and has seen up to 1; nobody got 4.
fn version_1() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let conn = Connection::open(&path).unwrap();
    conn.pragma_update(None, "journal_mode", "wal").unwrap();
    conn.execute_batch(TABLES_1).unwrap();
    conn.execute("INSERT INTO campanile_tenant VALUES (1, 'default')", []).unwrap();
    let (t, later) = (at(0).as_millis(), at(1).as_millis());
    for (user, name, epoch, seq, unread, unseen) in [(1, "u", 77, 5, 1, 1), (2, "v", 88, 3, 2, 1)] {
        conn.execute("INSERT INTO campanile_user VALUES (?1, 1, ?2)", params![user, name]).unwrap();
        conn.execute(
            "INSERT INTO campanile_head VALUES (?1, ?2, ?3, 0, ?4, ?5, 0, 0, ?6, ?6)",
            params![user, epoch, seq, unread, unseen, t],
        )
        .unwrap();
    }
    for (n, inboxes) in [(1, 2), (3, 2), (4, 0)] {
        let sql = "INSERT INTO campanile_notification VALUES (?1, ?2, 1, ?3, ?4, 2, 'old.type', ?5)";
        let body = format!(r#"{{"n":{n}}}"#);
        conn.execute(sql, params![n, id(n).to_bytes(), inboxes, t, body]).unwrap();
    }
    for (user, seq, n, read) in [(1, 1, 1, Some(later)), (1, 3, 3, None), (2, 1, 1, None), (2, 2, 3, None)] {
        let seen = read.or_else(|| (user == 2 && seq == 1).then_some(later));
        let sql = "INSERT INTO campanile_inbox VALUES (?1, ?2, ?3, ?4, ?5, NULL)";
        conn.execute(sql, params![user, seq, n, read, seen]).unwrap();
    }
    // Gone 2; updated 1 to read; updated 2 to removed; up to 1 seen.
    let changes: [(i64, i64, i64, i64, Option<u8>); 4] =
        [(1, 2, 0, 0, Some(2)), (1, 4, 1, 2, Some(1)), (1, 5, 1, 32, Some(2)), (2, 3, 3, 1, None)];
    for (user, seq, kind, value, one) in changes {
        let sql = "INSERT INTO campanile_change VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let ids = one.map(|n| id(n).to_bytes().to_vec());
        conn.execute(sql, params![user, seq, later, kind, value, ids]).unwrap();
    }
    conn.close().unwrap();
    (folder, path)
}

fn version(path: &Path) -> i64 {
    let conn = Connection::open(path).unwrap();
    conn.query_row("SELECT version FROM campanile_meta", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_file_of_version_1_is_brought_up_to_date_with_all_that_is_in_it() {
    let (_folder, path) = version_1();
    let store = Sqlite::open(&path).unwrap();
    let page = log(&store, "u").await;
    assert_eq!(page.head.counts, Counts { unread: 1, unseen: 1 });
    let changes: Vec<Change> = page.entries.into_iter().map(|entry| entry.change).collect();
    let [Change::Arrived(one), Change::Gone(two), Change::Arrived(three), read, removed] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!((one.id, &*one.body, *two, three.id), (id(1), r#"{"n":1}"#, id(2), id(3)));
    assert_eq!(*read, Change::Updated { ids: vec![id(1)], state: StateChange::read(true) });
    assert_eq!(*removed, Change::Updated { ids: vec![id(2)], state: StateChange::REMOVED });
    let of_v = log(&store, "v").await;
    assert_eq!(of_v.entries[2].change, Change::UpTo { up_to: Seq(1), state: UpToState::Seen });
    assert_ne!(page.head.epoch, of_v.head.epoch);
    let query = InboxQuery { limit: 9, status: InboxStatus::Unread, ..InboxQuery::default() };
    let unread = store.inbox(user("v"), query).await.unwrap().unwrap();
    assert_eq!(unread.items.iter().map(|item| item.notification.id).collect::<Vec<_>>(), [id(3), id(1)]);
    let record = store.record(Tenant::default(), id(1)).await.unwrap().unwrap();
    assert_eq!((record.recipients, record.read, record.withdrawn), (2, 1, false));
    let nobodys = store.record(Tenant::default(), id(4)).await.unwrap().unwrap();
    assert_eq!((nobodys.recipients, nobodys.read), (0, 0));
    store.close().await;
    assert_eq!(version(&path), 2);
}

#[tokio::test]
async fn a_file_that_was_brought_up_to_date_does_everything_that_a_new_one_does() {
    let (_folder, path) = version_1();
    let store = Sqlite::open(&path).unwrap();
    let first = log(&store, "u").await.head.epoch;
    publish(&store, "new", &["u", "w"]).await;
    let withdrawn = ask(|done| store.withdraw(Tenant::default(), id(3), at(9), done)).await.unwrap();
    let who: Vec<_> = withdrawn.removed.iter().map(|(one, _)| one.recipient.user.as_str()).collect();
    assert_eq!(who, ["u", "v"]);
    let marked = crate::kit::mark(&store, "v", id(1), StateChange::read(true)).await;
    assert!(marked.entry.is_some());
    assert!(ask(|done| store.erase(user("v"), done)).await.unwrap());
    let recipients = store.recipients(Tenant::default(), id(1), None, 9).await.unwrap().unwrap();
    assert_eq!(recipients.items.iter().map(|one| one.user.as_str()).collect::<Vec<_>>(), ["u"]);
    let record = store.record(Tenant::default(), id(1)).await.unwrap().unwrap();
    assert_eq!((record.recipients, record.read), (2, 2));
    store.close().await;
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(log(&store, "u").await.head.epoch, first);
    store.close().await;
    let conn = Connection::open(&path).unwrap();
    assert_eq!(conn.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
}

#[tokio::test]
async fn tables_and_columns_are_the_same_by_either_way() {
    let (folder, path) = version_1();
    let fresh = folder.path().join("fresh.db");
    for path in [&path, &fresh] {
        Sqlite::open(path).unwrap().close().await;
    }
    let columns = |path: &Path| {
        let conn = Connection::open(path).unwrap();
        let sql = "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || coalesce(c.dflt_value, '')
                   FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.name LIKE 'campanile_%' ORDER BY m.name, c.cid";
        let mut found = conn.prepare(sql).unwrap();
        let found = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
        found.map(Result::unwrap).collect::<Vec<_>>()
    };
    let fresh = columns(&fresh);
    assert!(fresh.len() > 40);
    assert_eq!(columns(&path), fresh);
}

#[tokio::test]
async fn what_fails_half_way_leaves_the_old_version_as_it_was() {
    let (folder, path) = version_1();
    // Something of this name is in the way of the last tables.
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE campanile_revocation (mine)").unwrap();
    conn.close().unwrap();
    let why = Sqlite::open(&path).unwrap_err();
    assert!(matches!(why, OpenError::Failed { .. }), "{why}");
    assert_eq!(version(&path), 1);
    let conn = Connection::open(&path).unwrap();
    let ours = "SELECT count(*) FROM sqlite_master WHERE name IN ('campanile_recipient', 'campanile_key')";
    assert_eq!(conn.query_row(ours, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    conn.execute_batch("DROP TABLE campanile_revocation").unwrap();
    conn.close().unwrap();
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(log(&store, "u").await.entries.len(), 5);
    store.close().await;
    assert_eq!(contents(folder.path()).len(), 1);
}

#[tokio::test]
async fn an_older_file_is_copied_as_it_is_and_can_begin_another_life() {
    let (folder, path) = version_1();
    let copy = folder.path().join("copy.db");
    Sqlite::backup(&path, &copy).unwrap();
    Sqlite::new_epoch(&path).unwrap();
    assert_eq!((version(&path), version(&copy)), (1, 1));
    let generation = |path: &Path| {
        let conn = Connection::open(path).unwrap();
        conn.query_row("SELECT generation FROM campanile_meta", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert!(generation(&path) != 4711 && generation(&copy) != 4711 && generation(&path) != generation(&copy));
    let store = Sqlite::open(&copy).unwrap();
    assert_eq!(log(&store, "v").await.entries.len(), 3);
    store.close().await;
}
