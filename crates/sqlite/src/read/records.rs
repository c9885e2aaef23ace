//! What became of what was published, who is in a topic, what is revoked.

use crate::rows::{self, notification_columns, size, unsigned};
use campanile_core::{
    NotificationId, Recipient, Seq, Tenant, Timestamp, Topic, UserId,
    store::{NamePage, RecipientRecord, Record},
};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) fn record(conn: &Connection, tenant: &Tenant, id: NotificationId) -> rusqlite::Result<Option<Record>> {
    let mut found = conn.prepare_cached(concat!(
        "SELECT n.n, n.recipients, n.read_and_left, n.withdrawn, ",
        notification_columns!(),
        " FROM campanile_notification n CROSS JOIN campanile_tenant t ON t.tenant = n.tenant
         WHERE n.id = ?1 AND t.name = ?2",
    ))?;
    let found = found.query_row(params![id.to_bytes(), tenant.as_str()], |row| {
        let (recipients, read, withdrawn) = (size(row, 1)?, size(row, 2)?, row.get(3)?);
        let notification = rows::notification(row, 4, tenant)?;
        Ok((row.get(0)?, Record { notification, withdrawn, recipients, read }))
    });
    let Some((n, mut record)) = found.optional()? else { return Ok(None) };
    record.read += still_read(conn, n)?;
    Ok(Some(record))
}

/// How many have read it and have it still.
fn still_read(conn: &Connection, n: i64) -> rusqlite::Result<usize> {
    let mut count = conn.prepare_cached(
        "SELECT count(*) FROM campanile_recipients r
         CROSS JOIN campanile_inbox i ON i.user = r.user AND i.seq = r.seq
         WHERE r.n = ?1 AND i.read_at IS NOT NULL",
    )?;
    count.query_row([n], |row| size(row, 0))
}

pub(super) fn recipients(
    conn: &Connection,
    tenant: &Tenant,
    id: NotificationId,
    after: Option<&UserId>,
    limit: usize,
) -> rusqlite::Result<Option<NamePage<RecipientRecord>>> {
    let mut found = conn.prepare_cached(
        "SELECT n.n FROM campanile_notification n CROSS JOIN campanile_tenant t ON t.tenant = n.tenant
         WHERE n.id = ?1 AND t.name = ?2",
    )?;
    let found = found.query_row(params![id.to_bytes(), tenant.as_str()], |row| row.get::<_, i64>(0)).optional()?;
    let Some(n) = found else { return Ok(None) };
    // Those whose user is erased have no name any more.
    let sql = "SELECT u.name, r.seq, i.read_at, i.seen_at, i.archived_at, i.seq IS NULL
               FROM campanile_recipients r
               CROSS JOIN campanile_user u ON u.user = r.user
               LEFT JOIN campanile_inbox i ON i.user = r.user AND i.seq = r.seq
               WHERE r.n = ?1 AND u.name > ?2 ORDER BY u.name LIMIT ?3";
    page(conn, sql, params![n, name(after), one_more(limit)], limit, recipient).map(Some)
}

fn recipient(row: &Row<'_>) -> rusqlite::Result<RecipientRecord> {
    Ok(RecipientRecord {
        user: rows::user_id(row, 0)?,
        seq: Seq(unsigned(row, 1)?),
        read_at: rows::time(row, 2)?,
        seen_at: rows::time(row, 3)?,
        archived_at: rows::time(row, 4)?,
        removed: row.get(5)?,
    })
}

pub(super) fn members(
    conn: &Connection,
    tenant: &Tenant,
    topic: &Topic,
    after: Option<&UserId>,
    limit: usize,
) -> rusqlite::Result<NamePage<UserId>> {
    let sql = "SELECT m.name FROM campanile_tenant t
               CROSS JOIN campanile_topic p ON p.tenant = t.tenant
               CROSS JOIN campanile_member m ON m.topic = p.topic
               WHERE t.name = ?1 AND p.name = ?2 AND m.name > ?3 ORDER BY m.name LIMIT ?4";
    let asked = params![tenant.as_str(), topic.as_str(), name(after), one_more(limit)];
    page(conn, sql, asked, limit, |row| rows::user_id(row, 0))
}

/// What comes before every name: none is empty.
fn name(after: Option<&UserId>) -> &str {
    after.map_or("", UserId::as_str)
}

/// One more than asked, to know whether there is one more.
fn one_more(limit: usize) -> i64 {
    rows::count(limit.saturating_add(1))
}

fn page<T>(
    conn: &Connection,
    sql: &str,
    asked: &[&dyn rusqlite::ToSql],
    limit: usize,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<NamePage<T>> {
    let mut found = conn.prepare_cached(sql)?;
    let mut items = found.query_map(asked, read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(NamePage { items, more })
}

pub(super) fn revocations(conn: &Connection) -> rusqlite::Result<Vec<(Recipient, Timestamp)>> {
    let mut found = conn.prepare_cached(
        "SELECT t.name, r.name, r.issued_before FROM campanile_revocation r
         CROSS JOIN campanile_tenant t ON t.tenant = r.tenant",
    )?;
    let found = found.query_map([], |row| Ok((rows::recipient(row, 0, 1)?, Timestamp::from_millis(row.get(2)?))))?;
    found.collect()
}
