//! Random histories against a model that counts by looking at everything.

use super::kit::{Kit, PLENTY, assert_dense, at, notification};
use crate::store::{InboxQuery, InboxStatus, Marked, Store, Sweep};
use crate::{Change, Counts, Entry, MarkTarget, NotificationId, Seq, StateChange, Timestamp, UpToState};
use std::sync::Arc;

const USERS: [&str; 3] = ["u", "v", "w"];
const STEPS: usize = 400;

/// What the model knows of a notification in one inbox.
#[derive(Clone)]
struct Known {
    id: NotificationId,
    seq: u64,
    arrived: Timestamp,
    read: bool,
    seen: bool,
    archived: bool,
}

/// One user's inbox, as plainly as possible.
#[derive(Default)]
struct Model {
    items: Vec<Known>,
    /// When each entry was made; the first one is seq 1.
    made: Vec<Timestamp>,
    floor: usize,
}

impl Model {
    fn counts(&self) -> (u64, u64) {
        let shown = || self.items.iter().filter(|item| !item.archived);
        let (unread, unseen) = (shown().filter(|item| !item.read).count(), shown().filter(|item| !item.seen).count());
        (u64::try_from(unread).unwrap(), u64::try_from(unseen).unwrap())
    }

    fn arrive(&mut self, id: NotificationId, when: Timestamp) {
        self.made.push(when);
        let seq = u64::try_from(self.made.len()).unwrap();
        self.items.push(Known { id, seq, arrived: when, read: false, seen: false, archived: false });
    }

    fn mark(&mut self, target: &MarkTarget, when: Timestamp) -> Option<Change> {
        let change = match target {
            MarkTarget::Notifications { ids, state } => {
                let ids: Vec<_> = ids.iter().copied().filter(|id| self.set(*id, *state)).collect();
                (!ids.is_empty()).then_some(Change::Updated { ids, state: *state })
            }
            MarkTarget::UpTo { up_to, state } => {
                let head = u64::try_from(self.made.len()).unwrap();
                let up_to = up_to.map_or(head, |seq| seq.0.min(head));
                self.set_up_to(up_to, *state).then_some(Change::UpTo { up_to: Seq(up_to), state: *state })
            }
        };
        self.made.extend(change.is_some().then_some(when));
        change
    }

    fn set(&mut self, id: NotificationId, state: StateChange) -> bool {
        let Some(at) = self.items.iter().position(|item| item.id == id) else { return false };
        if state.removes() {
            self.items.remove(at);
            return true;
        }
        let item = &mut self.items[at];
        let before = (item.read, item.archived);
        item.read = state.read.unwrap_or(item.read);
        item.seen |= item.read;
        item.archived = state.archived.unwrap_or(item.archived);
        before != (item.read, item.archived)
    }

    fn set_up_to(&mut self, up_to: u64, state: UpToState) -> bool {
        let mut changed = false;
        for item in self.items.iter_mut().filter(|item| item.seq <= up_to) {
            match state {
                UpToState::Seen => changed |= !std::mem::replace(&mut item.seen, true),
                UpToState::Read if item.archived => {}
                UpToState::Read => {
                    changed |= !std::mem::replace(&mut item.read, true);
                    item.seen = true;
                }
            }
        }
        changed
    }

    fn expire(&mut self, before: Timestamp) -> Vec<NotificationId> {
        let (old, young) = self.items.drain(..).partition::<Vec<_>, _>(|item| item.arrived < before);
        self.items = young;
        old.into_iter().map(|item| item.id).collect()
    }

    fn trim(&mut self, before: Timestamp, keep: u64) {
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        while self.floor < self.made.len() && (self.made[self.floor] < before || self.made.len() - self.floor > keep) {
            self.floor += 1;
        }
    }
}

/// What the log alone says of the inbox: the second opinion. Only for logs that were never trimmed.
fn fold(entries: &[Entry]) -> Model {
    let mut model = Model::default();
    for entry in entries {
        match &entry.change {
            Change::Arrived(one) => model.arrive(one.id, one.occurred_at),
            Change::Gone(_) => model.made.push(at(0)),
            Change::Updated { ids, state } => {
                for id in ids {
                    model.set(*id, *state);
                }
                model.made.push(at(0));
            }
            Change::UpTo { up_to, state } => {
                model.set_up_to(up_to.0, *state);
                model.made.push(at(0));
            }
        }
    }
    model
}

/// What the counts must be, by the log alone: an oracle for tests that find a store in a state they did not bring about themselves. The
/// entries are those of a whole log, from the first on.
#[must_use]
pub fn counts_by_the_log(entries: &[Entry]) -> Counts {
    let (unread, unseen) = fold(entries).counts();
    Counts { unread, unseen }
}

