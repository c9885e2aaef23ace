//! Random histories against a model that counts by looking at everything.

use super::{
    kit::{Kit, PLENTY, assert_dense, at, notification, stored, to, topic, user},
    model::{Model, fold},
};
use crate::store::{Idempotency, InboxQuery, InboxStatus, Marked, Publish, Published, Store, StoreAudience, Sweep};
use crate::{Change, Counts, Entry, MarkTarget, NotificationId, Seq, StateChange, Timestamp, UpToState};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// In the order of their bytes.
const USERS: [&str; 4] = ["u", "v", "w", "x"];
const STEPS: usize = 600;

/// What the counts must be, by the log alone: an oracle for tests that find a store in a state they did not bring about themselves. The
/// entries are those of a whole log, from the first on.
#[must_use]
pub fn counts_by_the_log(entries: &[Entry]) -> Counts {
    let (unread, unseen) = fold(entries).counts();
    Counts { unread, unseen }
}

/// A few hundred steps of every kind, from fixed seeds; after each, the counts are those of two independent models, and what became of
/// every notification is what the model saw.
pub async fn random_histories_agree_with_a_plain_model<S: Store>(store: Arc<S>) {
    let mut history = History {
        kit: Kit(store),
        rng: fastrand::Rng::with_seed(20_261_123),
        models: BTreeMap::new(),
        epochs: HashSet::new(),
        members: BTreeSet::new(),
        sent: BTreeMap::new(),
        keys: HashMap::new(),
        now: 0,
    };
    for step in 0..STEPS {
        history.now += history.rng.i64(0..3);
        match history.rng.u8(0..40) {
            0..=15 => history.publish().await,
            16..=29 => history.mark().await,
            30 | 31 => history.join_or_leave().await,
            32 | 33 => history.withdraw().await,
            34 => history.erase().await,
            35 => history.open().await,
            36 | 37 => history.expire().await,
            _ => history.trim().await,
        }
        history.compare(step).await;
    }
    history.compare_records(PLENTY).await;
}

/// What became of a notification, as the model saw it.
struct Sent {
    at: Timestamp,
    recipients: usize,
    places: BTreeMap<&'static str, u64>,
    withdrawn: bool,
    read_and_left: usize,
}

struct History<S> {
    kit: Kit<S>,
    rng: fastrand::Rng,
    /// Of those users who have a log.
    models: BTreeMap<&'static str, Model>,
    epochs: HashSet<crate::Epoch>,
    members: BTreeSet<&'static str>,
    sent: BTreeMap<NotificationId, Sent>,
    keys: HashMap<String, (u8, NotificationId, usize, Timestamp)>,
    now: i64,
}

