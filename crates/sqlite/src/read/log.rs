//! A piece of a log: arrivals from the inbox and other entries from their own table, side by side.

use crate::{
    heads::HeadRow,
    rows::{self, int, notification_columns, unsigned},
};
use campanile_core::{Change, Entry, Recipient, Seq};
use rusqlite::{Connection, Row, Rows, fallible_streaming_iterator::FallibleStreamingIterator, params};

/// The entries after a position, dense and in order.
pub(super) fn entries(
    conn: &Connection,
    who: &Recipient,
    row: &HeadRow,
    after: Seq,
    limit: usize,
    max_bytes: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let last = after.0.saturating_add(limit).min(row.head.seq.0);
    if after < row.head.floor || last <= after.0 {
        return Ok(Vec::new());
    }
    let range = params![row.user, int(after.0), int(last)];
    let mut arrivals = conn.prepare_cached(concat!(
        "SELECT i.seq, ",
        notification_columns!(),
        " FROM campanile_inbox i CROSS JOIN campanile_notification n ON n.n = i.n
         WHERE i.user = ?1 AND i.seq > ?2 AND i.seq <= ?3 ORDER BY i.seq",
    ))?;
    let mut changes = conn.prepare_cached(
        "SELECT seq, kind, value, ids FROM campanile_change WHERE user = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq",
    )?;
    let arrived = |row: &Row<'_>| rows::notification(row, 1, &who.tenant).map(Change::Arrived);
    let mut arrivals = Source::new(arrivals.query(range)?, arrived)?;
    let mut changes = Source::new(changes.query(range)?, |row: &Row<'_>| rows::change(row, 1))?;
    let mut page = Vec::new();
    let mut bytes = 0usize;
    for seq in after.0 + 1..=last {
        let change = match arrivals.take(seq)? {
            Some(change) => change,
            // A hole would be a loss: better no answer than a wrong one.
            None => changes.take(seq)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?,
        };
        if let Change::Arrived(notification) = &change {
            bytes = bytes.saturating_add(notification.body.len());
        }
        page.push(Entry { seq: Seq(seq), change });
        if bytes > max_bytes {
            break;
        }
    }
    Ok(page)
}

/// Rows in the order of their seqs, read one by one.
struct Source<'s, F> {
    rows: Rows<'s>,
    read: F,
    next: Option<u64>,
}

impl<'s, F: Fn(&Row<'_>) -> rusqlite::Result<Change>> Source<'s, F> {
    fn new(rows: Rows<'s>, read: F) -> rusqlite::Result<Self> {
        let mut source = Self { rows, read, next: None };
        source.advance()?;
        Ok(source)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.next = self.rows.next()?.map(|row| unsigned(row, 0)).transpose()?;
        Ok(())
    }

    /// The change with this seq, if it is the next one here.
    fn take(&mut self, seq: u64) -> rusqlite::Result<Option<Change>> {
        if self.next != Some(seq) {
            return Ok(None);
        }
        let Some(row) = self.rows.get() else { return Ok(None) };
        let change = (self.read)(row)?;
        self.advance()?;
        Ok(Some(change))
    }
}
