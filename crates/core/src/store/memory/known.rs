//! What is known of a notification beside the inboxes that have it.

use super::{data::Data, log::Log};
use crate::store::{Appended, NamePage, RecipientRecord, Record};
use crate::{Notification, NotificationId, Recipient, Seq, Tenant, Timestamp, UserId};
use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

/// A notification that is stored.
#[derive(Debug)]
pub(super) struct Known {
    /// Its body is empty once no inbox has it any more.
    pub(super) notification: Arc<Notification>,
    pub(super) withdrawn: bool,
    /// Where it arrived, of all recipients that were not erased since.
    pub(super) places: BTreeMap<UserId, Seq>,
    /// How many inboxes have it.
    inboxes: usize,
    /// How many it was stored for.
    recipients: usize,
    /// How many had read it when it left their inboxes.
    read_and_left: usize,
}

/// Something that left an inbox.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) id: NotificationId,
    pub(super) was_read: bool,
}

impl Known {
    pub(super) fn new(notification: &Arc<Notification>, appended: &[Appended]) -> Self {
        let place = |one: &Appended| (one.recipient.user.clone(), one.head.seq);
        let mut known = Self {
            notification: notification.clone(),
            withdrawn: false,
            places: appended.iter().map(place).collect(),
            inboxes: appended.len(),
            recipients: appended.len(),
            read_and_left: 0,
        };
        if known.inboxes == 0 {
            known.empty();
        }
        known
    }

    pub(super) fn release(&mut self, left: &Left) {
        self.inboxes -= 1;
        self.read_and_left += usize::from(left.was_read);
        if self.inboxes == 0 {
            self.empty();
        }
    }

    /// Forgets the words.
    pub(super) fn empty(&mut self) {
        let empty = Notification { body: "".into(), ..(*self.notification).clone() };
        self.notification = Arc::new(empty);
    }

    /// Whether nobody has it any more and nobody asks for it any more.
    pub(super) fn is_over(&self, before: Timestamp) -> bool {
        self.inboxes == 0 && self.notification.occurred_at < before
    }
}

impl Data {
    fn known_of(&self, tenant: &Tenant, id: NotificationId) -> Option<&Known> {
        self.known.get(&id).filter(|known| known.notification.tenant == *tenant)
    }

    pub(super) fn record(&self, tenant: &Tenant, id: NotificationId) -> Option<Record> {
        let known = self.known_of(tenant, id)?;
        let places = known.places.iter();
        let read = places.filter(|(user, seq)| self.recipient(tenant, user, **seq).read_at.is_some()).count();
        Some(Record {
            notification: known.notification.clone(),
            withdrawn: known.withdrawn,
            recipients: known.recipients,
            read: read + known.read_and_left,
        })
    }

    pub(super) fn recipients(
        &self,
        tenant: &Tenant,
        id: NotificationId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Option<NamePage<RecipientRecord>> {
        let mut places = self.known_of(tenant, id)?.places.range((after.map_or(Unbounded, Excluded), Unbounded));
        let items = places.by_ref().take(limit).map(|(user, seq)| self.recipient(tenant, user, *seq)).collect();
        Some(NamePage { items, more: places.next().is_some() })
    }

    fn recipient(&self, tenant: &Tenant, user: &UserId, seq: Seq) -> RecipientRecord {
        let log = self.logs.get(&Recipient::new(tenant.clone(), user.clone()));
        let item = log.and_then(|log: &Log| log.item_at(seq));
        RecipientRecord {
            user: user.clone(),
            seq,
            read_at: item.and_then(|item| item.read_at),
            seen_at: item.and_then(|item| item.seen_at),
            archived_at: item.and_then(|item| item.archived_at),
            removed: item.is_none(),
        }
    }
}