impl<S: Store> History<S> {
    fn anybody(&mut self) -> &'static str {
        USERS[self.rng.usize(0..USERS.len())]
    }

    fn audience(&mut self) -> (StoreAudience, Vec<&'static str>) {
        let mut chosen: Vec<&'static str> = USERS.into_iter().filter(|_| self.rng.bool()).collect();
        let except = chosen.iter().map(|name| user(name).user).collect();
        match self.rng.u8(0..6) {
            0 => {
                let names = self.members.iter().copied().filter(|name| !chosen.contains(name)).collect();
                (StoreAudience::Topic { topic: topic("t"), except }, names)
            }
            1 => {
                let names = self.models.keys().copied().filter(|name| !chosen.contains(name)).collect();
                (StoreAudience::Everyone { except }, names)
            }
            _ => {
                self.rng.shuffle(&mut chosen);
                (StoreAudience::Users(chosen.iter().map(|name| user(name)).collect()), chosen)
            }
        }
    }

    async fn publish(&mut self) {
        let one = notification(at(self.now - self.rng.i64(0..5)));
        let (id, when) = (one.id, one.occurred_at);
        let (audience, names) = self.audience();
        let digest = self.rng.u8(0..2);
        let key = (self.rng.u8(0..3) == 0).then(|| format!("k{}", self.rng.u8(0..4)));
        let idempotency = key.clone().map(|key| Idempotency { credential: "app".into(), key, digest: [digest; 32] });
        let max_recipients = self.rng.usize(2..8);
        let publish = Publish { idempotency, max_recipients, ..to(one, audience) };
        let published = self.kit.publish(publish).await;
        if let Some((before, id, recipients, _)) = key.as_ref().and_then(|key| self.keys.get(key)) {
            let (notification_id, recipients) = (*id, *recipients);
            let replayed = Published::Replayed { notification_id, recipients };
            return assert_eq!(published, if *before == digest { replayed } else { Published::Conflict });
        }
        if names.len() > max_recipients {
            let fits = |n| n > max_recipients && n <= names.len();
            return assert!(matches!(published, Published::TooMany(n) if fits(n)), "{published:?}");
        }
        if let Some(key) = key {
            self.keys.insert(key, (digest, id, names.len(), when));
        }
        self.arrived(id, when, &names, published).await;
    }

    async fn arrived(&mut self, id: NotificationId, at: Timestamp, names: &[&'static str], published: Published) {
        let appended = stored(published);
        assert!(appended.iter().map(|one| one.recipient.user.as_str()).eq(names.iter().copied()));
        let mut places = BTreeMap::new();
        for (name, appended) in names.iter().zip(&appended) {
            if !self.models.contains_key(name) {
                self.begins(name).await;
            }
            let model = self.models.entry(name).or_default();
            model.arrive(id, at);
            assert_eq!(appended.head.seq.0, u64::try_from(model.made.len()).unwrap());
            places.insert(*name, appended.head.seq.0);
        }
        let recipients = names.len();
        self.sent.insert(id, Sent { at, recipients, places, withdrawn: false, read_and_left: 0 });
    }

    /// A log began: none before had its epoch.
    async fn begins(&mut self, name: &'static str) {
        assert!(self.epochs.insert(self.kit.head(name).await.epoch));
        self.models.insert(name, Model::default());
    }

    async fn open(&mut self) {
        let name = self.anybody();
        let head = self.kit.open(name).await;
        if self.models.contains_key(name) {
            assert!(self.epochs.contains(&head.epoch));
        } else {
            self.begins(name).await;
        }
    }

    async fn mark(&mut self) {
        let name = self.anybody();
        let target = self.target(name);
        let expected = self.models.get_mut(name).and_then(|model| model.mark(&target, at(self.now)));
        let Marked { entry, .. } = self.kit.apply(name, target.clone(), self.now).await;
        assert_eq!(entry.map(|(_, change)| change), expected, "{target:?}");
        self.settle();
    }

    /// A place in a log: near an item, mostly; else anywhere, a little beyond the head too.
    fn place(&mut self, name: &str) -> u64 {
        let nobody = Model::default();
        let model = self.models.get(name).unwrap_or(&nobody);
        match self.rng.choice(&model.items) {
            Some(item) if self.rng.u8(0..5) > 0 => item.seq - self.rng.u64(0..2),
            _ => self.rng.u64(0..=u64::try_from(model.made.len()).unwrap() + 2),
        }
    }

    fn target(&mut self, name: &str) -> MarkTarget {
        if self.rng.u8(0..3) == 0 {
            let state = if self.rng.bool() { UpToState::Read } else { UpToState::Seen };
            let up_to = if self.rng.u8(0..4) == 0 { None } else { Some(Seq(self.place(name))) };
            return MarkTarget::UpTo { up_to, state };
        }
        let items = self.models.get(name).into_iter().flat_map(|model| &model.items);
        let mut ids: Vec<_> = items.filter(|_| self.rng.u8(0..4) == 0).map(|item| item.id).collect();
        self.rng.shuffle(&mut ids);
        let state = match self.rng.u8(0..9) {
            0 => StateChange::REMOVED,
            1..=3 => StateChange::read(self.rng.bool()),
            4..=6 => StateChange::archived(self.rng.bool()),
            7 => StateChange::SEEN,
            _ => StateChange { read: Some(self.rng.bool()), archived: Some(self.rng.bool()), ..StateChange::default() },
        };
        MarkTarget::Notifications { ids, state }
    }

    async fn join_or_leave(&mut self) {
        let name = self.anybody();
        if self.rng.bool() {
            self.kit.join("t", &[name]).await;
            self.members.insert(name);
        } else {
            self.kit.leave("t", name).await;
            self.members.remove(name);
        }
    }

    async fn withdraw(&mut self) {
        let newest_first: Vec<NotificationId> = self.sent.keys().rev().take(20).copied().collect();
        let Some(id) = self.rng.choice(newest_first) else { return };
        let withdrawn = self.kit.withdraw(id, self.now).await;
        let target = MarkTarget::Notifications { ids: vec![id], state: StateChange::REMOVED };
        let mut expected = Vec::new();
        for (name, model) in &mut self.models {
            expected.extend(model.mark(&target, at(self.now)).map(|change| (*name, change)));
        }
        let removed = withdrawn.removed.iter().map(|(one, change)| (one.recipient.user.as_str(), change.clone()));
        assert_eq!((withdrawn.found, removed.collect::<Vec<_>>()), (true, expected));
        self.settle();
        self.sent.entry(id).and_modify(|sent| sent.withdrawn = true);
    }

    async fn erase(&mut self) {
        let name = self.anybody();
        let model = self.models.remove(name);
        assert_eq!(self.kit.erase(name).await, model.is_some());
        assert_eq!(self.kit.find_head(name).await, None);
        self.members.remove(name);
        for item in model.into_iter().flat_map(|model| model.items) {
            self.sent.entry(item.id).and_modify(|sent| sent.read_and_left += usize::from(item.read));
        }
        self.sent.values_mut().for_each(|sent| sent.places.retain(|other, _| *other != name));
    }

    async fn expire(&mut self) {
        let before = at(self.now - self.rng.i64(5..60));
        let batch = self.rng.usize(1..20);
        let sweep = Sweep { inbox_before: before, keys_before: before, batch, ..super::kit::no_sweep(self.now) };
        let removed = self.kit.sweep_all(sweep).await;
        for (name, model) in &mut self.models {
            let of = removed.iter().filter(|(appended, _)| appended.recipient.user.as_str() == *name);
            let mut ids = Vec::new();
            for (_, change) in of {
                let Change::Updated { ids: some, state: StateChange::REMOVED } = change else { panic!("{change:?}") };
                ids.extend(some.iter().copied());
                model.made.push(at(self.now));
            }
            assert_eq!(ids, model.expire(before));
        }
        self.settle();
        self.keys.retain(|_, (.., at)| *at >= before);
        for id in self.sent.extract_if(.., |_, sent| sent.at < before).map(|(id, _)| id) {
            assert_eq!(self.kit.record(id).await, None);
        }
    }

    async fn trim(&mut self) {
        let (before, keep) = (at(self.now - self.rng.i64(20..200)), self.rng.u64(20..200));
        let batch = self.rng.usize(1..20);
        let sweep = Sweep { log_before: before, log_entries: keep, batch, ..super::kit::no_sweep(self.now) };
        assert_eq!(self.kit.sweep_all(sweep).await, []);
        self.models.values_mut().for_each(|model| model.trim(before, keep));
    }

    /// Notes whom the notifications that left an inbox had reached.
    fn settle(&mut self) {
        for (id, was_read) in self.models.values_mut().flat_map(|model| std::mem::take(&mut model.left)) {
            self.sent.entry(id).and_modify(|sent| sent.read_and_left += usize::from(was_read));
        }
    }

    async fn compare(&mut self, step: usize) {
        for (name, model) in &self.models {
            let head = self.kit.head(name).await;
            assert_eq!((head.counts.unread, head.counts.unseen), model.counts(), "{name} after step {step}");
            assert_eq!(head.seq.0, u64::try_from(model.made.len()).unwrap());
            assert_eq!(head.floor.0, u64::try_from(model.floor).unwrap(), "{name} after step {step}");
            assert!(self.epochs.contains(&head.epoch));
            let entries = self.kit.entries(name, head.floor.0).await;
            assert_dense(&entries, head.floor.0);
            assert_eq!(entries.len(), model.made.len() - model.floor);
            if model.floor == 0 {
                assert_eq!(fold(&entries).counts(), model.counts(), "the log of {name} after step {step}");
            }
            self.compare_inbox(name, model).await;
        }
        self.compare_records(3).await;
        let members = self.kit.members("t").await;
        assert!(members.iter().map(|user| user.as_str()).eq(self.members.iter().copied()));
    }

    async fn compare_inbox(&self, name: &str, model: &Model) {
        let mut items = Vec::new();
        for status in [InboxStatus::Unread, InboxStatus::Read, InboxStatus::Archived] {
            let page = self.kit.inbox(name, InboxQuery { limit: PLENTY, status, ..InboxQuery::default() }).await;
            items.extend(page.items);
        }
        items.sort_by_key(|item| item.seq);
        let found = items.iter().map(|item| {
            let (read, seen, archived) = (item.read_at.is_some(), item.seen_at.is_some(), item.archived_at.is_some());
            (item.notification.id, item.seq.0, read, seen, archived)
        });
        let expected = model.items.iter().map(|item| (item.id, item.seq, item.read, item.seen, item.archived));
        assert!(found.eq(expected), "the inbox of {name}");
    }

    /// Looks at what became of some notifications.
    async fn compare_records(&mut self, some: usize) {
        let mut ids: Vec<NotificationId> = self.sent.keys().copied().collect();
        self.rng.shuffle(&mut ids);
        for id in ids.into_iter().take(some) {
            let sent = &self.sent[&id];
            let here = |name: &&str| self.models[*name].items.iter().find(|item| item.id == id);
            let held: Vec<_> = sent.places.keys().filter_map(&here).collect();
            let record = self.kit.record(id).await.unwrap();
            let read = sent.read_and_left + held.iter().filter(|item| item.read).count();
            assert_eq!((record.withdrawn, record.recipients, record.read), (sent.withdrawn, sent.recipients, read));
            assert_eq!(record.notification.body.is_empty(), held.is_empty());
            let found = self.kit.recipients(id).await;
            let found: Vec<_> = found.iter().map(|one| (one.user.as_str(), one.seq.0, one.removed)).collect();
            let expected = sent.places.iter().map(|(name, seq)| (*name, *seq, here(name).is_none()));
            assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }
}
