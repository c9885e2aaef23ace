//! A store whose publishes wait until they are let go, and which can be made to panic.

use campanile_core::{
    Mark, NotificationId, Recipient, Seq, Tenant, Timestamp, Topic, UserId,
    store::{
        Done, Head, InboxPage, InboxQuery, Item, LogPage, Marked, MemoryStore, NamePage, Publish, Published,
        RecipientRecord, Record, Store, StoreResult, Sweep, Swept, Withdrawn,
    },
};
use futures_util::future::BoxFuture;
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

#[derive(Default)]
pub(crate) struct Held {
    store: MemoryStore,
    held: Mutex<Vec<(Publish, Done<Published>)>>,
    broken: AtomicBool,
}

impl Held {
    /// From now on it panics when it is asked how it is, or who was revoked.
    pub(crate) fn break_down(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    fn survive(&self) {
        assert!(!self.broken.load(Ordering::Relaxed), "the store is broken");
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.held.lock().unwrap().len()
    }

    /// Lets all that wait go on, in their order.
    pub(crate) fn let_go(&self) {
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        held.into_iter().for_each(|(publish, done)| self.store.publish(publish, done));
    }
}

impl Store for Held {
    fn publish(&self, publish: Publish, done: Done<Published>) {
        self.held.lock().unwrap().push((publish, done));
    }
    fn open(&self, recipient: Recipient, done: Done<Head>) {
        self.store.open(recipient, done);
    }
    fn withdraw(&self, tenant: Tenant, id: NotificationId, at: Timestamp, done: Done<Withdrawn>) {
        self.store.withdraw(tenant, id, at, done);
    }
    fn erase(&self, recipient: Recipient, done: Done<bool>) {
        self.store.erase(recipient, done);
    }
    fn set_member(&self, topic: Topic, recipient: Recipient, member: bool, done: Done<()>) {
        self.store.set_member(topic, recipient, member, done);
    }
    fn revoke(&self, recipient: Recipient, issued_before: Timestamp, done: Done<()>) {
        self.store.revoke(recipient, issued_before, done);
    }
    fn mark(&self, mark: Mark, done: Done<Marked>) {
        self.store.mark(mark, done);
    }
    fn sweep(&self, sweep: Sweep, done: Done<Swept>) {
        self.store.sweep(sweep, done);
    }
    fn heads(&self, recipients: Vec<Recipient>) -> BoxFuture<'_, StoreResult<Vec<Option<Head>>>> {
        self.store.heads(recipients)
    }
    fn log(
        &self,
        who: Recipient,
        after: Seq,
        limit: usize,
        bytes: usize,
    ) -> BoxFuture<'_, StoreResult<Option<LogPage>>> {
        self.store.log(who, after, limit, bytes)
    }
    fn inbox(&self, who: Recipient, query: InboxQuery) -> BoxFuture<'_, StoreResult<Option<InboxPage>>> {
        self.store.inbox(who, query)
    }
    fn item(&self, who: Recipient, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Item>>> {
        self.store.item(who, id)
    }
    fn record(&self, tenant: Tenant, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Record>>> {
        self.store.record(tenant, id)
    }
    fn recipients(
        &self,
        tenant: Tenant,
        id: NotificationId,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Option<NamePage<RecipientRecord>>>> {
        self.store.recipients(tenant, id, after, limit)
    }
    fn members(
        &self,
        tenant: Tenant,
        topic: Topic,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<NamePage<UserId>>> {
        self.store.members(tenant, topic, after, limit)
    }
    fn revocations(&self) -> BoxFuture<'_, StoreResult<Vec<(Recipient, Timestamp)>>> {
        self.survive();
        self.store.revocations()
    }
    fn check(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.survive();
        self.store.check()
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        self.store.close()
    }
}
