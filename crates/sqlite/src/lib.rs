//! The embedded store of Campanile: inboxes and logs in one SQLite file.
//!
//! One thread writes: whatever waits goes into one transaction, is synced once, and is answered in the order of its commit. A few threads
//! read beside it, and one moves the write-ahead log into the database. A lock file keeps other processes out while the store is open. The
//! tables are named `campanile_…` and may live in a file that an application uses for its own; `PRAGMA user_version` stays the
//! application's.
//!
//! Build with `LIBSQLITE3_FLAGS=-DHAVE_FDATASYNC=1` in the environment (or under `[env]` in `.cargo/config.toml`): SQLite then syncs by
//! `fdatasync`. It is as durable, and a commit takes about half the time.
//!
//! ```no_run
//! use campanile_core::store::Store;
//! use campanile_sqlite::Sqlite;
//!
//! # async fn example() -> Result<(), campanile_sqlite::OpenError> {
//! let store = Sqlite::open("campanile.db")?;
//! // … hand it to an engine …
//! store.close().await;
//! # Ok(())
//! # }
//! ```

mod backup;
mod checkpoint;
mod connection;
mod error;
mod find;
mod heads;
mod lock;
mod open;
mod options;
mod preflight;
mod queue;
mod read;
mod room;
mod rows;
mod schema;
mod shared;
mod write;
mod writer;

#[cfg(test)]
mod tests;

pub use error::{BackupError, OpenError};
pub use options::SqliteOptions;

use crate::{
    error::unavailable,
    queue::Refused,
    shared::Shared,
    write::{Erase, Open, Pending, Probe, Request, Revoke, SetMember, Withdraw, Write},
};
use campanile_core::{
    BoxFuture, Mark, NotificationId, Recipient, Seq, StoreMetrics, Tenant, Timestamp, Topic, UserId,
    store::{
        Done, Head, InboxPage, InboxQuery, Item, LogPage, LogQuery, Marked, NamePage, Publish, Published,
        RecipientRecord, Record, Store, StoreError, StoreResult, Sweep, Swept, Withdrawn,
    },
};
use std::{fmt, path::Path, sync::Arc};

/// A store in a SQLite file. Cheap to clone; when the last clone is dropped, the store finishes what waits and closes by itself.
/// [`Store::close`] does that too, and waits for it.
///
/// Cancel safety: a write, once handed over, happens and is answered whoever still waits; the future of a read can be dropped at any time.
/// A commit that fails at its sync is answered as a failure, but should the process then die before its next commit, the operating system
/// may have kept it: a write that was not acknowledged can still have happened, as with any database.
#[derive(Clone)]
pub struct Sqlite(Arc<Handle>);

/// Closes the store with the last clone.
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("options", &self.0.shared.options).finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the store in a file, which is made if it does not exist; its folder must exist.
    ///
    /// Blocks for a few milliseconds (longer if a killed process left a long write-ahead log behind).
    ///
    /// # Errors
    ///
    /// [`OpenError`], one sentence for a person. Nothing was touched then.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Opens the store in a file, as [`Sqlite::open`] does, with other options.
    ///
    /// # Errors
    ///
    /// As for [`Sqlite::open`].
    pub fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, OpenError> {
        open::open(path.as_ref(), options).map(|shared| Self(Arc::new(Handle { shared })))
    }

    /// Copies the store in a file, which may be in use by a running server, into a file that does not exist yet.
    ///
    /// The copy is one complete file: the state at one moment, synced, and with a generation of its own, so that positions in the source's
    /// logs never match those of the copy. Whatever else is in the database (an application's tables) is copied with it. Writers go on
    /// meanwhile; the source's write-ahead log cannot be begun anew until the copy is done. Needs room for the whole database beside the
    /// target. Blocks for as long as that takes to read and write. Until it is complete it has a name of its own beside the target's, which a
    /// killed process leaves behind (`TARGET-partial-…`).
    ///
    /// # Errors
    ///
    /// [`BackupError`], one sentence for a person. Nothing is left of the copy then.
    pub fn backup(source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<(), BackupError> {
        backup::backup(source.as_ref(), target.as_ref())
    }

    /// Begins another life of the store in a file that nobody uses: every log gets another epoch, so that no position from before matches
    /// any more. To be called after a file was copied or restored by other means than [`Sqlite::backup`].
    ///
    /// # Errors
    ///
    /// [`OpenError`], one sentence for a person; above all [`OpenError::InUse`]. Nothing was changed then.
    pub fn new_epoch(path: impl AsRef<Path>) -> Result<(), OpenError> {
        backup::new_epoch(path.as_ref())
    }

    fn write<R: Request + 'static>(&self, request: R, done: Done<R::Answer>) {
        let shared = &self.0.shared;
        let write: Box<dyn Write> = Box::new(Pending::new(request, done));
        match shared.writes.push(write) {
            Ok(()) => {}
            Err(Refused::Full(write)) => {
                shared.metrics.busy.inc();
                write.fail(StoreError::Busy);
            }
            Err(Refused::Closed(write)) => write.fail(unavailable("the store is closed")),
        }
    }
}

