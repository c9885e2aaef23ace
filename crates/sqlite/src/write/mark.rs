//! Marks: states of some notifications, or of everything up to a place.

use super::{Request, Work};
use crate::{
    error::Failure,
    find::{self, InboxRow},
    heads::HeadRow,
    rows::int,
};
use campanile_core::{
    Change, Mark, MarkTarget, NotificationId, Seq, StateChange, Timestamp, UpToState,
    store::{Appended, Marked},
};
use rusqlite::params;
use std::collections::HashSet;

impl Request for Mark {
    type Answer = Marked;

    fn apply(&self, work: &mut Work<'_>) -> Result<Marked, Failure> {
        let Some(mut row) = work.head(&self.recipient)? else {
            let not_found = match &self.target {
                MarkTarget::Notifications { ids, .. } => distinct(ids).collect(),
                MarkTarget::UpTo { .. } => Vec::new(),
            };
            return Ok(Marked { entry: None, not_found });
        };
        let (change, not_found) = match &self.target {
            MarkTarget::Notifications { ids, state } => work.mark(&mut row, ids, *state, self.at)?,
            MarkTarget::UpTo { up_to, state } => (work.mark_up_to(&mut row, *up_to, *state, self.at)?, Vec::new()),
        };
        let Some(change) = change else { return Ok(Marked { entry: None, not_found }) };
        work.append(&mut row, &change, self.at)?;
        work.memory.heads.set(&self.recipient, row);
        let appended = Appended { recipient: self.recipient.clone(), head: row.head };
        Ok(Marked { entry: Some((appended, change)), not_found })
    }

    fn weight(&self) -> usize {
        match &self.target {
            MarkTarget::Notifications { ids, .. } => ids.len().max(1),
            MarkTarget::UpTo { .. } => 1,
        }
    }
}

fn distinct(ids: &[NotificationId]) -> impl Iterator<Item = NotificationId> {
    let mut seen = HashSet::new();
    ids.iter().copied().filter(move |id| seen.insert(*id))
}

/// Adds or takes away one, if there is one.
fn adjust(sum: &mut u64, before: bool, after: bool) {
    *sum = (*sum + u64::from(after)).saturating_sub(u64::from(before));
}

