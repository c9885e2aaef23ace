//! Retention, in bounded pieces.
//!
//! Whose inbox or log holds something too old is known by the indexes on the heads' `inbox_at` and `log_at`. Whose log is too long is
//! not: that would be an index to update with every entry. It is found by a walk over all heads, [`WINDOW`] users per call.

use super::{Request, Work};
use crate::{
    error::Failure,
    find::{self, InboxRow},
    heads::HeadRow,
    rows::{self, count, int},
};
use campanile_core::{
    Change, NotificationId, Recipient, Seq, StateChange, Timestamp,
    store::{Appended, Sweep, Swept},
};
use rusqlite::{OptionalExtension, params};

/// The most ids in one removal: as many as one mark may name.
const IDS_PER_REMOVAL: usize = 100;

/// How many users one call looks at for long logs: about a millisecond.
const WINDOW: i64 = 10_000;

/// A walk over all users, continued from call to call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Walk {
    entries: u64,
    after: i64,
}

/// What one call may still touch.
struct Budget {
    items: usize,
    entries: usize,
    users: usize,
}

impl Budget {
    fn is_spent(&self) -> bool {
        self.items == 0 || self.entries == 0 || self.users == 0
    }
}

impl Request for Sweep {
    type Answer = Swept;

    fn apply(&self, work: &mut Work<'_>) -> Result<Swept, Failure> {
        let mut budget = Budget { items: self.batch, entries: self.batch, users: self.batch };
        let mut swept = Swept::default();
        // The heads' indexes know only what is in the table.
        work.memory.heads.flush(work.conn)?;
        work.expire(self, &mut budget, &mut swept.removed)?;
        work.forget_records(self, &mut budget)?;
        work.forget_keys(self, &mut budget)?;
        work.trim_old(self, &mut budget)?;
        let walked = work.trim_long(self, &mut budget)?;
        swept.more = budget.is_spent() || !walked;
        Ok(swept)
    }

    fn weight(&self) -> usize {
        self.batch
    }
}

/// An item that is too old.
struct Old {
    item: InboxRow,
    id: NotificationId,
}

