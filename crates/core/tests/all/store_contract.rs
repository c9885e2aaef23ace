//! The suite for authors of stores finds what is wrong with one. (That a good one passes is tested where the stores are.)

use campanile_core::{
    BoxFuture, Mark, NotificationId, Recipient, Seq, Tenant, Timestamp, Topic, UserId,
    store::{
        Done, Head, InboxPage, InboxQuery, Item, LogPage, Marked, MemoryStore, NamePage, Publish, Published,
        RecipientRecord, Record, Store, StoreResult, Sweep, Swept, Withdrawn, contract,
    },
};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    AnswersInOtherOrder,
    ForgetsKeys,
    IgnoresTheLimit,
    StaysMember,
    ErasesNothing,
    WithdrawsNothing,
    MarksTwice,
    SweepsNothing,
    LosesAnEntry,
    OldestFirst,
    OneTooMany,
    ForgetsRevocations,
    StaysOpen,
}

/// A store in memory with a fault.
struct Faulty {
    store: MemoryStore,
    fault: Fault,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

impl Store for Faulty {
    fn open(&self, recipient: Recipient, done: Done<Head>) {
        self.store.open(recipient, done);
    }

    fn publish(&self, mut publish: Publish, done: Done<Published>) {
        if self.has(Fault::ForgetsKeys) {
            publish.idempotency = None;
        }
        if self.has(Fault::IgnoresTheLimit) {
            publish.max_recipients = usize::MAX;
        }
        let turned = self.has(Fault::AnswersInOtherOrder);
        let done = move |mut answer: StoreResult<Published>| {
            if let (Ok(Published::Stored(appended)), true) = (&mut answer, turned) {
                appended.reverse();
            }
            done(answer);
        };
        self.store.publish(publish, Box::new(done));
    }

    fn withdraw(&self, tenant: Tenant, id: NotificationId, at: Timestamp, done: Done<Withdrawn>) {
        if self.has(Fault::WithdrawsNothing) {
            return done(Ok(Withdrawn { found: true, removed: Vec::new() }));
        }
        self.store.withdraw(tenant, id, at, done);
    }

    fn erase(&self, recipient: Recipient, done: Done<bool>) {
        if self.has(Fault::ErasesNothing) {
            return done(Ok(true));
        }
        self.store.erase(recipient, done);
    }

    fn set_member(&self, topic: Topic, recipient: Recipient, member: bool, done: Done<()>) {
        self.store.set_member(topic, recipient, member || self.has(Fault::StaysMember), done);
    }

    fn revoke(&self, recipient: Recipient, issued_before: Timestamp, done: Done<()>) {
        self.store.revoke(recipient, issued_before, done);
    }

    fn mark(&self, mark: Mark, done: Done<Marked>) {
        if self.has(Fault::MarksTwice) {
            self.store.mark(mark.clone(), Box::new(|_| ()));
        }
        self.store.mark(mark, done);
    }

    fn sweep(&self, sweep: Sweep, done: Done<Swept>) {
        if self.has(Fault::SweepsNothing) {
            return done(Ok(Swept { removed: Vec::new(), more: false }));
        }
        self.store.sweep(sweep, done);
    }

    fn heads(&self, recipients: Vec<Recipient>) -> BoxFuture<'_, StoreResult<Vec<Option<Head>>>> {
        self.store.heads(recipients)
    }

    fn log(
        &self,
        recipient: Recipient,
        after: Seq,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, StoreResult<Option<LogPage>>> {
        Box::pin(async move {
            let mut page = self.store.log(recipient, after, limit, max_bytes).await;
            if let (Ok(Some(page)), true) = (&mut page, self.has(Fault::LosesAnEntry)) {
                page.entries.pop();
            }
            page
        })
    }

    fn inbox(&self, recipient: Recipient, query: InboxQuery) -> BoxFuture<'_, StoreResult<Option<InboxPage>>> {
        Box::pin(async move {
            let mut page = self.store.inbox(recipient, query).await;
            if let (Ok(Some(page)), true) = (&mut page, self.has(Fault::OldestFirst)) {
                page.items.reverse();
            }
            page
        })
    }

    fn item(&self, recipient: Recipient, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Item>>> {
        self.store.item(recipient, id)
    }

    fn record(&self, tenant: Tenant, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Record>>> {
        Box::pin(async move {
            let mut record = self.store.record(tenant, id).await;
            if let (Ok(Some(record)), true) = (&mut record, self.has(Fault::OneTooMany)) {
                record.recipients += 1;
            }
            record
        })
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
        if self.has(Fault::ForgetsRevocations) {
            return Box::pin(async { Ok(Vec::new()) });
        }
        self.store.revocations()
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.store.check()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        if self.has(Fault::StaysOpen) {
            return Box::pin(async {});
        }
        self.store.close()
    }
}

/// Whether a sentence fails a store with this fault.
async fn found<T: Future<Output = ()> + Send + 'static>(fault: Fault, sentence: fn(Arc<Faulty>) -> T) -> bool {
    let store = Arc::new(Faulty { store: MemoryStore::default(), fault });
    tokio::spawn(sentence(store)).await.is_err()
}

#[tokio::test]
async fn each_fault_is_found_by_the_sentence_about_it() {
    use contract::{audiences, keys, marks, reads, records, removals, sweeps, writes};
    assert!(found(Fault::AnswersInOtherOrder, writes::a_publish_reaches_everybody_and_answers_in_their_order).await);
    assert!(found(Fault::ForgetsKeys, keys::a_repeated_publish_answers_what_the_first_one_did).await);
    assert!(found(Fault::IgnoresTheLimit, audiences::more_than_allowed_store_nothing).await);
    assert!(found(Fault::StaysMember, audiences::a_topic_reaches_its_members_of_that_moment).await);
    assert!(found(Fault::ErasesNothing, removals::an_erased_user_begins_anew).await);
    assert!(found(Fault::WithdrawsNothing, removals::a_withdrawal_takes_it_out_of_every_inbox).await);
    assert!(found(Fault::MarksTwice, marks::one_mark_is_one_entry_of_those_that_changed).await);
    assert!(found(Fault::SweepsNothing, sweeps::what_is_too_old_leaves_the_inbox_by_entries_of_the_log).await);
    assert!(found(Fault::LosesAnEntry, reads::a_log_is_read_in_pages_without_holes).await);
    assert!(found(Fault::OldestFirst, reads::an_inbox_is_paged_newest_first_and_more_is_exact).await);
    assert!(found(Fault::OneTooMany, records::a_record_counts_recipients_and_readers).await);
    assert!(found(Fault::ForgetsRevocations, removals::revocations_are_kept_and_the_latest_moment_counts).await);
    assert!(found(Fault::StaysOpen, writes::after_the_close_everything_is_unavailable).await);
    assert!(!found(Fault::StaysOpen, writes::seqs_are_dense_from_one_on).await, "not every sentence fails");
}
