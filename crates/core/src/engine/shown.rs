//! Publishes of types that are live only. The store never sees them, so what there is to tell of them later is remembered here: bounded, and
//! gone with the process.

use super::publish::{EngineError, PublishKey, Receipt};
use crate::{Notification, NotificationId, Tenant, Timestamp, TypeName};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};

/// Publishes that are remembered; the oldest are forgotten. About 20 MB when full.
const REMEMBERED: usize = 50_000;

/// Whose key, and the key.
type Key = (Tenant, String, String);

/// A publish that was shown and not stored.
#[derive(Clone, Debug)]
pub(super) struct Showing {
    pub(super) tenant: Tenant,
    pub(super) type_name: TypeName,
    pub(super) occurred_at: Timestamp,
    pub(super) recipients: usize,
    /// How many connections it reached.
    pub(super) live: u64,
    pub(super) withdrawn: bool,
    key: Option<(Key, [u8; 32])>,
}

impl Showing {
    pub(super) fn of(notification: &Notification, recipients: usize, live: u64, key: Option<PublishKey>) -> Self {
        let Notification { tenant, type_name, occurred_at, .. } = notification.clone();
        let key = key.map(|PublishKey { credential, key, digest }| ((tenant.clone(), credential, key), digest));
        Self { tenant, type_name, occurred_at, recipients, live, withdrawn: false, key }
    }
}

#[derive(Default)]
pub(super) struct Shown(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    showings: HashMap<NotificationId, Showing>,
    keys: HashMap<Key, NotificationId>,
    order: VecDeque<NotificationId>,
}

impl Shown {
    pub(super) fn note(&self, id: NotificationId, showing: Showing) {
        let mut recent = self.0.lock();
        if let Some((key, _)) = &showing.key {
            recent.keys.insert(key.clone(), id);
        }
        recent.showings.insert(id, showing);
        recent.order.push_back(id);
        if recent.order.len() > REMEMBERED {
            recent.forget_oldest();
        }
    }

    pub(super) fn find(&self, tenant: &Tenant, id: NotificationId) -> Option<Showing> {
        self.0.lock().showings.get(&id).filter(|showing| showing.tenant == *tenant).cloned()
    }

    /// What a key did, if it was used and still counts: the first answer, or that it stands for another body.
    pub(super) fn used(
        &self,
        tenant: &Tenant,
        key: &PublishKey,
        since: Timestamp,
    ) -> Option<Result<Receipt, EngineError>> {
        let PublishKey { credential, key, digest } = key.clone();
        let recent = self.0.lock();
        let id = *recent.keys.get(&(tenant.clone(), credential, key))?;
        let showing = recent.showings.get(&id).filter(|showing| showing.occurred_at >= since)?;
        let alike = showing.key.as_ref().is_some_and(|(_, used_for)| *used_for == digest);
        let receipt = Receipt { notification_id: id, recipients: showing.recipients, replayed: true };
        Some(if alike { Ok(receipt) } else { Err(EngineError::KeyReused) })
    }

    /// Answers whether there is such a publish.
    pub(super) fn withdraw(&self, tenant: &Tenant, id: NotificationId) -> bool {
        let mut recent = self.0.lock();
        let showing = recent.showings.get_mut(&id).filter(|showing| showing.tenant == *tenant);
        showing.map(|showing| showing.withdrawn = true).is_some()
    }
}

impl Recent {
    fn forget_oldest(&mut self) {
        let Some(oldest) = self.order.pop_front() else { return };
        let Some((key, _)) = self.showings.remove(&oldest).and_then(|showing| showing.key) else { return };
        // The key may belong to a younger one by now.
        if self.keys.get(&key) == Some(&oldest) {
            self.keys.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AudienceDraft, Draft, DraftLimits};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn notification() -> Notification {
        let parsed = Draft::new("ticker", AudienceDraft::users(["u"])).parse(&DraftLimits::default()).unwrap();
        Notification::new(NotificationId::generate(), Tenant::default(), at(1000), &parsed.parts).unwrap()
    }

    fn key(key: &str, digest: u8) -> PublishKey {
        PublishKey { credential: "app".into(), key: key.into(), digest: [digest; 32] }
    }

    fn show(shown: &Shown, name: &str) -> NotificationId {
        let one = notification();
        shown.note(one.id, Showing::of(&one, 3, 2, Some(key(name, 1))));
        one.id
    }

    #[test]
    fn a_key_counts_for_its_tenant_its_credential_and_its_time() {
        let shown = Shown::default();
        let id = show(&shown, "k");
        let used = |tenant: &Tenant, key: &PublishKey, since| shown.used(tenant, key, since).map(Result::ok);
        let receipt = Receipt { notification_id: id, recipients: 3, replayed: true };
        assert_eq!(used(&Tenant::default(), &key("k", 1), at(1000)), Some(Some(receipt)));
        assert_eq!(used(&Tenant::default(), &key("k", 2), at(1000)), Some(None), "another body");
        assert_eq!(used(&Tenant::default(), &key("k", 1), at(1001)), None, "too old");
        assert_eq!(used(&Tenant::new("acme").unwrap(), &key("k", 1), at(1000)), None);
        assert_eq!(used(&Tenant::default(), &PublishKey { credential: "b".into(), ..key("k", 1) }, at(1000)), None);
    }

    #[test]
    fn only_its_own_tenant_finds_a_publish_and_withdraws_it() {
        let shown = Shown::default();
        let (id, acme) = (show(&shown, "k"), Tenant::new("acme").unwrap());
        assert!(shown.find(&acme, id).is_none() && !shown.withdraw(&acme, id));
        assert!(shown.find(&Tenant::default(), id).is_some_and(|one| !one.withdrawn && one.recipients == 3));
        assert!(shown.withdraw(&Tenant::default(), id));
        assert!(shown.find(&Tenant::default(), id).is_some_and(|one| one.withdrawn && one.live == 2));
        assert!(!shown.withdraw(&Tenant::default(), NotificationId::generate()));
    }

    #[test]
    fn the_oldest_are_forgotten_and_memory_is_bounded() {
        let shown = Shown::default();
        let ids: Vec<_> = (0..REMEMBERED + 10).map(|n| show(&shown, &(n % (REMEMBERED + 5)).to_string())).collect();
        let recent = shown.0.lock();
        assert!(!recent.showings.contains_key(&ids[9]) && recent.showings.contains_key(&ids[10]));
        assert_eq!(
            (recent.showings.len(), recent.order.len(), recent.keys.len()),
            (REMEMBERED, REMEMBERED, REMEMBERED)
        );
    }
}
