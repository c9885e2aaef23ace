//! Pages and single items of an inbox.

use crate::{
    find,
    heads::HeadRow,
    rows::{self, int, notification_columns, severity_code, unsigned},
};
use campanile_core::{
    NotificationId, Recipient, Seq, Tenant,
    store::{InboxPage, InboxQuery, InboxStatus, Item},
};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The query for a state; one text each, so that each is prepared once.
macro_rules! page_sql {
    ($status:literal) => {
        concat!(
            "SELECT i.seq, i.read_at, i.seen_at, i.archived_at, ",
            notification_columns!(),
            " FROM campanile_inbox i CROSS JOIN campanile_notification n ON n.n = i.n
             WHERE i.user = ?1 AND i.seq < ?2 AND ",
            $status,
            " AND (?3 IS NULL OR n.type = ?3) AND (?4 IS NULL OR n.severity = ?4)
             ORDER BY i.seq DESC LIMIT ?5",
        )
    };
}

fn sql(status: InboxStatus) -> &'static str {
    match status {
        InboxStatus::All => page_sql!("i.archived_at IS NULL"),
        InboxStatus::Unread => page_sql!("i.archived_at IS NULL AND i.read_at IS NULL"),
        InboxStatus::Read => page_sql!("i.archived_at IS NULL AND i.read_at IS NOT NULL"),
        InboxStatus::Archived => page_sql!("i.archived_at IS NOT NULL"),
    }
}

pub(super) fn page(
    conn: &Connection,
    who: &Recipient,
    row: &HeadRow,
    query: &InboxQuery,
) -> rusqlite::Result<InboxPage> {
    if query.status == InboxStatus::Unread && row.head.counts.unread == 0 {
        return Ok(InboxPage { items: Vec::new(), more: false, head: row.head });
    }
    let before = query.before.map_or(i64::MAX, |seq| int(seq.0));
    let type_name = query.type_name.as_ref().map(|name| name.as_str());
    let severity = query.severity.map(severity_code);
    // One more than asked, to know whether there is one more.
    let limit = i64::try_from(query.limit.saturating_add(1)).unwrap_or(i64::MAX);
    let mut found = conn.prepare_cached(sql(query.status))?;
    let found = found.query_map(params![row.user, before, type_name, severity, limit], |r| item_of(r, &who.tenant))?;
    let mut items = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let more = items.len() > query.limit;
    items.truncate(query.limit);
    Ok(InboxPage { items, more, head: row.head })
}

pub(super) fn item(
    conn: &Connection,
    who: &Recipient,
    row: &HeadRow,
    id: NotificationId,
) -> rusqlite::Result<Option<Item>> {
    let Some(place) = find::row(conn, row.user, id)? else { return Ok(None) };
    let mut found = conn.prepare_cached(concat!(
        "SELECT i.seq, i.read_at, i.seen_at, i.archived_at, ",
        notification_columns!(),
        " FROM campanile_inbox i CROSS JOIN campanile_notification n ON n.n = i.n
         WHERE i.user = ?1 AND i.seq = ?2",
    ))?;
    found.query_row(params![row.user, int(place.seq)], |row| item_of(row, &who.tenant)).optional()
}

fn item_of(row: &Row<'_>, tenant: &Tenant) -> rusqlite::Result<Item> {
    Ok(Item {
        seq: Seq(unsigned(row, 0)?),
        read_at: rows::time(row, 1)?,
        seen_at: rows::time(row, 2)?,
        archived_at: rows::time(row, 3)?,
        notification: rows::notification(row, 4, tenant)?,
    })
}
