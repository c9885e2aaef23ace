//! What is in memory, and the writes.

use super::{
    known::{Known, Left},
    log::{self, Log},
};
use crate::store::{
    Appended, Idempotency, Marked, Publish, Published, StoreAudience, StoreError, StoreResult, Sweep, Swept, Withdrawn,
};
use crate::{Epoch, Mark, MarkTarget, NotificationId, Recipient, StateChange, Tenant, Timestamp, Topic, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Everything that is stored.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) closed: bool,
    pub(super) logs: BTreeMap<Recipient, Log>,
    /// Every notification that is stored, and what is known of it.
    pub(super) known: HashMap<NotificationId, Known>,
    pub(super) topics: BTreeMap<(Tenant, Topic), BTreeSet<UserId>>,
    pub(super) revoked: BTreeMap<Recipient, Timestamp>,
    keys: HashMap<(Tenant, String, String), Used>,
}

/// What the first publish under a key did.
#[derive(Debug)]
struct Used {
    at: Timestamp,
    digest: [u8; 32],
    notification_id: NotificationId,
    recipients: usize,
}

pub(super) fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.into())
}

impl Data {
    pub(super) fn log(&mut self, recipient: &Recipient) -> StoreResult<&mut Log> {
        if !self.logs.contains_key(recipient) {
            let epoch = getrandom::u64().map_err(|why| unavailable(&why.to_string()))?;
            self.logs.insert(recipient.clone(), Log::new(Epoch(epoch)));
        }
        self.logs.get_mut(recipient).ok_or_else(|| unavailable("a log went away"))
    }

    pub(super) fn publish(&mut self, publish: &Publish) -> StoreResult<Published> {
        let tenant = &publish.notification.tenant;
        if let Some(before) = publish.idempotency.as_ref().and_then(|key| self.used(tenant, key)) {
            return Ok(before);
        }
        let recipients = self.audience(tenant, &publish.audience);
        check(publish, &recipients)?;
        if recipients.len() > publish.max_recipients {
            return Ok(Published::TooMany(recipients.len()));
        }
        if self.known.contains_key(&publish.notification.id) {
            return Err(unavailable("the notification is already stored"));
        }
        let appended = self.store(publish, &recipients)?;
        if let Some(key) = &publish.idempotency {
            self.use_key(publish, key, recipients.len());
        }
        Ok(Published::Stored(appended))
    }

    fn used(&self, tenant: &Tenant, key: &Idempotency) -> Option<Published> {
        let used = self.keys.get(&(tenant.clone(), key.credential.clone(), key.key.clone()))?;
        if used.digest != key.digest {
            return Some(Published::Conflict);
        }
        Some(Published::Replayed { notification_id: used.notification_id, recipients: used.recipients })
    }

    fn use_key(&mut self, publish: &Publish, key: &Idempotency, recipients: usize) {
        let notification = &publish.notification;
        let of = (notification.tenant.clone(), key.credential.clone(), key.key.clone());
        let (at, notification_id) = (notification.occurred_at, notification.id);
        self.keys.insert(of, Used { at, digest: key.digest, notification_id, recipients });
    }

    fn audience(&self, tenant: &Tenant, audience: &StoreAudience) -> Vec<Recipient> {
        let recipient = |user: &UserId| Recipient::new(tenant.clone(), user.clone());
        let (users, except): (Vec<Recipient>, _) = match audience {
            StoreAudience::Users(users) => return users.clone(),
            StoreAudience::Topic { topic, except } => {
                let members = self.topics.get(&(tenant.clone(), topic.clone()));
                (members.into_iter().flatten().map(recipient).collect(), except)
            }
            StoreAudience::Everyone { except } => {
                (self.logs.keys().filter(|who| who.tenant == *tenant).cloned().collect(), except)
            }
        };
        let except: HashSet<&UserId> = except.iter().collect();
        users.into_iter().filter(|who| !except.contains(&who.user)).collect()
    }

    fn store(&mut self, publish: &Publish, recipients: &[Recipient]) -> StoreResult<Vec<Appended>> {
        // Before anything is stored: beginning a log is what can fail.
        for recipient in recipients {
            self.log(recipient)?;
        }
        let notification = &publish.notification;
        let arrive = |recipient: &Recipient| {
            let head = self.log(recipient)?.arrive(notification);
            Ok(Appended { recipient: recipient.clone(), head })
        };
        let appended = recipients.iter().map(arrive).collect::<StoreResult<Vec<_>>>()?;
        self.known.insert(notification.id, Known::new(notification, &appended));
        Ok(appended)
    }

