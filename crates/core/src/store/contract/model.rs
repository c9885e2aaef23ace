//! One user's inbox as plainly as it can be written down: the suite's second opinion.

#![expect(clippy::unwrap_used, reason = "numbers of a test")]

use super::kit::at;
use crate::{Change, Entry, MarkTarget, NotificationId, Seq, StateChange, Timestamp, UpToState};

/// What the model knows of a notification in one inbox.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) id: NotificationId,
    pub(super) seq: u64,
    pub(super) arrived: Timestamp,
    pub(super) read: bool,
    pub(super) seen: bool,
    pub(super) archived: bool,
}

/// One user's inbox, as plainly as possible.
#[derive(Default)]
pub(super) struct Model {
    pub(super) items: Vec<Known>,
    /// When each entry was made; the first one is seq 1.
    pub(super) made: Vec<Timestamp>,
    pub(super) floor: usize,
    /// What left the inbox, and whether it was read by then.
    pub(super) left: Vec<(NotificationId, bool)>,
}

impl Model {
    pub(super) fn counts(&self) -> (u64, u64) {
        let shown = || self.items.iter().filter(|item| !item.archived);
        let (unread, unseen) = (shown().filter(|item| !item.read).count(), shown().filter(|item| !item.seen).count());
        (u64::try_from(unread).unwrap(), u64::try_from(unseen).unwrap())
    }

    pub(super) fn arrive(&mut self, id: NotificationId, when: Timestamp) {
        self.made.push(when);
        let seq = u64::try_from(self.made.len()).unwrap();
        self.items.push(Known { id, seq, arrived: when, read: false, seen: false, archived: false });
    }

    pub(super) fn mark(&mut self, target: &MarkTarget, when: Timestamp) -> Option<Change> {
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
            let item = self.items.remove(at);
            self.left.push((id, item.read));
            return true;
        }
        let item = &mut self.items[at];
        let before = (item.read, item.seen, item.archived);
        item.read = state.read.unwrap_or(item.read);
        item.seen |= item.read || state.seen.is_some();
        item.archived = state.archived.unwrap_or(item.archived);
        before != (item.read, item.seen, item.archived)
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

    pub(super) fn expire(&mut self, before: Timestamp) -> Vec<NotificationId> {
        let (old, young) = self.items.drain(..).partition::<Vec<_>, _>(|item| item.arrived < before);
        self.items = young;
        self.left.extend(old.iter().map(|item| (item.id, item.read)));
        old.into_iter().map(|item| item.id).collect()
    }

    pub(super) fn trim(&mut self, before: Timestamp, keep: u64) {
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        while self.floor < self.made.len() && (self.made[self.floor] < before || self.made.len() - self.floor > keep) {
            self.floor += 1;
        }
    }
}

/// What the log alone says of the inbox: the second opinion. Only for logs that were never trimmed.
pub(super) fn fold(entries: &[Entry]) -> Model {
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
