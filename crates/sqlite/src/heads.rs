//! Heads: the row at the top of each log, and the writer's memory of them.

use crate::rows::{self, int, unsigned};
use campanile_core::{Counts, Recipient, Seq, Timestamp, store::Head};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// A log's head, with what only the store needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeadRow {
    pub(crate) user: i64,
    pub(crate) head: Head,
    pub(crate) marks: Low,
}

/// What changes seldom in a head, so that most updates leave these columns and their indexes alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Low {
    /// Everything in the inbox up to here is read or archived.
    pub(crate) read_floor: u64,
    /// Everything in the inbox up to here is seen.
    pub(crate) seen_floor: u64,
    /// Nothing in the inbox arrived before.
    pub(crate) inbox_at: Option<Timestamp>,
    /// When the oldest entry of the log was made.
    pub(crate) log_at: Option<Timestamp>,
}

impl HeadRow {
    /// Reads a user's head from the database.
    pub(crate) fn load(conn: &Connection, who: &Recipient, generation: u64) -> rusqlite::Result<Option<Self>> {
        let mut found = conn.prepare_cached(
            "SELECT h.user, h.epoch, h.seq, h.floor, h.unread, h.unseen,
                    h.read_floor, h.seen_floor, h.inbox_at, h.log_at
             FROM campanile_tenant t
             JOIN campanile_user u ON u.tenant = t.tenant
             JOIN campanile_head h ON h.user = u.user
             WHERE t.name = ?1 AND u.name = ?2",
        )?;
        found.query_row([who.tenant.as_str(), who.user.as_str()], |row| Self::of(row, generation)).optional()
    }

    fn of(row: &rusqlite::Row<'_>, generation: u64) -> rusqlite::Result<Self> {
        let head = Head {
            epoch: rows::epoch(row.get(1)?, generation),
            seq: Seq(unsigned(row, 2)?),
            floor: Seq(unsigned(row, 3)?),
            counts: Counts { unread: unsigned(row, 4)?, unseen: unsigned(row, 5)? },
        };
        let marks = Low {
            read_floor: unsigned(row, 6)?,
            seen_floor: unsigned(row, 7)?,
            inbox_at: rows::time(row, 8)?,
            log_at: rows::time(row, 9)?,
        };
        Ok(Self { user: row.get(0)?, head, marks })
    }

    /// Puts an entry at the head; answers its seq.
    pub(crate) fn append(&mut self, at: Timestamp) -> Seq {
        if self.head.floor == self.head.seq {
            self.marks.log_at = Some(at);
        }
        self.head.seq = self.head.seq.next();
        self.head.seq
    }

    fn save(&self, conn: &Connection, stored: Option<&Self>) -> rusqlite::Result<()> {
        let (head, marks) = (&self.head, &self.marks);
        let (seq, unread, unseen) = (int(head.seq.0), int(head.counts.unread), int(head.counts.unseen));
        let rarely = |row: &Self| (row.marks, row.head.floor);
        if stored.is_some_and(|stored| rarely(stored) == rarely(self)) {
            let sql = "UPDATE campanile_head SET seq = ?2, unread = ?3, unseen = ?4 WHERE user = ?1";
            conn.prepare_cached(sql)?.execute(params![self.user, seq, unread, unseen])?;
            return Ok(());
        }
        let sql = "UPDATE campanile_head SET seq = ?2, unread = ?3, unseen = ?4, floor = ?5, read_floor = ?6,
                   seen_floor = ?7, inbox_at = ?8, log_at = ?9 WHERE user = ?1";
        let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        conn.prepare_cached(sql)?.execute(params![
            self.user,
            seq,
            unread,
            unseen,
            int(head.floor.0),
            int(marks.read_floor),
            int(marks.seen_floor),
            millis(marks.inbox_at),
            millis(marks.log_at),
        ])?;
        Ok(())
    }
}

/// The heads that the writer knows: those of committed transactions in a bounded memory, those of the open one apart, so that a
/// transaction that fails leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Heads {
    /// Two halves: what is used moves to the young one; when that is full it becomes the old one, and what was old is forgotten. In boxes, because a
    /// table has room for up to twice what is in it: every open stream's user has a head here.
    young: HashMap<Recipient, Box<HeadRow>>,
    old: HashMap<Recipient, Box<HeadRow>>,
    half: usize,
    open: HashMap<Recipient, Open>,
}

/// A head that the open transaction changed.
#[derive(Clone, Copy, Debug)]
struct Open {
    now: HeadRow,
    /// What the table says.
    stored: Option<HeadRow>,
}

