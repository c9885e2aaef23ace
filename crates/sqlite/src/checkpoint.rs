//! Moving the write-ahead log into the database, beside the writer.
//!
//! A commit only appends to the write-ahead log. This thread copies it over, passively: it waits for nobody and nobody waits for it. The
//! log's file is begun anew by the first commit that finds all of it copied, which under constant load never happens by itself; so above a
//! limit the writer copies the small rest itself, between two transactions. And where words were removed, which are zeroed in the database
//! but still in the log, the writer cuts the log to nothing.

use crate::connection;
use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, hooks::Wal};
use std::{cell::Cell, ffi::c_int, time::Duration};

/// Pages of new log after which it is worth copying: 4 MiB, as SQLite's own default.
const STEP: u32 = 1024;
/// KiB in a page. (An application's file may have others; then the limits are others too, which harms nobody.)
const PAGE_KIB: u32 = 4;

/// How long cutting the log waits for those who read it: writes wait meanwhile.
const READERS_END_WITHIN: Duration = Duration::from_millis(20);

thread_local! {
    /// How long the log was at the writer's last commit, in pages.
    static PAGES: Cell<u32> = const { Cell::new(0) };
}

fn committed(_: &Wal, pages: c_int) -> rusqlite::Result<()> {
    PAGES.set(u32::try_from(pages).unwrap_or(0));
    Ok(())
}

/// How long the log of this thread's writer is, in bytes, frames' heads included.
pub(crate) fn log_bytes() -> u64 {
    u64::from(PAGES.get()) * u64::from(PAGE_KIB * 1024 + 24)
}

/// Has a connection tell this thread how long the log is, with each commit.
pub(crate) fn watch(conn: &Connection) {
    conn.wal_hook(Some(committed));
}

/// What the writer asks of the thread.
#[derive(Debug, Default)]
pub(crate) struct Checkpoints {
    state: Mutex<State>,
    changed: Condvar,
    /// Held by whoever copies. SQLite would turn the second one away at once, and the writer must not be: then the log grew on and on beside a
    /// thread that gets no turn, or a disk that is slow.
    copies: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    due: bool,
    closed: bool,
}

impl Checkpoints {
    /// Asks for a copy soon.
    pub(crate) fn request(&self) {
        self.state.lock().due = true;
        self.changed.notify_one();
    }

    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_one();
    }

    /// Waits for something to do. Whether there is.
    fn wait(&self) -> bool {
        let mut state = self.state.lock();
        while !state.due && !state.closed {
            self.changed.wait(&mut state);
        }
        state.due = false;
        !state.closed
    }

    /// The thread: copies whenever it is asked to.
    pub(crate) fn run(&self, conn: &Connection) {
        while self.wait() {
            self.copy(conn);
        }
    }

    /// Copies what can be copied without waiting for those who read. Whether it had its turn; a failure is tried again later, for nothing depends on
    /// it but the size of a file.
    fn copy(&self, conn: &Connection) -> bool {
        let _alone = self.copies.lock();
        let turned_away = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, bool>(0));
        turned_away.map(|turned_away| !turned_away).unwrap_or_else(|why| {
            tracing::warn!(%why, "the write-ahead log could not be copied into the database");
            false
        })
    }
}

/// Copies everything and cuts the log's file to nothing. Whether that could be done: readers may still need it.
pub(crate) fn cut(conn: &Connection) -> bool {
    let cut = conn.busy_timeout(READERS_END_WITHIN).and_then(|()| truncate(conn));
    let restored = conn.busy_timeout(connection::BUSY);
    if let Err(why) = cut.as_ref().map(drop).and(restored.as_ref().map(drop)) {
        tracing::warn!(%why, "the write-ahead log could not be cut");
    }
    cut.unwrap_or(false)
}

fn truncate(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}

/// The writer's side: watches how long the log is.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Pages of new log after which the thread is asked to copy.
    step: u32,
    /// Pages of log above which the writer lends a hand.
    limit: u32,
    /// How long the log was when something was last done about it.
    handled: u32,
}

impl Watch {
    /// Watches the log of a connection. Must be called on the thread that writes.
    pub(crate) fn begin(conn: &Connection, limit_kib: u32) -> Self {
        watch(conn);
        let limit = (limit_kib / PAGE_KIB).max(4);
        Self { step: STEP.min(limit / 4), limit, handled: 0 }
    }

    /// Called after each commit.
    pub(crate) fn look(&mut self, conn: &Connection, checkpoints: &Checkpoints) {
        let pages = PAGES.get();
        if pages < self.handled {
            self.handled = 0;
        }
        if pages < self.handled + self.step {
            return;
        }
        self.handled = pages;
        if pages >= self.limit {
            checkpoints.copy(conn);
        } else {
            checkpoints.request();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn whoever_copies_beside_another_has_a_turn_every_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = connection::writer(&path, 2048).unwrap();
        writer.execute_batch("CREATE TABLE t (words TEXT)").unwrap();
        let (checkpoints, beside) = (&Checkpoints::default(), connection::checkpointer(&path).unwrap());
        thread::scope(|scope| {
            let thread = scope.spawn(move || (0..300).all(|_| checkpoints.copy(&beside)));
            while !thread.is_finished() {
                writer.execute("INSERT INTO t VALUES (?1)", ["x".repeat(10_000)]).unwrap();
                assert!(checkpoints.copy(&writer));
            }
            assert!(thread.join().unwrap());
        });
    }
}