    pub(super) fn withdraw(&mut self, tenant: &Tenant, id: NotificationId, at: Timestamp) -> Withdrawn {
        let Some(known) = self.known.get_mut(&id).filter(|known| known.notification.tenant == *tenant) else {
            return Withdrawn::default();
        };
        known.withdrawn = true;
        let mut removed = Vec::new();
        for user in known.places.keys().cloned().collect::<Vec<_>>() {
            let mark = Mark {
                recipient: Recipient::new(tenant.clone(), user),
                target: MarkTarget::Notifications { ids: vec![id], state: StateChange::REMOVED },
                at,
            };
            removed.extend(self.mark(&mark).entry);
        }
        if let Some(known) = self.known.get_mut(&id) {
            known.empty();
        }
        Withdrawn { found: true, removed }
    }

    pub(super) fn erase(&mut self, who: &Recipient) -> bool {
        for ((tenant, _), members) in &mut self.topics {
            if *tenant == who.tenant {
                members.remove(&who.user);
            }
        }
        self.topics.retain(|_, members| !members.is_empty());
        let Some(mut log) = self.logs.remove(who) else { return false };
        self.release(&log.take_all());
        for known in self.known.values_mut().filter(|known| known.notification.tenant == who.tenant) {
            known.places.remove(&who.user);
        }
        true
    }

    pub(super) fn set_member(&mut self, topic: Topic, who: Recipient, member: bool) {
        let key = (who.tenant, topic);
        if member {
            self.topics.entry(key).or_default().insert(who.user);
        } else if let Some(members) = self.topics.get_mut(&key) {
            members.remove(&who.user);
            if members.is_empty() {
                self.topics.remove(&key);
            }
        }
    }

    pub(super) fn revoke(&mut self, who: Recipient, issued_before: Timestamp) {
        let latest = self.revoked.entry(who).or_insert(issued_before);
        *latest = issued_before.max(*latest);
    }

    pub(super) fn mark(&mut self, mark: &Mark) -> Marked {
        let Some(log) = self.logs.get_mut(&mark.recipient) else { return not_found(&mark.target) };
        let (change, not_found) = match &mark.target {
            MarkTarget::Notifications { ids, state } => log.mark(ids, *state, mark.at),
            MarkTarget::UpTo { up_to, state } => (log.mark_up_to(*up_to, *state, mark.at), Vec::new()),
        };
        let entry = change.map(|change| {
            let head = log.append(change.clone(), mark.at);
            (Appended { recipient: mark.recipient.clone(), head }, change)
        });
        let left = log.take_left();
        self.release(&left);
        Marked { entry, not_found }
    }

    /// Notes what left an inbox.
    fn release(&mut self, left: &[Left]) {
        for one in left {
            if let Some(known) = self.known.get_mut(&one.id) {
                known.release(one);
            }
        }
    }

    pub(super) fn sweep(&mut self, sweep: &Sweep) -> Swept {
        let (mut items, mut entries) = (sweep.batch, sweep.batch);
        let (mut removed, mut left) = (Vec::new(), Vec::new());
        for (recipient, log) in &mut self.logs {
            for change in log.expire(sweep.inbox_before, &mut items) {
                let head = log.append(change.clone(), sweep.at);
                removed.push((Appended { recipient: recipient.clone(), head }, change));
            }
            left.append(&mut log.take_left());
            log.trim(sweep.log_before, sweep.log_entries, &mut entries);
        }
        self.release(&left);
        self.known.retain(|_, known| !known.is_over(sweep.inbox_before));
        self.keys.retain(|_, used| used.at >= sweep.keys_before);
        Swept { removed, more: items == 0 || entries == 0 }
    }
}

fn check(publish: &Publish, recipients: &[Recipient]) -> StoreResult<()> {
    let mut seen = HashSet::new();
    if recipients.iter().all(|who| who.tenant == publish.notification.tenant && seen.insert(who)) {
        return Ok(());
    }
    Err(unavailable("the recipients are not all different users of the notification's tenant"))
}

fn not_found(target: &MarkTarget) -> Marked {
    let not_found = match target {
        MarkTarget::Notifications { ids, .. } => log::distinct(ids),
        MarkTarget::UpTo { .. } => Vec::new(),
    };
    Marked { entry: None, not_found }
}
