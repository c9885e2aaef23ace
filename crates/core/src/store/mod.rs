//! The port to durable storage: inboxes and their logs.
//!
//! Writes are handed over with a closure that the store runs once the write is **durable**, in commit order: so an announcement
//! cannot be lost because somebody stopped waiting, cannot precede its commit, and entries of one log are announced in their order. Stores
//! group whatever waits into one transaction.

#[cfg(feature = "contract")]
pub mod contract;
mod memory;
mod pages;

pub use memory::MemoryStore;
pub use pages::{LogPage, LogQuery};

use crate::{
    BoxFuture, Change, Counts, Cursor, Epoch, Mark, Notification, NotificationId, Recipient, Seq, Severity,
    StoreMetrics, Tenant, Timestamp, Topic, TypeName, UserId,
};
use std::sync::Arc;

/// Why a store did not do what it was asked. In all cases nothing of the write has happened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// More writes wait than the store takes: try again later.
    #[error("the store's queue is full")]
    Busy,
    /// The store is away, its disk is full, or it is closed. The reason is for the log, not for clients.
    #[error("the store is unavailable: {0}")]
    Unavailable(Arc<str>),
}

/// What a store answers.
pub type StoreResult<T> = Result<T, StoreError>;

/// Runs exactly once, on a thread of the store's choice, after the write is durable (or has failed). It must be short and must not
/// call the store.
pub type Done<T> = Box<dyn FnOnce(StoreResult<T>) + Send>;

/// The top of one user's log, and what the inbox counts there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Which life of the log.
    pub epoch: Epoch,
    /// The newest entry; 0 in an empty log.
    pub seq: Seq,
    /// Entries up to here are no longer in the log; everything after it is.
    pub floor: Seq,
    /// The counts after the newest entry.
    pub counts: Counts,
}

impl Head {
    /// The position of the newest entry.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, seq: self.seq }
    }
}

/// A notification to be stored for recipients, in one transaction.
///
/// What is looked at first decides: the key, then the recipients (two of the same, or one of another tenant, answer
/// [`StoreError::Unavailable`]), then their number, then the id (one that the store knows answers [`StoreError::Unavailable`]). Nothing of a
/// refused one is stored, its key neither.
#[derive(Clone, Debug)]
pub struct Publish {
    /// What is stored, once: its id is not in the store yet.
    pub notification: Arc<Notification>,
    /// Whose inboxes it goes to.
    pub audience: StoreAudience,
    /// How many recipients one publish may have, the excepted ones not counted; more are [`Published::TooMany`].
    pub max_recipients: usize,
    /// Makes a repeated publish answer what the first one did.
    pub idempotency: Option<Idempotency>,
}

/// Whose inboxes a notification goes to: all of the notification's tenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreAudience {
    /// These, no one twice. May be empty. A log begins for those who have none.
    Users(Vec<Recipient>),
    /// The members of a topic at the moment of the transaction, but these. A log begins for those who have none.
    Topic {
        /// The topic.
        topic: Topic,
        /// The users left out.
        except: Vec<UserId>,
    },
    /// All users with a log at the moment of the transaction, but these.
    Everyone {
        /// The users left out.
        except: Vec<UserId>,
    },
}

/// What makes two publishes the same one. Stored in the publish's own transaction, per the notification's tenant; it is as old as the
/// notification (`occurred_at`), and repetitions make it no younger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idempotency {
    /// Whose key it is: keys of different credentials never meet.
    pub credential: String,
    /// The key, 1–255 visible ASCII.
    pub key: String,
    /// A digest of the body: the same key with another one is a conflict.
    pub digest: [u8; 32],
}

/// What became of a publish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Published {
    /// It is stored: one entry per recipient, in the order of the audience (of topics and everyone: of the users' names).
    Stored(Vec<Appended>),
    /// It was published before under the same key: the first one's id and number of recipients, whatever became of it since. Nothing is
    /// stored.
    Replayed {
        /// The first notification's id.
        notification_id: NotificationId,
        /// How many recipients it had.
        recipients: usize,
    },
    /// The key was used for another body. Nothing is stored.
    Conflict,
    /// More recipients than allowed: at least so many. (A store may stop counting at the first that is too many.) Nothing is stored.
    TooMany(usize),
}

