//! A store in memory: for tests, for `memory:`, and as the plainest reading of the port.

mod log;

use self::log::Log;
use super::{
    Appended, Done, Head, InboxPage, InboxQuery, Item, LogPage, Marked, Publish, Store, StoreError, StoreResult, Sweep,
    Swept,
};
use crate::{Epoch, Mark, MarkTarget, NotificationId, Recipient, Seq};
use futures_util::future::{BoxFuture, ready};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet};

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

#[derive(Debug, Default)]
struct Data {
    closed: bool,
    logs: BTreeMap<Recipient, Log>,
    /// Every notification that is stored, and when it is dropped if nobody received it.
    known: HashMap<NotificationId, Known>,
}

/// How many inboxes hold a notification.
#[derive(Debug)]
struct Known {
    inboxes: usize,
    occurred_at: crate::Timestamp,
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.into())
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

    fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Data) -> StoreResult<T>,
    ) -> BoxFuture<'_, StoreResult<T>> {
        Box::pin(ready(self.read(work)))
    }
}

impl Data {
    fn log(&mut self, recipient: &Recipient) -> StoreResult<&mut Log> {
        if !self.logs.contains_key(recipient) {
            let epoch = getrandom::u64().map_err(|why| unavailable(&why.to_string()))?;
            self.logs.insert(recipient.clone(), Log::new(Epoch(epoch)));
        }
        self.logs.get_mut(recipient).ok_or_else(|| unavailable("a log went away"))
    }

    fn publish(&mut self, publish: &Publish) -> StoreResult<Vec<Appended>> {
        let notification = &publish.notification;
        self.check(publish)?;
        for recipient in &publish.recipients {
            self.log(recipient)?;
        }
        let known = Known { inboxes: publish.recipients.len(), occurred_at: notification.occurred_at };
        self.known.insert(notification.id, known);
        let arrive = |recipient: &Recipient| {
            let head = self.log(recipient)?.arrive(notification);
            Ok(Appended { recipient: recipient.clone(), head })
        };
        publish.recipients.iter().map(arrive).collect()
    }

    fn check(&self, publish: &Publish) -> StoreResult<()> {
        let mut seen = HashSet::new();
        let fits = |r: &Recipient| r.tenant == publish.notification.tenant && seen.insert(r.clone());
        if !publish.recipients.iter().all(fits) {
            return Err(unavailable("the recipients are not all different users of the notification's tenant"));
        }
        if self.known.contains_key(&publish.notification.id) {
            return Err(unavailable("the notification is already stored"));
        }
        Ok(())
    }

    fn mark(&mut self, mark: &Mark) -> Marked {
        let Some(log) = self.logs.get_mut(&mark.recipient) else { return not_found(&mark.target) };
        let (change, not_found) = match &mark.target {
            MarkTarget::Notifications { ids, state } => log.mark(ids, *state, mark.at),
            MarkTarget::UpTo { up_to, state } => (log.mark_up_to(*up_to, *state, mark.at), Vec::new()),
        };
        let entry = change.map(|change| {
            let head = log.append(change.clone(), mark.at);
            (Appended { recipient: mark.recipient.clone(), head }, change)
        });
        let removed = log.take_removed();
        self.release(&removed);
        Marked { entry, not_found }
    }

    /// Forgets notifications that are in no inbox any more.
    fn release(&mut self, ids: &[NotificationId]) {
        for id in ids {
            if let Some(known) = self.known.get_mut(id) {
                known.inboxes -= 1;
                if known.inboxes == 0 {
                    self.known.remove(id);
                }
            }
        }
    }

    fn sweep(&mut self, sweep: &Sweep) -> Swept {
        let (mut items, mut entries) = (sweep.batch, sweep.batch);
        let (mut removed, mut gone) = (Vec::new(), Vec::new());
        for (recipient, log) in &mut self.logs {
            for change in log.expire(sweep.inbox_before, &mut items) {
                let head = log.append(change.clone(), sweep.at);
                removed.push((Appended { recipient: recipient.clone(), head }, change));
            }
            gone.append(&mut log.take_removed());
            log.trim(sweep.log_before, sweep.log_entries, &mut entries);
        }
        self.release(&gone);
        self.known.retain(|_, known| known.inboxes > 0 || known.occurred_at >= sweep.inbox_before);
        Swept { removed, more: items == 0 || entries == 0 }
    }
}

fn not_found(target: &MarkTarget) -> Marked {
    let not_found = match target {
        MarkTarget::Notifications { ids, .. } => log::distinct(ids),
        MarkTarget::UpTo { .. } => Vec::new(),
    };
    Marked { entry: None, not_found }
}

impl Store for MemoryStore {
    fn open(&self, recipient: Recipient, done: Done<Head>) {
        self.write(done, |data| data.log(&recipient).map(|log| log.head()));
    }

    fn publish(&self, publish: Publish, done: Done<Vec<Appended>>) {
        self.write(done, |data| data.publish(&publish));
    }

    fn mark(&self, mark: Mark, done: Done<Marked>) {
        self.write(done, |data| Ok(data.mark(&mark)));
    }

    fn sweep(&self, sweep: Sweep, done: Done<Swept>) {
        self.write(done, |data| Ok(data.sweep(&sweep)));
    }

    fn heads(&self, recipients: Vec<Recipient>) -> BoxFuture<'_, StoreResult<Vec<Option<Head>>>> {
        self.answer(|data| Ok(recipients.iter().map(|r| data.logs.get(r).map(Log::head)).collect()))
    }

    fn log(
        &self,
        recipient: Recipient,
        after: Seq,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, StoreResult<Option<LogPage>>> {
        self.answer(|data| Ok(data.logs.get(&recipient).map(|log| log.page(after, limit, max_bytes))))
    }

    fn inbox(&self, recipient: Recipient, query: InboxQuery) -> BoxFuture<'_, StoreResult<Option<InboxPage>>> {
        self.answer(|data| Ok(data.logs.get(&recipient).map(|log| log.inbox(&query))))
    }

    fn item(&self, recipient: Recipient, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Item>>> {
        self.answer(|data| Ok(data.logs.get(&recipient).and_then(|log| log.item(id))))
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.answer(|_| Ok(()))
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
