//! Connections, each set up for its role.

use rusqlite::{Connection, OpenFlags};
use std::{path::Path, time::Duration};

/// How long a write waits for another program's write to the same file (an application's own tables).
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// Statements kept ready per connection: more than there are.
const STATEMENTS: usize = 64;

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // Each connection belongs to one thread: SQLite's own mutexes are not needed.
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "trusted_schema", false)?;
    Ok(conn)
}

/// The one that writes: synced at every commit, never stopping for a checkpoint of SQLite's choice.
///
/// `secure_delete` zeroes what is deleted, in pages that go free too: a removed text is not left in the file.
pub(crate) fn writer(path: &Path, cache_kib: u32) -> rusqlite::Result<Connection> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        tracing::warn!(mode, "the database has no write-ahead log: readers and the writer wait for each other");
    }
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "secure_delete", true)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    Ok(conn)
}

/// One that only reads.
pub(crate) fn reader(path: &Path, cache_kib: u32) -> rusqlite::Result<Connection> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    Ok(conn)
}

/// One that a copy is made from. It takes part in SQLite's own locking only, so it may come beside a running server's.
pub(crate) fn source(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// One that a copy is made into, which is synced as a whole when it is done.
pub(crate) fn copy(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.pragma_update(None, "synchronous", "off")?;
    Ok(conn)
}

/// The one that moves the write-ahead log into the database.
pub(crate) fn checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "synchronous", "full")?;
    Ok(conn)
}
