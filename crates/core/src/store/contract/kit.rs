//! What the sentences are written with: a store, and short ways to ask it.

use crate::store::{
    Appended, Done, Head, InboxPage, InboxQuery, Item, LogPage, Marked, Publish, Published, RecipientRecord, Record,
    Store, StoreAudience, StoreResult, Sweep, Swept, Withdrawn,
};
use crate::{
    Change, Entry, Mark, MarkTarget, Notification, NotificationId, Recipient, Seq, Severity, StateChange, Tenant,
    Timestamp, Topic, TypeName, UpToState, UserId,
};
use std::sync::Arc;

/// More than any of these tests asks for.
pub(super) const PLENTY: usize = 100_000;

/// A moment, in seconds since a fixed one.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

/// A user of the default tenant.
pub(super) fn user(name: &str) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(name).unwrap())
}

/// A topic.
pub(super) fn topic(name: &str) -> Topic {
    Topic::new(name).unwrap()
}

/// Another tenant than the default one.
pub(super) fn other_tenant() -> Tenant {
    Tenant::new("other").unwrap()
}

/// A notification of the default tenant that was published at a moment.
pub(super) fn notification(occurred_at: Timestamp) -> Notification {
    let id = NotificationId::generate();
    Notification {
        id,
        tenant: Tenant::default(),
        type_name: TypeName::new("contract.test").unwrap(),
        severity: Severity::Info,
        occurred_at,
        body: format!(r#"{{"notificationId":"{id}","title":"Zoë 🔔"}}"#).into(),
    }
}

/// A publish to these users, without a key.
pub(super) fn to_users(notification: Notification, users: Vec<Recipient>) -> Publish {
    to(notification, StoreAudience::Users(users))
}

/// A publish without a key.
pub(super) fn to(notification: Notification, audience: StoreAudience) -> Publish {
    Publish { notification: Arc::new(notification), audience, max_recipients: PLENTY, idempotency: None }
}

/// What a publish that must be stored has appended.
pub(super) fn stored(published: Published) -> Vec<Appended> {
    match published {
        Published::Stored(appended) => appended,
        other => panic!("not stored: {other:?}"),
    }
}

/// Calls a write and waits for its answer.
pub(super) async fn ask<T: Send + 'static>(call: impl FnOnce(Done<T>)) -> StoreResult<T> {
    let (send, answer) = tokio::sync::oneshot::channel();
    call(Box::new(move |result| {
        assert!(send.send(result).is_ok(), "the test waits for its answer");
    }));
    answer.await.unwrap_or_else(|_| panic!("the answer was dropped instead of given"))
}

/// A store under test.
#[derive(Clone)]
pub(super) struct Kit<S>(pub(super) Arc<S>);

impl<S: Store> Kit<S> {
    pub(super) async fn open(&self, name: &str) -> Head {
        ask(|done| self.0.open(user(name), done)).await.unwrap()
    }

    /// Publishes to users and answers what each log's head became.
    pub(super) async fn send(&self, notification: Notification, names: &[&str]) -> Vec<Appended> {
        self.try_send(notification, names).await.unwrap()
    }

    pub(super) async fn try_send(&self, notification: Notification, names: &[&str]) -> StoreResult<Vec<Appended>> {
        let publish = to_users(notification, names.iter().map(|name| user(name)).collect());
        ask(|done| self.0.publish(publish, done)).await.map(stored)
    }

    pub(super) async fn publish(&self, publish: Publish) -> Published {
        ask(|done| self.0.publish(publish, done)).await.unwrap()
    }

    pub(super) async fn withdraw(&self, id: NotificationId, when: i64) -> Withdrawn {
        ask(|done| self.0.withdraw(Tenant::default(), id, at(when), done)).await.unwrap()
    }

    pub(super) async fn erase(&self, name: &str) -> bool {
        ask(|done| self.0.erase(user(name), done)).await.unwrap()
    }

    pub(super) async fn join(&self, name: &str, names: &[&str]) {
        for one in names {
            ask(|done| self.0.set_member(topic(name), user(one), true, done)).await.unwrap();
        }
    }

    pub(super) async fn leave(&self, name: &str, one: &str) {
        ask(|done| self.0.set_member(topic(name), user(one), false, done)).await.unwrap();
    }

    /// All members of a topic of the default tenant.
    pub(super) async fn members(&self, name: &str) -> Vec<UserId> {
        let page = self.0.members(Tenant::default(), topic(name), None, PLENTY).await.unwrap();
        assert!(!page.more);
        page.items
    }