/// What became of a notification. Kept after the last inbox let go of it, until a sweep finds it older than [`Sweep::inbox_before`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The notification; its body is empty once it is gone from every inbox or withdrawn.
    pub notification: Arc<Notification>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// How many recipients it was stored for; those erased since included.
    pub recipients: usize,
    /// How many of them have read it. Those from whose inbox it went after they had read it (removed, withdrawn, expired, erased) are
    /// included.
    pub read: usize,
}

/// One recipient's side of a notification. Erased users have none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecipientRecord {
    /// Who.
    pub user: UserId,
    /// Where it arrived in the user's log.
    pub seq: Seq,
    /// When it was read. `None` also once it is removed, like the two below.
    pub read_at: Option<Timestamp>,
    /// When it was seen.
    pub seen_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// Whether it is gone from the inbox.
    pub removed: bool,
}

/// A page of something that is listed by a name, in the order of the names' bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamePage<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more after the last one.
    pub more: bool,
}

/// What became of a withdrawal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Withdrawn {
    /// Whether the tenant has such a notification (withdrawn before, too).
    pub found: bool,
    /// The removals, each an entry of its user's log, in the order of the users' names; none when it was withdrawn before.
    pub removed: Vec<(Appended, Change)>,
}

/// An entry that was just appended to a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Whose log.
    pub recipient: Recipient,
    /// The head right after the entry: its `seq` is the entry's.
    pub head: Head,
}

/// What became of a mark.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Marked {
    /// The entry, and what it says; `None` if nothing changed.
    pub entry: Option<(Appended, Change)>,
    /// The ids that are not in this inbox.
    pub not_found: Vec<NotificationId>,
}

/// What is too old. One call does a bounded piece of the work; repeat it while [`Swept::more`] is true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sweep {
    /// The time now: when the entries of the removals are made.
    pub at: Timestamp,
    /// Inbox items published before are removed; the records of notifications published before, and in no inbox any more, are forgotten
    /// with their recipients.
    pub inbox_before: Timestamp,
    /// Log entries made before leave the log, from the oldest on up to the first that is young enough: what is kept is dense.
    pub log_before: Timestamp,
    /// Entries beyond so many newest ones leave the log.
    pub log_entries: u64,
    /// Idempotency keys first used before are forgotten.
    pub keys_before: Timestamp,
    /// How many inbox items, and how many log entries, one call touches at the most; about as many of anything else.
    pub batch: usize,
}

/// What one sweep did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Swept {
    /// The removals, each an entry of its user's log.
    pub removed: Vec<(Appended, Change)>,
    /// Whether there is more to sweep.
    pub more: bool,
}

/// Which items of an inbox.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum InboxStatus {
    /// Those not archived.
    #[default]
    All,
    /// Those not read and not archived.
    Unread,
    /// Those read and not archived.
    Read,
    /// Those archived.
    Archived,
}

/// A page of an inbox, newest first.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct InboxQuery {
    /// Only arrivals before this place (exclusive), for the next page.
    pub before: Option<Seq>,
    /// At most so many.
    pub limit: usize,
    /// Which state.
    pub status: InboxStatus,
    /// Only this type.
    pub type_name: Option<TypeName>,
    /// Only this severity.
    pub severity: Option<Severity>,
}

/// One item of an inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Where it arrived in the log.
    pub seq: Seq,
    /// What arrived.
    pub notification: Arc<Notification>,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// When it was seen: explicitly, or by being read.
    pub seen_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

/// A page of an inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InboxPage {
    /// The items, newest first.
    pub items: Vec<Item>,
    /// Whether older ones match too: continue before the last item's place.
    pub more: bool,
    /// The head in the same snapshot.
    pub head: Head,
}

