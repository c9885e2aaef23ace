//! What a log folds to: the inbox after each of its entries, by the contract's words and nothing else.
//!
//! Unread: not read and not archived. Unseen: newer than the last `seen`, not archived; read implies seen. Counted by looking at everything.

use super::{
    ViolationKind,
    entry::{Entry, State},
    mark::Asked,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The state of a notification in an inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) read: bool,
    pub(super) seen: bool,
    pub(super) archived: bool,
}

impl Item {
    fn with(self, state: &State) -> Self {
        let value = |word: &str| state.get(word).copied();
        let read = value("read").unwrap_or(self.read);
        let seen = self.seen || value("seen") == Some(true) || value("read") == Some(true);
        Self { read, seen, archived: value("archived").unwrap_or(self.archived) }
    }

    pub(super) fn is_unread(self) -> bool {
        !self.read && !self.archived
    }

    fn is_unseen(self) -> bool {
        !self.seen && !self.archived
    }
}

/// The inbox after the entry `seq`.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) seq: u64,
    /// By the place of their arrival.
    items: BTreeMap<u64, (String, Item)>,
    places: HashMap<String, u64>,
}

impl Fold {
    /// Unread and unseen.
    pub(super) fn counts(&self) -> (usize, usize) {
        let count = |test: fn(Item) -> bool| self.items.values().filter(|(_, item)| test(*item)).count();
        (count(Item::is_unread), count(Item::is_unseen))
    }

    /// What is in the inbox below a place, newest first.
    pub(super) fn newest(&self, before: u64) -> impl Iterator<Item = (u64, &str, Item)> {
        self.items.range(..before).rev().map(|(seq, (id, item))| (*seq, id.as_str(), *item))
    }

    /// Whether a notification is in the inbox.
    pub(super) fn has(&self, id: &str) -> bool {
        self.places.get(id).is_some_and(|seq| self.items.contains_key(seq))
    }

    /// Whether a notification is or was in the inbox.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    fn item(&self, id: &str) -> Option<Item> {
        self.items.get(self.places.get(id)?).map(|(_, item)| *item)
    }

    /// Those of the ids that this change would make different.
    fn changing<'a>(&self, ids: impl Iterator<Item = &'a String>, state: &State) -> BTreeSet<String> {
        let removes = state.contains_key("removed");
        let changes = |id: &&String| self.item(id).is_some_and(|item| removes || item.with(state) != item);
        ids.filter(changes).cloned().collect()
    }

    /// The places up to one that this change would make different. What is archived is not read by it.
    fn changing_up_to(&self, up_to: u64, state: &State) -> Vec<u64> {
        let reads = state.contains_key("read");
        let changes = |item: Item| item.with(state) != item && !(reads && item.archived);
        self.items.range(..=up_to).filter(|(_, (_, item))| changes(*item)).map(|(seq, _)| *seq).collect()
    }

    /// The entry that somebody's mark would make now; `None` if it would change nothing.
    pub(super) fn would_make(&self, asked: &Asked) -> Option<Entry> {
        match asked {
            Asked::Ids { ids, state } => {
                let ids = self.changing(ids.iter(), state);
                (!ids.is_empty()).then(|| Entry::Updated { ids, state: state.clone() })
            }
            Asked::UpTo { up_to, state } => {
                let up_to = up_to.unwrap_or(self.seq).min(self.seq);
                let changes = !self.changing_up_to(up_to, state).is_empty();
                changes.then(|| Entry::UpTo { up_to, state: state.clone() })
            }
        }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    ///
    /// When it changes nothing of what it names.
    pub(super) fn apply(&mut self, entry: &Entry) -> Result<(), ViolationKind> {
        let idle = || ViolationKind::Idle { seq: self.seq + 1, entry: format!("{entry:?}") };
        match entry {
            Entry::Arrived(id) => self.arrive(id),
            Entry::Updated { .. } if entry.gone().is_some_and(|id| !self.knows(id)) => {
                entry.gone().into_iter().for_each(|id| self.arrive(id));
            }
            Entry::Updated { ids, state } if self.changing(ids.iter(), state) == *ids => self.update(ids, state),
            Entry::UpTo { up_to, state } if !self.changing_up_to(*up_to, state).is_empty() => {
                self.update_up_to(*up_to, state);
            }
            Entry::Updated { .. } | Entry::UpTo { .. } => return Err(idle()),
        }
        self.seq += 1;
        Ok(())
    }

    fn arrive(&mut self, id: &str) {
        self.places.insert(id.into(), self.seq + 1);
        self.items.insert(self.seq + 1, (id.into(), Item::default()));
    }

    fn update(&mut self, ids: &BTreeSet<String>, state: &State) {
        for seq in ids.iter().filter_map(|id| self.places.get(id)) {
            if state.contains_key("removed") {
                self.items.remove(seq);
            } else if let Some((_, item)) = self.items.get_mut(seq) {
                *item = item.with(state);
            }
        }
    }

    fn update_up_to(&mut self, up_to: u64, state: &State) {
        for seq in self.changing_up_to(up_to, state) {
            if let Some((_, item)) = self.items.get_mut(&seq) {
                *item = item.with(state);
            }
        }
    }
}
