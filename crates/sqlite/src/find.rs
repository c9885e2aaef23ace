//! Finding an inbox row by its notification.

use crate::rows::{self, int};
use campanile_core::{NotificationId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

/// A row of an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InboxRow {
    pub(crate) seq: u64,
    /// The notification's number.
    pub(crate) n: i64,
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) seen_at: Option<Timestamp>,
    pub(crate) archived_at: Option<Timestamp>,
}

impl InboxRow {
    pub(crate) fn counts_as_unread(&self) -> bool {
        self.read_at.is_none() && self.archived_at.is_none()
    }

    pub(crate) fn counts_as_unseen(&self) -> bool {
        self.seen_at.is_none() && self.archived_at.is_none()
    }
}

/// The number of a notification.
pub(crate) fn number(conn: &Connection, id: NotificationId) -> rusqlite::Result<Option<i64>> {
    let mut found = conn.prepare_cached("SELECT n FROM campanile_notification WHERE id = ?1")?;
    found.query_row([id.to_bytes()], |row| row.get(0)).optional()
}

/// The row of a notification in the inbox of a user whose log reaches up to `head`.
///
/// By bisection: numbers grow with every commit and so, within one inbox, with every seq. 17 probes find one among 100,000, in pages that
/// are in memory. An index on (user, n) would instead be one more page to write for nearly every recipient. Bytes written to disk per
/// publish to one of 1,000 users, checkpoints included (`examples/throughput.rs`, 8 submitters / 64 submitters / batches of 1,000):
/// 10,800 / 6,000 / 3,500 without that index, 16,300 / 11,100 / 6,200 with it.
pub(crate) fn row(conn: &Connection, user: i64, n: i64, head: u64) -> rusqlite::Result<Option<InboxRow>> {
    let mut next = conn.prepare_cached(
        "SELECT seq, n, read_at, seen_at, archived_at FROM campanile_inbox
         WHERE user = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1",
    )?;
    let (mut low, mut high) = (1, head);
    while low <= high {
        let middle = low + (high - low) / 2;
        match next.query_row(params![user, int(middle)], inbox_row).optional()? {
            Some(row) if row.n == n => return Ok(Some(row)),
            Some(row) if row.n < n => low = row.seq + 1,
            _ => high = middle - 1,
        }
    }
    Ok(None)
}

pub(crate) fn inbox_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<InboxRow> {
    Ok(InboxRow {
        seq: rows::unsigned(row, 0)?,
        n: row.get(1)?,
        read_at: rows::time(row, 2)?,
        seen_at: rows::time(row, 3)?,
        archived_at: rows::time(row, 4)?,
    })
}