/// Durable storage of inboxes and logs. `contract` (feature `contract`) is the suite that every implementation passes.
///
/// Every log is dense: an entry's seq is its predecessor's plus one, given in the transaction that stores the change. A log begins with
/// its first [`Store::open`] or arrival, with an epoch drawn at random.
pub trait Store: Send + Sync + 'static {
    /// Makes sure that the user has a log, and answers its head.
    fn open(&self, recipient: Recipient, done: Done<Head>);

    /// Stores a notification and an arrival in each recipient's log. The audience is found out within the transaction.
    fn publish(&self, publish: Publish, done: Done<Published>);

    /// Takes a tenant's notification back, in one transaction: every inbox that has it loses it, by an entry
    /// `Updated { ids: [id], state: REMOVED }` made at `at`; its text is gone, its record says that it was withdrawn. Once more changes
    /// nothing.
    fn withdraw(&self, tenant: Tenant, id: NotificationId, at: Timestamp, done: Done<Withdrawn>);

    /// Erases a user, in one transaction: inbox, log, memberships, and the user's side of what was published. Texts that no other inbox has are
    /// gone. A later visit or arrival begins a new log, with another epoch and seq 1. Revocations stay: the credentials they are about do, too.
    /// Answers whether there was a log.
    fn erase(&self, recipient: Recipient, done: Done<bool>);

    /// Takes a user into a topic of the user's tenant (`member` true) or out of it. Neither needs to exist before, and no log begins;
    /// changing nothing is fine.
    fn set_member(&self, topic: Topic, recipient: Recipient, member: bool, done: Done<()>);

    /// Notes that the user's credentials issued before a moment are revoked. The latest moment counts, in whatever order they come. The user
    /// needs no log, and gets none.
    fn revoke(&self, recipient: Recipient, issued_before: Timestamp, done: Done<()>);

    /// Changes states in one inbox; one entry in the log if anything changed.
    fn mark(&self, mark: Mark, done: Done<Marked>);

    /// Does a piece of the retention's work.
    fn sweep(&self, sweep: Sweep, done: Done<Swept>);

    /// The heads of these users' logs, in their order; `None` where there is no log.
    fn heads(&self, recipients: Vec<Recipient>) -> BoxFuture<'_, StoreResult<Vec<Option<Head>>>>;

    /// The entries after a position, at most `limit` entries; stops early after the entry with which the bodies exceed `max_bytes`. `None` where
    /// there is no log.
    fn log(
        &self,
        recipient: Recipient,
        after: Seq,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, StoreResult<Option<LogPage>>>;

    /// Pieces of several logs, in the order of the queries: each is what [`Store::log`] would answer. Ends early after the piece with which the
    /// bodies of all exceed `max_bytes`; what is left out can be asked for again. Where something is asked, at least the first is answered.
    ///
    /// This is one read of a store that can do it ([`LogQuery::read_within`] holds the limit): without, a thousand streams that come back at
    /// once are a thousand reads.
    fn logs(&self, queries: Vec<LogQuery>, max_bytes: usize) -> BoxFuture<'_, StoreResult<Vec<Option<LogPage>>>> {
        // The least that the contract allows.
        let _ = max_bytes;
        Box::pin(async move {
            let Some(LogQuery { recipient, after, limit, max_bytes }) = queries.into_iter().next() else {
                return Ok(Vec::new());
            };
            Ok(vec![self.log(recipient, after, limit, max_bytes).await?])
        })
    }

    /// A page of an inbox; `None` where there is no log.
    fn inbox(&self, recipient: Recipient, query: InboxQuery) -> BoxFuture<'_, StoreResult<Option<InboxPage>>>;

    /// One item of an inbox.
    fn item(&self, recipient: Recipient, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Item>>>;

    /// What became of a tenant's notification; `None` if there is no such one (any more).
    fn record(&self, tenant: Tenant, id: NotificationId) -> BoxFuture<'_, StoreResult<Option<Record>>>;

    /// A tenant's notification's recipients after a user's name, in the order of the names' bytes; `None` if there is no such notification (any
    /// more).
    fn recipients(
        &self,
        tenant: Tenant,
        id: NotificationId,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Option<NamePage<RecipientRecord>>>>;

    /// A topic's members after a user's name, in the order of the names' bytes. A topic that nobody ever joined has none.
    fn members(
        &self,
        tenant: Tenant,
        topic: Topic,
        after: Option<UserId>,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<NamePage<UserId>>>;

    /// All revocations that are known, one per user, in no particular order.
    fn revocations(&self) -> BoxFuture<'_, StoreResult<Vec<(Recipient, Timestamp)>>>;

    /// Whether the store can be read and written now; for readiness.
    fn check(&self) -> BoxFuture<'_, StoreResult<()>>;

    /// Waits for what is under way, then closes; later calls answer [`StoreError::Unavailable`].
    fn close(&self) -> BoxFuture<'_, ()>;

    /// What the store measures of itself.
    fn metrics(&self) -> Option<&StoreMetrics> {
        None
    }
}
