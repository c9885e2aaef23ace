//! The tables and their version.
//!
//! Everything is named `campanile_…`, because the tables may live in an application's own file. For the same reason the version is a row
//! in `campanile_meta` and not `PRAGMA user_version`: that number belongs to the application, which may keep its own version there.
//!
//! What is written per arrival decides how fast the store is. So:
//!
//! - an inbox row, clustered on (user, seq) with integer users, *is* the arrival's entry in the log; only other entries have rows of their
//!   own, in `campanile_change`;
//! - a notification's words are stored once, in the order of commits, so that its pages fill one after the other;
//! - counts and floors live in the head row. `read_floor`: everything up to it is read or archived; `seen_floor`: everything up to it is
//!   seen; a mark over a range looks only above them. `inbox_at`: nothing in the inbox arrived earlier; `log_at`: when the oldest entry of
//!   the log was made. The retention finds its work by their indexes, which a publish touches only when a log or an inbox was empty;
//! - who got a notification, and where, is in `campanile_recipient`, which grows at its end like the notifications; of one with a single
//!   recipient it is in its own row (`sole_user`, `sole_seq`), which costs no page. The view `campanile_recipients` is both.
//!
//! A notification's row stays, without its words, after the last inbox let go of it (`inboxes` 0), until it is too old. `read_and_left`
//! counts those who had read it when it left their inboxes. A user's number is never given again (`erased` is the highest one that an erased
//! user had), so that the places as a recipient which an erased user leaves behind mean nobody, until they go with their notification.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

/// The newest version of the tables that this code knows.
pub(crate) const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE campanile_meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    probe BLOB,
    erased INTEGER NOT NULL DEFAULT 0
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
    body TEXT NOT NULL,
    recipients INTEGER NOT NULL DEFAULT 0,
    read_and_left INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    sole_user INTEGER,
    sole_seq INTEGER
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
";

/// The tables that version 2 brought (and a view, which reads columns that it brought, too).
const TABLES_2: &str = "
CREATE TABLE campanile_recipient (
    n INTEGER NOT NULL,
    user INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (n, user)
) STRICT, WITHOUT ROWID;
CREATE VIEW campanile_recipients (n, user, seq) AS
    SELECT n, user, seq FROM campanile_recipient
    UNION ALL SELECT n, sole_user, sole_seq FROM campanile_notification WHERE sole_user IS NOT NULL;
CREATE TABLE campanile_key (
    tenant INTEGER NOT NULL,
    credential TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    notification BLOB NOT NULL,
    recipients INTEGER NOT NULL,
    PRIMARY KEY (tenant, credential, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX campanile_key_at ON campanile_key (at);
CREATE TABLE campanile_topic (
    topic INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (tenant, name)
) STRICT;
CREATE TABLE campanile_member (
    topic INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (topic, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX campanile_member_name ON campanile_member (name);
CREATE TABLE campanile_revocation (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    issued_before INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
";

/// The columns that version 2 brought.
const COLUMNS_2: &str = "
ALTER TABLE campanile_meta ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campanile_notification ADD COLUMN recipients INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campanile_notification ADD COLUMN read_and_left INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campanile_notification ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campanile_notification ADD COLUMN sole_user INTEGER;
ALTER TABLE campanile_notification ADD COLUMN sole_seq INTEGER;
";

/// What version 2 knows of what version 1 stored. How many a notification was published to it does not: only how many still have it.
const ROWS_2: &str = "
UPDATE campanile_notification SET recipients = inboxes;
INSERT INTO campanile_recipient (n, user, seq) SELECT n, user, seq FROM campanile_inbox ORDER BY n, user;
UPDATE campanile_meta SET version = 2;
";

/// The version of the tables in a file; 0 if there are none.
pub(crate) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'campanile_meta'";
    if conn.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    conn.query_row("SELECT version FROM campanile_meta", [], |row| row.get(0))
}

/// Makes the tables if there are none, brings those of an older version up to date, and answers the store's generation. One transaction.
pub(crate) fn prepare(conn: &mut Connection, fresh_generation: u64) -> rusqlite::Result<u64> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match version(&tx)? {
        0 => create(&tx, fresh_generation)?,
        1 => migrate(&tx)?,
        _ => {}
    }
    let generation: i64 = tx.query_row("SELECT generation FROM campanile_meta", [], |row| row.get(0))?;
    tx.commit()?;
    Ok(generation.cast_unsigned())
}

fn migrate(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    tracing::info!("the tables are brought from version 1 to version 2");
    tx.execute_batch(COLUMNS_2)?;
    tx.execute_batch(TABLES_2)?;
    tx.execute_batch(ROWS_2)
}

/// Begins another life of a store: every epoch becomes another one.
pub(crate) fn set_generation(conn: &Connection, generation: u64) -> rusqlite::Result<()> {
    conn.execute("UPDATE campanile_meta SET generation = ?1", [generation.cast_signed()])?;
    Ok(())
}

fn create(tx: &Transaction<'_>, generation: u64) -> rusqlite::Result<()> {
    tx.execute_batch(TABLES)?;
    tx.execute_batch(TABLES_2)?;
    tx.execute(
        "INSERT INTO campanile_meta (one, version, generation) VALUES (1, ?1, ?2)",
        params![VERSION, generation.cast_signed()],
    )?;
    Ok(())
}