    pub(super) async fn record(&self, id: NotificationId) -> Option<Record> {
        self.0.record(Tenant::default(), id).await.unwrap()
    }

    /// All recipients of a notification of the default tenant.
    pub(super) async fn recipients(&self, id: NotificationId) -> Vec<RecipientRecord> {
        let page = self.0.recipients(Tenant::default(), id, None, PLENTY).await.unwrap().unwrap();
        assert!(!page.more);
        page.items
    }

    /// The user's log, whether or not there is one.
    pub(super) async fn find_head(&self, name: &str) -> Option<Head> {
        self.0.heads(vec![user(name)]).await.unwrap()[0]
    }

    /// Publishes something to one user.
    pub(super) async fn arrive(&self, name: &str, when: i64) -> NotificationId {
        let notification = notification(at(when));
        let id = notification.id;
        self.send(notification, &[name]).await;
        id
    }

    /// Publishes `n` things to one user.
    pub(super) async fn arrive_many(&self, name: &str, when: i64, n: usize) -> Vec<NotificationId> {
        let mut ids = Vec::new();
        for _ in 0..n {
            ids.push(self.arrive(name, when).await);
        }
        ids
    }

    pub(super) async fn mark(&self, name: &str, ids: &[NotificationId], state: StateChange, when: i64) -> Marked {
        let target = MarkTarget::Notifications { ids: ids.to_vec(), state };
        self.apply(name, target, when).await
    }

    pub(super) async fn up_to(&self, name: &str, up_to: Option<u64>, state: UpToState, when: i64) -> Marked {
        self.apply(name, MarkTarget::UpTo { up_to: up_to.map(Seq), state }, when).await
    }

    pub(super) async fn apply(&self, name: &str, target: MarkTarget, when: i64) -> Marked {
        let mark = Mark { recipient: user(name), target, at: at(when) };
        ask(|done| self.0.mark(mark, done)).await.unwrap()
    }

    pub(super) async fn sweep(&self, sweep: Sweep) -> Swept {
        ask(|done| self.0.sweep(sweep, done)).await.unwrap()
    }

    /// Sweeps until nothing is left to sweep.
    pub(super) async fn sweep_all(&self, sweep: Sweep) -> Vec<(Appended, Change)> {
        let mut removed = Vec::new();
        for _ in 0..PLENTY {
            let mut swept = self.sweep(sweep).await;
            removed.append(&mut swept.removed);
            if !swept.more {
                return removed;
            }
        }
        panic!("the sweep never ends");
    }

    pub(super) async fn head(&self, name: &str) -> Head {
        self.0.heads(vec![user(name)]).await.unwrap()[0].unwrap()
    }

    pub(super) async fn page(&self, name: &str, after: u64, limit: usize, max_bytes: usize) -> LogPage {
        self.0.log(user(name), Seq(after), limit, max_bytes).await.unwrap().unwrap()
    }

    /// The whole log after a place.
    pub(super) async fn entries(&self, name: &str, after: u64) -> Vec<Entry> {
        self.page(name, after, PLENTY, usize::MAX).await.entries
    }

    pub(super) async fn inbox(&self, name: &str, query: InboxQuery) -> InboxPage {
        self.0.inbox(user(name), query).await.unwrap().unwrap()
    }

    pub(super) async fn item(&self, name: &str, id: NotificationId) -> Option<Item> {
        self.0.item(user(name), id).await.unwrap()
    }

    /// Unread and unseen, as the head counts them.
    pub(super) async fn counts(&self, name: &str) -> (u64, u64) {
        let counts = self.head(name).await.counts;
        (counts.unread, counts.unseen)
    }
}

/// A sweep at a moment that finds nothing.
pub(super) fn no_sweep(when: i64) -> Sweep {
    let never = Timestamp::from_millis(i64::MIN);
    Sweep {
        at: at(when),
        inbox_before: never,
        log_before: never,
        log_entries: u64::MAX,
        keys_before: never,
        batch: PLENTY,
    }
}

/// The ids and the state of an `Updated`.
pub(super) fn updated(marked: &Marked) -> (Vec<NotificationId>, StateChange) {
    match &marked.entry {
        Some((_, Change::Updated { ids, state })) => (ids.clone(), *state),
        other => panic!("not an update: {other:?}"),
    }
}

/// Asserts that a page of a log is dense after a place.
pub(super) fn assert_dense(entries: &[Entry], after: u64) {
    let seqs: Vec<u64> = entries.iter().map(|entry| entry.seq.0).collect();
    let expected: Vec<u64> = (after + 1..).take(seqs.len()).collect();
    assert_eq!(seqs, expected);
}
