//! Erasing a user.

use super::{Request, Work};
use crate::{error::Failure, rows};
use campanile_core::Recipient;

/// Erases a user: inbox, log, memberships.
pub(crate) struct Erase(pub(crate) Recipient);

impl Request for Erase {
    type Answer = bool;

    fn apply(&self, work: &mut Work<'_>) -> Result<bool, Failure> {
        work.memory.words_gone = true;
        work.leave_all(&self.0)?;
        let Some(row) = work.head(&self.0)? else { return Ok(false) };
        for (n, was_read) in work.held(row.user)? {
            work.rows += 1;
            work.release(n, was_read)?;
        }
        for sql in [
            "DELETE FROM campanile_inbox WHERE user = ?1",
            "DELETE FROM campanile_change WHERE user = ?1",
            "DELETE FROM campanile_head WHERE user = ?1",
            "DELETE FROM campanile_user WHERE user = ?1",
            "UPDATE campanile_meta SET erased = max(erased, ?1)",
        ] {
            work.execute(sql, [row.user])?;
        }
        work.memory.heads.forget(&self.0);
        Ok(true)
    }
}

impl Work<'_> {
    /// The notifications in an inbox, and whether each was read.
    fn held(&self, user: i64) -> rusqlite::Result<Vec<(i64, bool)>> {
        let sql = "SELECT n, read_at FROM campanile_inbox WHERE user = ?1";
        let mut found = self.conn.prepare_cached(sql)?;
        let found = found.query_map([user], |row| Ok((row.get(0)?, rows::time(row, 1)?.is_some())))?;
        found.collect()
    }
}
