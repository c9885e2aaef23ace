//! Taking a notification back out of every inbox.

use super::{Request, Work};
use crate::{
    error::Failure,
    find::{self, InboxRow},
    rows,
};
use campanile_core::{
    Change, NotificationId, Recipient, StateChange, Tenant, Timestamp,
    store::{Appended, Withdrawn},
};
use rusqlite::{OptionalExtension, params};

/// Takes a tenant's notification back.
pub(crate) struct Withdraw {
    pub(crate) tenant: Tenant,
    pub(crate) id: NotificationId,
    pub(crate) at: Timestamp,
}

impl Request for Withdraw {
    type Answer = Withdrawn;

    fn apply(&self, work: &mut Work<'_>) -> Result<Withdrawn, Failure> {
        let Some((n, occurred_at)) = work.published(&self.tenant, self.id)? else { return Ok(Withdrawn::default()) };
        let holders = work.holders(n)?;
        let read = holders.iter().filter(|(_, item)| item.read_at.is_some()).count();
        let sql = "UPDATE campanile_notification
                   SET withdrawn = 1, inboxes = 0, read_and_left = read_and_left + ?2, body = '' WHERE n = ?1";
        work.execute(sql, params![n, rows::count(read)])?;
        work.memory.words_gone = true;
        let change = Change::Updated { ids: vec![self.id], state: StateChange::REMOVED };
        let mut removed = Vec::with_capacity(holders.len());
        for (user, item) in holders {
            let recipient = Recipient::new(self.tenant.clone(), user);
            let mut row = work.head(&recipient)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            work.take_out(&mut row, &item, self.id, occurred_at)?;
            work.append(&mut row, &change, self.at)?;
            work.memory.heads.set(&recipient, row);
            removed.push((Appended { recipient, head: row.head }, change.clone()));
        }
        Ok(Withdrawn { found: true, removed })
    }
}

impl Work<'_> {
    /// A tenant's notification's number, and when it was published.
    fn published(&self, tenant: &Tenant, id: NotificationId) -> rusqlite::Result<Option<(i64, Timestamp)>> {
        let mut found = self.conn.prepare_cached(
            "SELECT n.n, n.occurred_at FROM campanile_notification n
             CROSS JOIN campanile_tenant t ON t.tenant = n.tenant
             WHERE n.id = ?1 AND t.name = ?2",
        )?;
        let found = found.query_row(params![id.to_bytes(), tenant.as_str()], |row| {
            Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?)))
        });
        found.optional()
    }

    /// The users in whose inboxes a notification is, by name.
    fn holders(&self, n: i64) -> rusqlite::Result<Vec<(campanile_core::UserId, InboxRow)>> {
        let mut found = self.conn.prepare_cached(
            "SELECT u.name, i.seq, i.n, i.read_at, i.seen_at, i.archived_at FROM campanile_recipients r
             CROSS JOIN campanile_inbox i ON i.user = r.user AND i.seq = r.seq
             CROSS JOIN campanile_user u ON u.user = r.user
             WHERE r.n = ?1 ORDER BY u.name",
        )?;
        let found = found.query_map([n], |row| Ok((rows::user_id(row, 0)?, find::inbox_row(row, 1)?)))?;
        found.collect()
    }
}