/// A few hundred steps of every kind, from fixed seeds; after each, the counts are those of two independent models.
pub async fn random_histories_agree_with_a_plain_model<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mut history = History { kit, rng: fastrand::Rng::with_seed(20_261_123), models: Default::default(), now: 0 };
    for name in USERS {
        history.kit.open(name).await;
    }
    for step in 0..STEPS {
        history.now += history.rng.i64(0..3);
        match history.rng.u8(0..20) {
            0..=8 => history.publish().await,
            9..=17 => history.mark().await,
            18 => history.expire().await,
            _ => history.trim().await,
        }
        history.compare(step).await;
    }
}

struct History<S> {
    kit: Kit<S>,
    rng: fastrand::Rng,
    models: [Model; USERS.len()],
    now: i64,
}

impl<S: Store> History<S> {
    async fn publish(&mut self) {
        let chosen: Vec<usize> = (0..USERS.len()).filter(|_| self.rng.bool()).collect();
        let one = notification(at(self.now - self.rng.i64(0..5)));
        for user in &chosen {
            self.models[*user].arrive(one.id, one.occurred_at);
        }
        let names: Vec<_> = chosen.iter().map(|user| USERS[*user]).collect();
        let appended = self.kit.send(one, &names).await;
        for (user, appended) in chosen.iter().zip(&appended) {
            assert_eq!(appended.head.seq.0, u64::try_from(self.models[*user].made.len()).unwrap());
        }
    }

    async fn mark(&mut self) {
        let user = self.rng.usize(0..USERS.len());
        let target = self.target(user);
        let expected = self.models[user].mark(&target, at(self.now));
        let Marked { entry, .. } = self.kit.apply(USERS[user], target.clone(), self.now).await;
        assert_eq!(entry.map(|(_, change)| change), expected, "{target:?}");
    }

    /// A place in a log: near an item, mostly; else anywhere, a little beyond the head too.
    fn place(&mut self, user: usize) -> u64 {
        let model = &self.models[user];
        let items = &model.items;
        match self.rng.choice(items) {
            Some(item) if self.rng.u8(0..5) > 0 => item.seq - self.rng.u64(0..2),
            _ => self.rng.u64(0..=u64::try_from(model.made.len()).unwrap() + 2),
        }
    }

    fn target(&mut self, user: usize) -> MarkTarget {
        if self.rng.u8(0..3) == 0 {
            let state = if self.rng.bool() { UpToState::Read } else { UpToState::Seen };
            let up_to = if self.rng.u8(0..4) == 0 { None } else { Some(Seq(self.place(user))) };
            return MarkTarget::UpTo { up_to, state };
        }
        let items = self.models[user].items.iter();
        let mut ids: Vec<_> = items.filter(|_| self.rng.u8(0..4) == 0).map(|item| item.id).collect();
        self.rng.shuffle(&mut ids);
        let state = match self.rng.u8(0..8) {
            0 => StateChange::REMOVED,
            1..=3 => StateChange::read(self.rng.bool()),
            4..=6 => StateChange::archived(self.rng.bool()),
            _ => StateChange { read: Some(self.rng.bool()), archived: Some(self.rng.bool()), removed: None },
        };
        MarkTarget::Notifications { ids, state }
    }

    async fn expire(&mut self) {
        let before = at(self.now - self.rng.i64(5..60));
        let batch = self.rng.usize(1..20);
        let sweep = Sweep { inbox_before: before, batch, ..super::kit::no_sweep(self.now) };
        let removed = self.kit.sweep_all(sweep).await;
        for (user, model) in self.models.iter_mut().enumerate() {
            let of = removed.iter().filter(|(appended, _)| appended.recipient.user.as_str() == USERS[user]);
            let mut ids = Vec::new();
            for (_, change) in of {
                let Change::Updated { ids: some, state: StateChange::REMOVED } = change else { panic!("{change:?}") };
                ids.extend(some.iter().copied());
                model.made.push(at(self.now));
            }
            assert_eq!(ids, model.expire(before));
        }
    }

    async fn trim(&mut self) {
        let (before, keep) = (at(self.now - self.rng.i64(20..200)), self.rng.u64(20..200));
        let batch = self.rng.usize(1..20);
        let sweep = Sweep { log_before: before, log_entries: keep, batch, ..super::kit::no_sweep(self.now) };
        assert_eq!(self.kit.sweep_all(sweep).await, []);
        self.models.iter_mut().for_each(|model| model.trim(before, keep));
    }

    async fn compare(&self, step: usize) {
        for (name, model) in USERS.iter().zip(&self.models) {
            let head = self.kit.head(name).await;
            assert_eq!((head.counts.unread, head.counts.unseen), model.counts(), "{name} after step {step}");
            assert_eq!(head.seq.0, u64::try_from(model.made.len()).unwrap());
            assert_eq!(head.floor.0, u64::try_from(model.floor).unwrap(), "{name} after step {step}");
            let entries = self.kit.entries(name, head.floor.0).await;
            assert_dense(&entries, head.floor.0);
            assert_eq!(entries.len(), model.made.len() - model.floor);
            if model.floor == 0 {
                assert_eq!(fold(&entries).counts(), model.counts(), "the log of {name} after step {step}");
            }
            self.compare_inbox(name, model).await;
        }
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
}
