//! Finding an inbox row by its notification.

use crate::rows;
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

/// The row of a notification in a user's inbox.
///
/// By the recipients, which are stored where little is written for them: an index on the inbox's (user, n) would be one more page to write
/// for nearly every recipient.
pub(crate) fn row(conn: &Connection, user: i64, id: NotificationId) -> rusqlite::Result<Option<InboxRow>> {
    let mut found = conn.prepare_cached(
        "SELECT i.seq, i.n, i.read_at, i.seen_at, i.archived_at
         FROM campanile_notification n
         CROSS JOIN campanile_inbox i ON i.user = ?2 AND i.seq = iif(n.sole_user = ?2, n.sole_seq,
             (SELECT r.seq FROM campanile_recipient r WHERE r.n = n.n AND r.user = ?2))
         WHERE n.id = ?1",
    )?;
    found.query_row(params![id.to_bytes(), user], |row| inbox_row(row, 0)).optional()
}

/// Reads `seq`, `n`, `read_at`, `seen_at`, `archived_at`, beginning at `at`.
pub(crate) fn inbox_row(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<InboxRow> {
    Ok(InboxRow {
        seq: rows::unsigned(row, at)?,
        n: row.get(at + 1)?,
        read_at: rows::time(row, at + 2)?,
        seen_at: rows::time(row, at + 3)?,
        archived_at: rows::time(row, at + 4)?,
    })
}