impl Store for Sqlite {
    fn open(&self, recipient: Recipient, done: Done<Head>) {
        self.write(Open(recipient), done);
    }

    fn publish(&self, publish: Publish, done: Done<Published>) {
        self.write(publish, done);
    }

    fn withdraw(&self, tenant: Tenant, id: NotificationId, at: Timestamp, done: Done<Withdrawn>) {
        self.write(Withdraw { tenant, id, at }, done);
    }

    fn erase(&self, recipient: Recipient, done: Done<bool>) {
        self.write(Erase(recipient), done);
    }

    fn set_member(&self, topic: Topic, recipient: Recipient, member: bool, done: Done<()>) {
        self.write(SetMember { topic, who: recipient, member }, done);
    }

    fn revoke(&self, recipient: Recipient, issued_before: Timestamp, done: Done<()>) {
        self.write(Revoke { who: recipient, issued_before }, done);
    }

    fn mark(&self, mark: Mark, done: Done<Marked>) {
        self.write(mark, done);
    }

    fn sweep(&self, sweep: Sweep, done: Done<Swept>) {
        self.write(sweep, done);
    }

    fn heads(&self, recipients: Vec<Recipient>) -> BoxFuture<'_, StoreResult<Vec<Option<Head>>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.heads(&recipients)))
    }

    fn log(
        &self,
        recipient: Recipient,
        after: Seq,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, StoreResult<Option<LogPage>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.log(&recipient, after, limit, max_bytes)))
    }

    fn logs(&self, queries: Vec<LogQuery>, max_bytes: usize) -> BoxFuture<'_, StoreResult<Vec<Option<LogPage>>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.logs(&queries, max_bytes)))
    }

    fn inbox(&self, recipient: Recipient, query: InboxQuery) -> BoxFuture<'_, StoreResult<Option<InboxPage>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.inbox(&recipient, &query)))
    }

    fn item(&self, recipient: Recipient, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Item>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.item(&recipient, id)))
    }

    fn record(&self, tenant: Tenant, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Record>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.record(&tenant, id)))
    }

    fn recipients(
        &self,
        tenant: Tenant,
        id: NotificationId,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Option<NamePage<RecipientRecord>>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.recipients(&tenant, id, after.as_ref(), limit)))
    }

    fn members(
        &self,
        tenant: Tenant,
        topic: Topic,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<NamePage<UserId>>> {
        Box::pin(read::snapshot(&self.0.shared, move |now| now.members(&tenant, &topic, after.as_ref(), limit)))
    }

    fn revocations(&self) -> BoxFuture<'_, StoreResult<Vec<(Recipient, Timestamp)>>> {
        Box::pin(read::snapshot(&self.0.shared, |now| now.revocations()))
    }

    /// Reads, and writes and syncs a few pages: a full disk shows here.
    fn check(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async {
            let (send, answer) = tokio::sync::oneshot::channel();
            // If the caller is gone, nobody wants the answer.
            self.write(Probe, Box::new(|result| drop(send.send(result))));
            answer.await.map_err(|_| unavailable("the store's writer has ended"))??;
            read::snapshot(&self.0.shared, |now| now.heads(&[])).await.map(drop)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.0.shared.close();
        Box::pin(async {
            // An error means that the sender is gone; it is not, as we hold it.
            drop(self.0.shared.ended.subscribe().wait_for(|ended| *ended).await);
        })
    }

    fn metrics(&self) -> Option<&StoreMetrics> {
        Some(&self.0.shared.metrics)
    }
}
