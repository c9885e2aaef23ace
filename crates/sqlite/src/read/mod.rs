//! Reading: threads with a connection each, so that no asynchronous worker ever waits for a disk.

mod inbox;
mod log;
mod records;

use crate::{
    error::unavailable,
    heads::HeadRow,
    queue::Refused,
    shared::{Read, Shared},
};
use campanile_core::{
    NotificationId, Recipient, Seq, Tenant, Timestamp, Topic, UserId,
    store::{
        Head, InboxPage, InboxQuery, Item, LogPage, LogQuery, NamePage, RecipientRecord, Record, StoreError,
        StoreResult,
    },
};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// The thread: answers reads until the queue is closed and empty.
pub(crate) fn run(shared: &Shared, conn: &Connection) {
    while let Some(read) = shared.reads.pop() {
        if catch_unwind(AssertUnwindSafe(|| read(conn))).is_err() {
            tracing::error!("a read panicked");
        }
    }
}

/// Reads in one snapshot, on one of the threads. Dropping the future leaves the read to nobody; one that has not begun is skipped.
pub(crate) async fn snapshot<T: Send + 'static>(
    shared: &Shared,
    read: impl FnOnce(&Snapshot<'_>) -> rusqlite::Result<T> + Send + 'static,
) -> StoreResult<T> {
    let (send, answer) = oneshot::channel();
    let generation = shared.generation;
    let job: Read = Box::new(move |conn| {
        if !send.is_closed() {
            // The caller may be gone; then nobody wants the answer.
            drop(send.send(Snapshot::take(conn, generation, read)));
        }
    });
    match shared.reads.push(job) {
        Ok(()) => {}
        Err(Refused::Full(_)) => {
            shared.metrics.busy.inc();
            return Err(StoreError::Busy);
        }
        Err(Refused::Closed(_)) => return Err(unavailable("the store is closed")),
    }
    let read = answer.await.map_err(|_| unavailable("the read was given up"))?;
    read.map_err(|why| {
        tracing::error!(%why, "the store could not read");
        unavailable(&why)
    })
}

/// One state of the database, for as many questions as it takes.
pub(crate) struct Snapshot<'c> {
    conn: &'c Connection,
    generation: u64,
}

impl<'c> Snapshot<'c> {
    fn take<T>(
        conn: &'c Connection,
        generation: u64,
        read: impl FnOnce(&Self) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let transaction = conn.unchecked_transaction()?;
        let result = read(&Self { conn, generation });
        transaction.finish()?;
        result
    }

    fn row(&self, who: &Recipient) -> rusqlite::Result<Option<HeadRow>> {
        HeadRow::load(self.conn, who, self.generation)
    }

    pub(crate) fn heads(&self, users: &[Recipient]) -> rusqlite::Result<Vec<Option<Head>>> {
        users.iter().map(|who| Ok(self.row(who)?.map(|row| row.head))).collect()
    }

    pub(crate) fn log(
        &self,
        who: &Recipient,
        after: Seq,
        limit: usize,
        max_bytes: usize,
    ) -> rusqlite::Result<Option<LogPage>> {
        let Some(row) = self.row(who)? else { return Ok(None) };
        let entries = log::entries(self.conn, who, &row, after, limit, max_bytes)?;
        Ok(Some(LogPage { head: row.head, entries }))
    }

    pub(crate) fn logs(&self, queries: &[LogQuery], max_bytes: usize) -> rusqlite::Result<Vec<Option<LogPage>>> {
        let read = |query: &LogQuery| self.log(&query.recipient, query.after, query.limit, query.max_bytes);
        LogQuery::read_within(queries, max_bytes, read)
    }

    pub(crate) fn inbox(&self, who: &Recipient, query: &InboxQuery) -> rusqlite::Result<Option<InboxPage>> {
        let Some(row) = self.row(who)? else { return Ok(None) };
        inbox::page(self.conn, who, &row, query).map(Some)
    }

    pub(crate) fn item(&self, who: &Recipient, id: NotificationId) -> rusqlite::Result<Option<Item>> {
        let Some(row) = self.row(who)? else { return Ok(None) };
        inbox::item(self.conn, who, &row, id)
    }

    pub(crate) fn record(&self, tenant: &Tenant, id: NotificationId) -> rusqlite::Result<Option<Record>> {
        records::record(self.conn, tenant, id)
    }

    pub(crate) fn recipients(
        &self,
        tenant: &Tenant,
        id: NotificationId,
        after: Option<&UserId>,
        limit: usize,
    ) -> rusqlite::Result<Option<NamePage<RecipientRecord>>> {
        records::recipients(self.conn, tenant, id, after, limit)
    }

    pub(crate) fn members(
        &self,
        tenant: &Tenant,
        topic: &Topic,
        after: Option<&UserId>,
        limit: usize,
    ) -> rusqlite::Result<NamePage<UserId>> {
        records::members(self.conn, tenant, topic, after, limit)
    }

    pub(crate) fn revocations(&self) -> rusqlite::Result<Vec<(Recipient, Timestamp)>> {
        records::revocations(self.conn)
    }
}
