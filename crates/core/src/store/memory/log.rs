//! One user's log and inbox in memory.

use super::known::Left;
use crate::store::{Head, InboxPage, InboxQuery, InboxStatus, Item, LogPage};
use crate::{Change, Counts, Entry, Epoch, Notification, NotificationId, Seq, StateChange, Timestamp, UpToState};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// The most ids in one removal by retention.
const IDS_PER_REMOVAL: usize = 100;

/// An entry, and when it was made.
#[derive(Debug)]
struct Made {
    at: Timestamp,
    change: Change,
}

/// One user's log and inbox.
#[derive(Debug)]
pub(super) struct Log {
    head: Head,
    /// The entries after the floor.
    entries: VecDeque<Made>,
    items: BTreeMap<Seq, Item>,
    places: HashMap<NotificationId, Seq>,
    /// What left the inbox since somebody asked.
    left: Vec<Left>,
}

/// The ids, each once, in their order.
pub(super) fn distinct(ids: &[NotificationId]) -> Vec<NotificationId> {
    let mut seen = HashSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

fn counts_of(item: &Item) -> Counts {
    let unread = item.read_at.is_none() && item.archived_at.is_none();
    let unseen = item.seen_at.is_none() && item.archived_at.is_none();
    Counts { unread: unread.into(), unseen: unseen.into() }
}

impl Log {
    pub(super) fn new(epoch: Epoch) -> Self {
        let head = Head { epoch, seq: Seq::ZERO, floor: Seq::ZERO, counts: Counts::default() };
        Self { head, entries: VecDeque::new(), items: BTreeMap::new(), places: HashMap::new(), left: Vec::new() }
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    pub(super) fn take_left(&mut self) -> Vec<Left> {
        std::mem::take(&mut self.left)
    }

    /// Takes everything out of the inbox.
    pub(super) fn take_all(&mut self) -> Vec<Left> {
        for seq in self.items.keys().copied().collect::<Vec<_>>() {
            self.remove(seq);
        }
        self.take_left()
    }

    /// Puts an entry at the head.
    pub(super) fn append(&mut self, change: Change, at: Timestamp) -> Head {
        self.entries.push_back(Made { at, change });
        self.head.seq = self.head.seq.next();
        self.head
    }

    pub(super) fn arrive(&mut self, notification: &Arc<Notification>) -> Head {
        let seq = self.head.seq.next();
        let notification = notification.clone();
        let at = notification.occurred_at;
        self.places.insert(notification.id, seq);
        let change = Change::Arrived(notification.clone());
        self.set(Item { seq, notification, read_at: None, seen_at: None, archived_at: None });
        self.append(change, at)
    }

    /// Stores an item and counts the difference.
    fn set(&mut self, item: Item) {
        self.count(&item, true);
        if let Some(before) = self.items.insert(item.seq, item) {
            self.count(&before, false);
        }
    }

    fn count(&mut self, item: &Item, add: bool) {
        let (one, counts) = (counts_of(item), &mut self.head.counts);
        let step = |sum: &mut u64, n: u64| *sum = if add { *sum + n } else { *sum - n };
        step(&mut counts.unread, one.unread);
        step(&mut counts.unseen, one.unseen);
    }

    /// Takes an item out of the inbox; its arrival, if it is still in the log, says from now on only that it is gone.
    fn remove(&mut self, seq: Seq) {
        let Some(item) = self.items.remove(&seq) else { return };
        let id = item.notification.id;
        self.count(&item, false);
        self.places.remove(&id);
        self.left.push(Left { id, was_read: item.read_at.is_some() });
        if let Some(made) = self.index(seq).and_then(|at| self.entries.get_mut(at)) {
            made.change = Change::Gone(id);
        }
    }

    /// Where the entry with this seq is among the kept ones.
    fn index(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.0.checked_sub(self.head.floor.0 + 1)?).ok()
    }

    /// Changes states; answers what changed, and which ids are not here.
    pub(super) fn mark(
        &mut self,
        ids: &[NotificationId],
        state: StateChange,
        at: Timestamp,
    ) -> (Option<Change>, Vec<NotificationId>) {
        let state = state.meaningful();
        let (known, not_found): (Vec<_>, Vec<_>) =
            distinct(ids).into_iter().partition(|id| self.places.contains_key(id));
        let ids: Vec<_> = known.into_iter().filter(|id| self.mark_one(*id, state, at)).collect();
        let change = (!ids.is_empty()).then_some(Change::Updated { ids, state });
        (change, not_found)
    }

    fn mark_one(&mut self, id: NotificationId, state: StateChange, at: Timestamp) -> bool {
        let Some(before) = self.item(id) else { return false };
        if state.removes() {
            self.remove(before.seq);
            return true;
        }
        let mut after = before.clone();
        if let Some(read) = state.read {
            after.read_at = read.then(|| before.read_at.unwrap_or(at));
            after.seen_at = before.seen_at.or(after.read_at);
        }
        if state.seen.is_some() {
            after.seen_at = after.seen_at.or(Some(at));
        }
        if let Some(archived) = state.archived {
            after.archived_at = archived.then(|| before.archived_at.unwrap_or(at));
        }
        let changed = after != before;
        self.set(after);
        changed
    }

    pub(super) fn mark_up_to(&mut self, up_to: Option<Seq>, state: UpToState, at: Timestamp) -> Option<Change> {
        let up_to = up_to.unwrap_or(self.head.seq).min(self.head.seq);
        let concerned = |item: &&Item| match state {
            UpToState::Read => item.read_at.is_none() && item.archived_at.is_none(),
            UpToState::Seen => item.seen_at.is_none(),
        };
        let items: Vec<Item> = self.items.range(..=up_to).map(|(_, item)| item).filter(concerned).cloned().collect();
        let changed = !items.is_empty();
        for mut item in items {
            item.seen_at = item.seen_at.or(Some(at));
            item.read_at = if state == UpToState::Read { Some(at) } else { item.read_at };
            self.set(item);
        }
        changed.then_some(Change::UpTo { up_to, state })
    }

    /// Removes items that arrived before; the changes are still to be appended.
    pub(super) fn expire(&mut self, before: Timestamp, budget: &mut usize) -> Vec<Change> {
        let old = |item: &&Item| item.notification.occurred_at < before;
        let items = self.items.values().filter(old).take(*budget);
        let old: Vec<_> = items.map(|item| (item.seq, item.notification.id)).collect();
        *budget -= old.len();
        for (seq, _) in &old {
            self.remove(*seq);
        }
        let updated = |some: &[(Seq, NotificationId)]| Change::Updated {
            ids: some.iter().map(|(_, id)| *id).collect(),
            state: StateChange::REMOVED,
        };
        old.chunks(IDS_PER_REMOVAL).map(updated).collect()
    }

    /// Moves the floor over entries that are too old or too many.
    pub(super) fn trim(&mut self, before: Timestamp, keep: u64, budget: &mut usize) {
        let too_many = |len: usize| u64::try_from(len).unwrap_or(u64::MAX) > keep;
        while *budget > 0 && self.entries.front().is_some_and(|e| e.at < before || too_many(self.entries.len())) {
            self.entries.pop_front();
            self.head.floor = self.head.floor.next();
            *budget -= 1;
        }
    }

    pub(super) fn page(&self, after: Seq, limit: usize, max_bytes: usize) -> LogPage {
        let Some(from) = self.index(after.next()) else { return LogPage { head: self.head, entries: Vec::new() } };
        let mut bytes = 0;
        let mut seq = after;
        let mut entries = Vec::new();
        for made in self.entries.iter().skip(from).take(limit) {
            seq = seq.next();
            entries.push(Entry { seq, change: made.change.clone() });
            if let Change::Arrived(notification) = &made.change {
                bytes += notification.body.len();
            }
            if bytes > max_bytes {
                break;
            }
        }
        LogPage { head: self.head, entries }
    }

    pub(super) fn inbox(&self, query: &InboxQuery) -> InboxPage {
        let before = query.before.unwrap_or(Seq(u64::MAX));
        let newest_first = self.items.range(..before).rev().map(|(_, item)| item);
        let mut matching = newest_first.filter(|item| matches(query, item));
        let items: Vec<_> = matching.by_ref().take(query.limit).cloned().collect();
        InboxPage { items, more: matching.next().is_some(), head: self.head }
    }

    pub(super) fn item(&self, id: NotificationId) -> Option<Item> {
        self.places.get(&id).and_then(|seq| self.item_at(*seq)).cloned()
    }

    pub(super) fn item_at(&self, seq: Seq) -> Option<&Item> {
        self.items.get(&seq)
    }
}

fn matches(query: &InboxQuery, item: &Item) -> bool {
    let (read, archived) = (item.read_at.is_some(), item.archived_at.is_some());
    let status = match query.status {
        InboxStatus::All => !archived,
        InboxStatus::Unread => !archived && !read,
        InboxStatus::Read => !archived && read,
        InboxStatus::Archived => archived,
    };
    status
        && query.type_name.as_ref().is_none_or(|name| *name == item.notification.type_name)
        && query.severity.is_none_or(|severity| severity == item.notification.severity)
}