impl Heads {
    /// A memory of at most `capacity` heads (of about 250 bytes).
    pub(crate) fn new(capacity: usize) -> Self {
        let half = (capacity / 2).max(1);
        Self { young: HashMap::new(), old: HashMap::new(), half, open: HashMap::new() }
    }

    /// The head as the open transaction sees it.
    pub(crate) fn find(
        &mut self,
        conn: &Connection,
        who: &Recipient,
        generation: u64,
    ) -> rusqlite::Result<Option<HeadRow>> {
        if let Some(open) = self.open.get(who) {
            return Ok(Some(open.now));
        }
        if let Some(known) = self.known(who) {
            return Ok(Some(known));
        }
        let loaded = HeadRow::load(conn, who, generation)?;
        if let Some(row) = loaded {
            self.remember(who.clone(), Box::new(row));
        }
        Ok(loaded)
    }

    fn known(&mut self, who: &Recipient) -> Option<HeadRow> {
        if let Some(row) = self.young.get(who) {
            return Some(**row);
        }
        let (who, row) = self.old.remove_entry(who)?;
        let known = *row;
        self.remember(who, row);
        Some(known)
    }

    fn remember(&mut self, who: Recipient, row: Box<HeadRow>) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(who, row);
    }

    /// A changed head, to be written with the next [`Heads::flush`].
    pub(crate) fn set(&mut self, who: &Recipient, now: HeadRow) {
        if let Some(open) = self.open.get_mut(who) {
            open.now = now;
        } else {
            let stored = self.known(who);
            self.open.insert(who.clone(), Open { now, stored });
        }
    }

    /// The user's log is gone with the open transaction. (If that is rolled back, everything is read again.)
    pub(crate) fn forget(&mut self, who: &Recipient) {
        self.open.remove(who);
        self.young.remove(who);
        self.old.remove(who);
    }

    /// Writes the changed heads.
    pub(crate) fn flush(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        for open in self.open.values_mut().filter(|open| open.stored != Some(open.now)) {
            open.now.save(conn, open.stored.as_ref())?;
            open.stored = Some(open.now);
        }
        Ok(())
    }

    /// The transaction is durable: what it changed is what is so.
    pub(crate) fn committed(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        for (who, head) in open.drain() {
            if let Some(row) = self.young.get_mut(&who) {
                **row = head.now;
            } else {
                self.old.remove(&who);
                self.remember(who, Box::new(head.now));
            }
        }
        self.open = open;
    }

    /// The transaction is gone: so is all that is remembered, to be read again.
    pub(crate) fn rolled_back(&mut self) {
        self.open.clear();
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::{Epoch, Tenant, UserId};

    fn row(user: i64, seq: u64) -> HeadRow {
        let head = Head { epoch: Epoch(1), seq: Seq(seq), floor: Seq(0), counts: Counts::default() };
        HeadRow { user, head, marks: Low::default() }
    }

    fn who(n: i64) -> Recipient {
        Recipient::new(Tenant::default(), UserId::new(n.to_string()).unwrap())
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_used() {
        let mut heads = Heads::new(10);
        for n in 0..100 {
            heads.set(&who(n), row(n, 1));
            heads.committed();
            assert_eq!(heads.known(&who(0)), Some(row(0, 1)));
            assert!(heads.young.len() + heads.old.len() <= 10);
        }
        assert_eq!(heads.known(&who(50)), None);
    }

    #[test]
    fn a_transaction_that_fails_leaves_nothing_behind() {
        let mut heads = Heads::new(10);
        heads.set(&who(1), row(1, 1));
        heads.committed();
        heads.set(&who(1), row(1, 2));
        heads.rolled_back();
        assert_eq!(heads.known(&who(1)), None);
    }

    #[test]
    fn what_is_forgotten_is_nowhere() {
        let mut heads = Heads::new(4);
        for n in 0..3 {
            heads.set(&who(n), row(n, 1));
            heads.committed();
        }
        heads.set(&who(2), row(2, 2));
        for n in 0..3 {
            heads.forget(&who(n));
        }
        heads.committed();
        assert!((0..3).all(|n| heads.known(&who(n)).is_none()));
    }

    #[test]
    fn the_newest_wins_wherever_the_older_was_remembered() {
        let mut heads = Heads::new(4);
        for n in 0..3 {
            heads.set(&who(n), row(n, 1));
            heads.committed();
        }
        heads.set(&who(0), row(0, 2));
        heads.set(&who(2), row(2, 2));
        heads.committed();
        assert_eq!((heads.known(&who(0)), heads.known(&who(2))), (Some(row(0, 2)), Some(row(2, 2))));
    }
}