impl Work<'_> {
    /// Removes what is too old from inboxes.
    fn expire(
        &mut self,
        sweep: &Sweep,
        budget: &mut Budget,
        removed: &mut Vec<(Appended, Change)>,
    ) -> rusqlite::Result<()> {
        let sql = "SELECT user FROM campanile_head WHERE inbox_at < ?1 ORDER BY inbox_at LIMIT 1";
        while budget.items > 0 && budget.users > 0 {
            let Some((who, mut row)) = self.first_user(sql, params![sweep.inbox_before.as_millis()])? else { break };
            let old = self.old_items(&row, sweep.inbox_before, budget.items)?;
            for some in old.chunks(IDS_PER_REMOVAL) {
                let (head, change) = self.remove_some(&mut row, some, sweep.at)?;
                removed.push((Appended { recipient: who.clone(), head }, change));
            }
            budget.items -= old.len();
            budget.users -= 1;
            row.marks.inbox_at = self.oldest_item(row.user)?;
            self.save(&who, row)?;
        }
        Ok(())
    }

    fn remove_some(
        &mut self,
        row: &mut HeadRow,
        some: &[Old],
        at: Timestamp,
    ) -> rusqlite::Result<(campanile_core::store::Head, Change)> {
        for old in some {
            self.remove(row, &old.item, old.id)?;
        }
        let ids = some.iter().map(|old| old.id).collect();
        let change = Change::Updated { ids, state: StateChange::REMOVED };
        self.append(row, &change, at)?;
        Ok((row.head, change))
    }

    fn save(&mut self, who: &Recipient, row: HeadRow) -> rusqlite::Result<()> {
        self.memory.heads.set(who, row);
        self.memory.heads.flush(self.conn)
    }

    /// The user that a query over the heads names first.
    fn first_user(
        &mut self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> rusqlite::Result<Option<(Recipient, HeadRow)>> {
        let user = self.conn.prepare_cached(sql)?.query_row(params, |row| row.get::<_, i64>(0)).optional()?;
        let Some(user) = user else { return Ok(None) };
        let mut names = self.conn.prepare_cached(
            "SELECT t.name, u.name FROM campanile_user u JOIN campanile_tenant t ON t.tenant = u.tenant
             WHERE u.user = ?1",
        )?;
        let who = names.query_row([user], |row| rows::recipient(row, 0, 1))?;
        let row = self.head(&who)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Some((who, row)))
    }

    fn old_items(&self, row: &HeadRow, before: Timestamp, limit: usize) -> rusqlite::Result<Vec<Old>> {
        let mut found = self.conn.prepare_cached(
            "SELECT i.seq, i.n, i.read_at, i.seen_at, i.archived_at, n.id
             FROM campanile_inbox i CROSS JOIN campanile_notification n ON n.n = i.n
             WHERE i.user = ?1 AND n.occurred_at < ?2 ORDER BY i.seq LIMIT ?3",
        )?;
        let old = found.query_map(params![row.user, before.as_millis(), count(limit)], |row| {
            Ok(Old { item: find::inbox_row(row, 0)?, id: NotificationId::from_bytes(row.get(5)?) })
        })?;
        old.collect()
    }

    fn oldest_item(&self, user: i64) -> rusqlite::Result<Option<Timestamp>> {
        let mut oldest = self.conn.prepare_cached(
            "SELECT min(n.occurred_at) FROM campanile_inbox i CROSS JOIN campanile_notification n ON n.n = i.n
             WHERE i.user = ?1",
        )?;
        oldest.query_row([user], |row| rows::time(row, 0))
    }

    /// Forgets old notifications that no inbox has any more: their recipients first.
    fn forget_records(&mut self, sweep: &Sweep, budget: &mut Budget) -> rusqlite::Result<()> {
        let sql = "SELECT n FROM campanile_notification WHERE inboxes = 0 AND occurred_at < ?1
                   ORDER BY occurred_at LIMIT ?2";
        let old = params![sweep.inbox_before.as_millis(), count(budget.items)];
        let old = self.conn.prepare_cached(sql)?.query_map(old, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        for n in old {
            if budget.items == 0 {
                break;
            }
            let recipients = self.forget_recipients(n, budget.items)?;
            let all = recipients < budget.items;
            budget.items -= recipients.max(1);
            if all {
                self.execute("DELETE FROM campanile_notification WHERE n = ?1", [n])?;
            }
        }
        Ok(())
    }

    /// Forgets some of a notification's recipients. If it were fewer than that, all are forgotten.
    fn forget_recipients(&self, n: i64, most: usize) -> rusqlite::Result<usize> {
        self.execute(
            "DELETE FROM campanile_recipient WHERE n = ?1 AND user IN (
                 SELECT user FROM campanile_recipient WHERE n = ?1 ORDER BY user LIMIT ?2)",
            params![n, count(most)],
        )
    }

    /// One by one: a single statement over the three columns would look at all keys of a tenant.
    fn forget_keys(&mut self, sweep: &Sweep, budget: &mut Budget) -> rusqlite::Result<()> {
        let sql = "SELECT tenant, credential, key FROM campanile_key WHERE at < ?1 ORDER BY at LIMIT ?2";
        let mut old = self.conn.prepare_cached(sql)?;
        let old = old.query_map(params![sweep.keys_before.as_millis(), count(budget.items)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        let old = old.collect::<rusqlite::Result<Vec<(i64, String, String)>>>()?;
        for key in &old {
            let sql = "DELETE FROM campanile_key WHERE tenant = ?1 AND credential = ?2 AND key = ?3";
            self.execute(sql, params![key.0, key.1, key.2])?;
        }
        budget.items -= old.len();
        Ok(())
    }

    fn trim_old(&mut self, sweep: &Sweep, budget: &mut Budget) -> rusqlite::Result<()> {
        let sql = "SELECT user FROM campanile_head WHERE log_at < ?1 ORDER BY log_at LIMIT 1";
        while budget.entries > 0 && budget.users > 0 {
            let Some((who, row)) = self.first_user(sql, params![sweep.log_before.as_millis()])? else { break };
            self.trim(&who, row, sweep, budget)?;
            budget.users -= 1;
        }
        Ok(())
    }

    /// Walks on over the users, trimming logs that are too long. Whether the walk has come to its end.
    fn trim_long(&mut self, sweep: &Sweep, budget: &mut Budget) -> rusqlite::Result<bool> {
        let mut walk = self.memory.walk;
        if walk.entries != sweep.log_entries {
            walk = Walk { entries: sweep.log_entries, after: 0 };
        }
        let sql = "SELECT user FROM campanile_head WHERE user > ?1 AND user <= ?2 AND seq - floor > ?3
                   ORDER BY user LIMIT 1";
        let end = walk.after.saturating_add(WINDOW);
        while budget.entries > 0 {
            let Some((who, row)) = self.first_user(sql, params![walk.after, end, int(walk.entries)])? else {
                walk.after = end;
                break;
            };
            self.trim(&who, row, sweep, budget)?;
            // If the budget ended within this log, it is found again.
            walk.after = row.user - 1;
        }
        let last: Option<i64> = self.conn.query_row("SELECT max(user) FROM campanile_head", [], |row| row.get(0))?;
        let done = last.is_none_or(|last| last <= walk.after);
        walk.after = if done { 0 } else { walk.after };
        self.memory.walk = walk;
        Ok(done)
    }

    /// Moves the floor of a log over what is too old or too much.
    fn trim(&mut self, who: &Recipient, mut row: HeadRow, sweep: &Sweep, budget: &mut Budget) -> rusqlite::Result<()> {
        let too_many = (row.head.seq.0 - row.head.floor.0).saturating_sub(sweep.log_entries);
        let times = self.times(&row, budget.entries.saturating_add(1))?;
        let leaves =
            |(n, at): &(usize, &Timestamp)| **at < sweep.log_before || u64::try_from(*n).is_ok_and(|n| n < too_many);
        let leaving = times.iter().enumerate().take(budget.entries).take_while(leaves).count();
        row.head.floor = Seq(row.head.floor.0 + u64::try_from(leaving).unwrap_or(0));
        row.marks.log_at = times.get(leaving).copied();
        let sql = "DELETE FROM campanile_change WHERE user = ?1 AND seq <= ?2";
        self.execute(sql, params![row.user, int(row.head.floor.0)])?;
        budget.entries -= leaving;
        self.save(who, row)
    }

    /// When the oldest entries of a log were made.
    fn times(&self, row: &HeadRow, limit: usize) -> rusqlite::Result<Vec<Timestamp>> {
        let mut times = self.conn.prepare_cached(
            "SELECT seq, at FROM campanile_change WHERE user = ?1 AND seq > ?2
             UNION ALL
             SELECT i.seq, n.occurred_at FROM campanile_inbox i CROSS JOIN campanile_notification n ON n.n = i.n
             WHERE i.user = ?1 AND i.seq > ?2
             ORDER BY 1 LIMIT ?3",
        )?;
        let times = times.query_map(params![row.user, int(row.head.floor.0), count(limit)], |row| row.get(1))?;
        times.map(|at| at.map(Timestamp::from_millis)).collect()
    }
}
