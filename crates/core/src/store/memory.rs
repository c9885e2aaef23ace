//! A store in memory: for tests, for `memory:`, and as the plainest reading of the port.

mod data;
mod known;
mod log;

use self::{
    data::{Data, unavailable},
    log::Log,
};
use super::{
    Done, Head, InboxPage, InboxQuery, Item, LogPage, LogQuery, Marked, NamePage, Publish, Published, RecipientRecord,
    Record, Store, StoreResult, Sweep, Swept, Withdrawn,
};
use crate::{BoxFuture, Mark, NotificationId, Recipient, Seq, Tenant, Timestamp, Topic, UserId};
use futures_util::future::ready;
use parking_lot::Mutex;
use std::ops::Bound::{Excluded, Unbounded};

/// Keeps everything in memory; gone with the process.
///
/// A write is "durable" once it is made. Answers are given while the order of writes is held, so that they come in that order; readers
/// never wait for an answer.
#[derive(Debug, Default)]
pub struct MemoryStore {
    /// Held from a write's beginning to the end of its answer. Always taken before `data`.
    order: Mutex<()>,
    data: Mutex<Data>,
}

impl MemoryStore {
    fn write<T>(&self, done: Done<T>, work: impl FnOnce(&mut Data) -> StoreResult<T>) {
        let _order = self.order.lock();
        let result = self.read(work);
        done(result);
    }

    fn read<T>(&self, work: impl FnOnce(&mut Data) -> StoreResult<T>) -> StoreResult<T> {
        let mut data = self.data.lock();
        if data.closed { Err(unavailable("closed")) } else { work(&mut data) }
    }

    fn answer<T: Send + 'static>(&self, work: impl FnOnce(&Data) -> T) -> BoxFuture<'_, StoreResult<T>> {
        Box::pin(ready(self.read(|data| Ok(work(data)))))
    }
}

impl Store for MemoryStore {
    fn open(&self, recipient: Recipient, done: Done<Head>) {
        self.write(done, |data| data.log(&recipient).map(|log| log.head()));
    }

    fn publish(&self, publish: Publish, done: Done<Published>) {
        self.write(done, |data| data.publish(&publish));
    }

    fn withdraw(&self, tenant: Tenant, id: NotificationId, at: Timestamp, done: Done<Withdrawn>) {
        self.write(done, |data| Ok(data.withdraw(&tenant, id, at)));
    }

    fn erase(&self, recipient: Recipient, done: Done<bool>) {
        self.write(done, |data| Ok(data.erase(&recipient)));
    }

    fn set_member(&self, topic: Topic, recipient: Recipient, member: bool, done: Done<()>) {
        self.write(done, |data| {
            data.set_member(topic, recipient, member);
            Ok(())
        });
    }

    fn revoke(&self, recipient: Recipient, issued_before: Timestamp, done: Done<()>) {
        self.write(done, |data| {
            data.revoke(recipient, issued_before);
            Ok(())
        });
    }

    fn mark(&self, mark: Mark, done: Done<Marked>) {
        self.write(done, |data| Ok(data.mark(&mark)));
    }

    fn sweep(&self, sweep: Sweep, done: Done<Swept>) {
        self.write(done, |data| Ok(data.sweep(&sweep)));
    }

    fn heads(&self, recipients: Vec<Recipient>) -> BoxFuture<'_, StoreResult<Vec<Option<Head>>>> {
        self.answer(|data| recipients.iter().map(|r| data.logs.get(r).map(Log::head)).collect())
    }

    fn log(
        &self,
        recipient: Recipient,
        after: Seq,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, StoreResult<Option<LogPage>>> {
        self.answer(|data| data.logs.get(&recipient).map(|log| log.page(after, limit, max_bytes)))
    }

    fn logs(&self, queries: Vec<LogQuery>, max_bytes: usize) -> BoxFuture<'_, StoreResult<Vec<Option<LogPage>>>> {
        let read = self.read(|data| {
            let page = |query: &LogQuery| {
                Ok(data.logs.get(&query.recipient).map(|log| log.page(query.after, query.limit, query.max_bytes)))
            };
            LogQuery::read_within(&queries, max_bytes, page)
        });
        Box::pin(ready(read))
    }

    fn inbox(&self, recipient: Recipient, query: InboxQuery) -> BoxFuture<'_, StoreResult<Option<InboxPage>>> {
        self.answer(|data| data.logs.get(&recipient).map(|log| log.inbox(&query)))
    }

    fn item(&self, recipient: Recipient, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Item>>> {
        self.answer(|data| data.logs.get(&recipient).and_then(|log| log.item(id)))
    }

    fn record(&self, tenant: Tenant, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Record>>> {
        self.answer(|data| data.record(&tenant, id))
    }

    fn recipients(
        &self,
        tenant: Tenant,
        id: NotificationId,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Option<NamePage<RecipientRecord>>>> {
        self.answer(|data| data.recipients(&tenant, id, after.as_ref(), limit))
    }

    fn members(
        &self,
        tenant: Tenant,
        topic: Topic,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<NamePage<UserId>>> {
        self.answer(|data| {
            let after = after.as_ref().map_or(Unbounded, Excluded);
            let members = data.topics.get(&(tenant, topic)).into_iter();
            let mut members = members.flat_map(|members| members.range((after, Unbounded)));
            let items = members.by_ref().take(limit).cloned().collect();
            NamePage { items, more: members.next().is_some() }
        })
    }

    fn revocations(&self) -> BoxFuture<'_, StoreResult<Vec<(Recipient, Timestamp)>>> {
        self.answer(|data| data.revoked.iter().map(|(who, before)| (who.clone(), *before)).collect())
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.answer(|_| ())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let _order = self.order.lock();
        self.data.lock().closed = true;
        Box::pin(ready(()))
    }
}

#[cfg(all(test, feature = "contract"))]
mod tests {
    use super::MemoryStore;

    crate::store_contract!((std::sync::Arc::new(MemoryStore::default()), ()));
}