impl Work<'_> {
    fn mark(
        &mut self,
        row: &mut HeadRow,
        ids: &[NotificationId],
        state: StateChange,
        at: Timestamp,
    ) -> rusqlite::Result<(Option<Change>, Vec<NotificationId>)> {
        let state = state.meaningful();
        let (mut changed, mut not_found) = (Vec::new(), Vec::new());
        for id in distinct(ids) {
            match find::row(self.conn, row.user, id)? {
                None => not_found.push(id),
                Some(item) if self.mark_one(row, item, id, state, at)? => changed.push(id),
                Some(_) => {}
            }
        }
        let change = (!changed.is_empty()).then_some(Change::Updated { ids: changed, state });
        Ok((change, not_found))
    }

    fn mark_one(
        &mut self,
        row: &mut HeadRow,
        item: InboxRow,
        id: NotificationId,
        state: StateChange,
        at: Timestamp,
    ) -> rusqlite::Result<bool> {
        if state.removes() {
            self.remove(row, &item, id)?;
            return Ok(true);
        }
        let after = marked(item, state, at);
        if after == item {
            return Ok(false);
        }
        let sql =
            "UPDATE campanile_inbox SET read_at = ?3, seen_at = ?4, archived_at = ?5 WHERE user = ?1 AND seq = ?2";
        let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        let (read_at, seen_at, archived_at) = (millis(after.read_at), millis(after.seen_at), millis(after.archived_at));
        self.execute(sql, params![row.user, int(item.seq), read_at, seen_at, archived_at])?;
        adjust(&mut row.head.counts.unread, item.counts_as_unread(), after.counts_as_unread());
        adjust(&mut row.head.counts.unseen, item.counts_as_unseen(), after.counts_as_unseen());
        if after.counts_as_unread() {
            row.marks.read_floor = row.marks.read_floor.min(item.seq - 1);
        }
        Ok(true)
    }

    /// Takes an item out of an inbox, and its words out of the store if it was the last inbox that had them.
    pub(super) fn remove(&mut self, row: &mut HeadRow, item: &InboxRow, id: NotificationId) -> rusqlite::Result<()> {
        let occurred_at = self.release(item.n, item.read_at.is_some())?;
        self.take_out(row, item, id, occurred_at)
    }

    /// Takes an item out of an inbox; its arrival, if the log still has it, says from now on only that it is gone.
    pub(super) fn take_out(
        &mut self,
        row: &mut HeadRow,
        item: &InboxRow,
        id: NotificationId,
        occurred_at: Timestamp,
    ) -> rusqlite::Result<()> {
        self.rows += 1;
        adjust(&mut row.head.counts.unread, item.counts_as_unread(), false);
        adjust(&mut row.head.counts.unseen, item.counts_as_unseen(), false);
        self.execute("DELETE FROM campanile_inbox WHERE user = ?1 AND seq = ?2", params![row.user, int(item.seq)])?;
        if item.seq > row.head.floor.0 {
            self.insert_change(row.user, Seq(item.seq), &Change::Gone(id), occurred_at)?;
        }
        Ok(())
    }

    /// One inbox less has this notification; with the last one its words go. Answers when it was published.
    pub(super) fn release(&mut self, n: i64, was_read: bool) -> rusqlite::Result<Timestamp> {
        let sql = "UPDATE campanile_notification
                   SET inboxes = inboxes - 1, read_and_left = read_and_left + ?2, body = iif(inboxes > 1, body, '')
                   WHERE n = ?1 RETURNING occurred_at, inboxes = 0";
        let mut released = self.conn.prepare_cached(sql)?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, bool>(1)?));
        let (occurred_at, last) = released.query_row(params![n, was_read], row)?;
        drop(released);
        self.memory.words_gone |= last;
        Ok(Timestamp::from_millis(occurred_at))
    }

    fn mark_up_to(
        &mut self,
        row: &mut HeadRow,
        up_to: Option<Seq>,
        state: UpToState,
        at: Timestamp,
    ) -> rusqlite::Result<Option<Change>> {
        let up_to = up_to.unwrap_or(row.head.seq).min(row.head.seq);
        let changed = match state {
            UpToState::Read => self.read_up_to(row, up_to.0, at)?,
            UpToState::Seen => self.see_up_to(row, up_to.0, at)?,
        };
        Ok(changed.then_some(Change::UpTo { up_to, state }))
    }

    fn read_up_to(&mut self, row: &mut HeadRow, up_to: u64, at: Timestamp) -> rusqlite::Result<bool> {
        if row.head.counts.unread == 0 || up_to <= row.marks.read_floor {
            return Ok(false);
        }
        let range = params![row.user, int(row.marks.read_floor), int(up_to), at.as_millis()];
        let seen = self.execute(
            "UPDATE campanile_inbox SET seen_at = ?4 WHERE user = ?1 AND seq > ?2 AND seq <= ?3
             AND read_at IS NULL AND archived_at IS NULL AND seen_at IS NULL",
            range,
        )?;
        let read = self.execute(
            "UPDATE campanile_inbox SET read_at = ?4 WHERE user = ?1 AND seq > ?2 AND seq <= ?3
             AND read_at IS NULL AND archived_at IS NULL",
            range,
        )?;
        row.marks.read_floor = up_to;
        subtract(&mut row.head.counts.unseen, seen);
        subtract(&mut row.head.counts.unread, read);
        Ok(read > 0)
    }

    /// Archived ones too, which are not counted: taken back later, they are seen.
    fn see_up_to(&mut self, row: &mut HeadRow, up_to: u64, at: Timestamp) -> rusqlite::Result<bool> {
        if up_to <= row.marks.seen_floor {
            return Ok(false);
        }
        let range = params![row.user, int(row.marks.seen_floor), int(up_to), at.as_millis()];
        let counted = self.execute(
            "UPDATE campanile_inbox SET seen_at = ?4 WHERE user = ?1 AND seq > ?2 AND seq <= ?3
             AND seen_at IS NULL AND archived_at IS NULL",
            range,
        )?;
        let archived = self.execute(
            "UPDATE campanile_inbox SET seen_at = ?4 WHERE user = ?1 AND seq > ?2 AND seq <= ?3 AND seen_at IS NULL",
            range,
        )?;
        row.marks.seen_floor = up_to;
        subtract(&mut row.head.counts.unseen, counted);
        Ok(counted + archived > 0)
    }
}

fn subtract(sum: &mut u64, n: usize) {
    *sum = sum.saturating_sub(u64::try_from(n).unwrap_or(u64::MAX));
}

/// An item after a mark; a time that is already set stays.
fn marked(item: InboxRow, state: StateChange, at: Timestamp) -> InboxRow {
    let mut after = item;
    if let Some(read) = state.read {
        after.read_at = read.then(|| item.read_at.unwrap_or(at));
        after.seen_at = item.seen_at.or(after.read_at);
    }
    if state.seen.is_some() {
        after.seen_at = after.seen_at.or(Some(at));
    }
    if let Some(archived) = state.archived {
        after.archived_at = archived.then(|| item.archived_at.unwrap_or(at));
    }
    after
}
