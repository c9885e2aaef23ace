//! Marks: states, entries, counts.

use super::kit::{Kit, at, no_sweep, updated};
use crate::store::{InboxQuery, InboxStatus, Store, Sweep};
use crate::{Change, NotificationId, Seq, StateChange, UpToState};
use std::sync::Arc;

const READ: StateChange = StateChange::read(true);
const UNREAD: StateChange = StateChange::read(false);
const ARCHIVED: StateChange = StateChange::archived(true);
const TAKEN_BACK: StateChange = StateChange::archived(false);

/// Read implies seen; what is unread again was still seen.
pub async fn reading_implies_seeing_and_unread_again_stays_seen<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let id = kit.arrive("u", 0).await;
    assert_eq!(kit.counts("u").await, (1, 1));
    let marked = kit.mark("u", &[id], READ, 5).await;
    assert_eq!(updated(&marked), (vec![id], READ));
    assert_eq!(kit.counts("u").await, (0, 0));
    let item = kit.item("u", id).await.unwrap();
    assert_eq!((item.read_at, item.seen_at), (Some(at(5)), Some(at(5))));
    let marked = kit.mark("u", &[id], UNREAD, 6).await;
    assert_eq!(updated(&marked), (vec![id], UNREAD));
    assert_eq!(kit.counts("u").await, (1, 0));
    let item = kit.item("u", id).await.unwrap();
    assert_eq!((item.read_at, item.seen_at), (None, Some(at(5))));
    assert_eq!(kit.head("u").await.seq, Seq(3));
}

/// Asking for what is already so is no change.
pub async fn a_mark_that_changes_nothing_makes_no_entry<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.open("u").await;
    let nothing = |marked: crate::store::Marked| assert_eq!((marked.entry, marked.not_found), (None, vec![]));
    nothing(kit.up_to("u", None, UpToState::Read, 0).await);
    nothing(kit.up_to("u", Some(7), UpToState::Seen, 0).await);
    let id = kit.arrive("u", 0).await;
    nothing(kit.mark("u", &[id], UNREAD, 1).await);
    nothing(kit.mark("u", &[id], TAKEN_BACK, 1).await);
    nothing(kit.mark("u", &[id], StateChange::default(), 1).await);
    nothing(kit.mark("u", &[id], StateChange { removed: Some(false), ..StateChange::default() }, 1).await);
    nothing(kit.mark("u", &[], READ, 1).await);
    nothing(kit.up_to("u", Some(0), UpToState::Read, 1).await);
    kit.up_to("u", None, UpToState::Seen, 2).await;
    nothing(kit.up_to("u", None, UpToState::Seen, 3).await);
    kit.mark("u", &[id], READ, 4).await;
    nothing(kit.mark("u", &[id], READ, 5).await);
    nothing(kit.up_to("u", None, UpToState::Read, 5).await);
    assert_eq!(kit.head("u").await.seq, Seq(3));
}

/// A time, once set, stays: also when a later mark covers it again.
pub async fn a_mark_keeps_the_first_time<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 2).await;
    kit.up_to("u", None, UpToState::Seen, 1).await;
    kit.mark("u", &ids[..1], READ, 2).await;
    kit.mark("u", &ids[..1], ARCHIVED, 3).await;
    kit.mark("u", &ids, StateChange { archived: Some(true), ..READ }, 4).await;
    kit.up_to("u", None, UpToState::Read, 5).await;
    kit.up_to("u", None, UpToState::Seen, 5).await;
    let times = async |id| kit.item("u", id).await.map(|item| (item.seen_at, item.read_at, item.archived_at));
    assert_eq!(times(ids[0]).await, Some((Some(at(1)), Some(at(2)), Some(at(3)))));
    assert_eq!(times(ids[1]).await, Some((Some(at(1)), Some(at(4)), Some(at(4)))));
}

/// Ids that are not in this inbox are reported, once each, and change nothing anywhere.
pub async fn unknown_and_foreign_ids_are_not_found<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let (mine, theirs, nobodys) =
        (kit.arrive("u", 0).await, kit.arrive("v", 0).await, NotificationId::from_bytes([0; 16]));
    let marked = kit.mark("u", &[theirs, mine, nobodys, theirs], READ, 1).await;
    assert_eq!(updated(&marked).0, [mine]);
    assert_eq!(marked.not_found, [theirs, nobodys]);
    assert_eq!(kit.counts("v").await, (1, 1));
    let marked = kit.mark("no-log", &[mine, nobodys, mine], READ, 1).await;
    assert_eq!((marked.entry, marked.not_found), (None, vec![mine, nobodys]));
    assert_eq!(kit.0.heads(vec![super::kit::user("no-log")]).await.unwrap(), [None]);
    assert_eq!(kit.up_to("no-log", None, UpToState::Read, 1).await.entry, None);
}

/// A mark of many is one entry that names those that changed, once each, in the asked order.
pub async fn one_mark_is_one_entry_of_those_that_changed<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 100).await;
    kit.mark("u", &ids[..50], READ, 1).await;
    let backwards: Vec<_> = ids.iter().rev().chain(&ids).copied().collect();
    let marked = kit.mark("u", &backwards, READ, 2).await;
    let expected: Vec<_> = ids[50..].iter().rev().copied().collect();
    assert_eq!(updated(&marked), (expected, READ));
    let (appended, change) = marked.entry.unwrap();
    assert_eq!(appended.recipient, super::kit::user("u"));
    assert_eq!((appended.head.seq, appended.head.counts.unread), (Seq(102), 0));
    assert_eq!(kit.head("u").await, appended.head);
    assert_eq!(kit.entries("u", 101).await[0].change, change);
}

/// Archiving takes out of the counts what is unread; taking it back restores them.
pub async fn archived_ones_are_not_counted_until_they_are_taken_back<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 3).await;
    kit.mark("u", &ids[..1], READ, 1).await;
    kit.mark("u", &ids[1..2], UNREAD, 1).await;
    assert_eq!(kit.counts("u").await, (2, 2));
    kit.mark("u", &ids[..2], ARCHIVED, 2).await;
    assert_eq!(kit.counts("u").await, (1, 1));
    kit.mark("u", &ids[..2], TAKEN_BACK, 3).await;
    assert_eq!(kit.counts("u").await, (2, 2));
    kit.mark("u", &ids, ARCHIVED, 4).await;
    assert_eq!(kit.counts("u").await, (0, 0));
    kit.mark("u", &ids, READ, 5).await;
    kit.mark("u", &ids, TAKEN_BACK, 6).await;
    assert_eq!(kit.counts("u").await, (0, 0));
}

/// Some may be seen without the others, and nothing is ever unseen.
pub async fn single_ones_are_seen_for_good<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let nothing = |marked: crate::store::Marked| assert_eq!((marked.entry, marked.not_found), (None, vec![]));
    let ids = kit.arrive_many("u", 0, 3).await;
    assert_eq!(updated(&kit.mark("u", &ids[1..], StateChange::SEEN, 1).await), (ids[1..].to_vec(), StateChange::SEEN));
    assert_eq!(kit.counts("u").await, (3, 1));
    nothing(kit.mark("u", &ids[1..], StateChange::SEEN, 2).await);
    nothing(kit.mark("u", &ids, StateChange { seen: Some(false), ..StateChange::default() }, 2).await);
    let item = kit.item("u", ids[1]).await.unwrap();
    assert_eq!((item.read_at, item.seen_at), (None, Some(at(1))));
    kit.mark("u", &ids[1..], READ, 3).await;
    assert_eq!(kit.item("u", ids[1]).await.unwrap().seen_at, Some(at(1)), "the first time counts");
    assert_eq!(kit.counts("u").await, (1, 1));
}

/// Two states in one mark are one entry; beside a removal nothing else matters.
pub async fn a_mark_may_say_several_things_and_removal_wins<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 2).await;
    let both = StateChange { archived: Some(true), ..READ };
    assert_eq!(updated(&kit.mark("u", &ids, both, 1).await), (ids.clone(), both));
    let item = kit.item("u", ids[0]).await.unwrap();
    assert_eq!((item.read_at, item.archived_at), (Some(at(1)), Some(at(1))));
    let all = StateChange { read: Some(false), seen: Some(true), archived: Some(false), removed: Some(true) };
    assert_eq!(updated(&kit.mark("u", &ids[..1], all, 2).await), (ids[..1].to_vec(), StateChange::REMOVED));
    assert_eq!(kit.counts("u").await, (0, 0));
    assert_eq!(kit.item("u", ids[0]).await, None);
}

/// A removed notification leaves the inbox and the counts; its arrival stays in the log without its text.
pub async fn what_is_removed_is_replayed_as_gone<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 3).await;
    let shared = super::kit::notification(at(0));
    kit.send(shared.clone(), &["u", "v"]).await;
    let marked = kit.mark("u", &[ids[1], shared.id], StateChange::REMOVED, 1).await;
    assert_eq!(updated(&marked), (vec![ids[1], shared.id], StateChange::REMOVED));
    assert_eq!(kit.counts("u").await, (2, 2));
    let log: Vec<_> = kit.entries("u", 0).await.into_iter().map(|entry| entry.change).collect();
    assert!(matches!(&log[0], Change::Arrived(n) if n.id == ids[0]));
    assert_eq!(log[1], Change::Gone(ids[1]));
    assert_eq!(log[3], Change::Gone(shared.id));
    assert_eq!(log[4], Change::Updated { ids: vec![ids[1], shared.id], state: StateChange::REMOVED });
    let again = kit.mark("u", &[ids[1]], READ, 2).await;
    assert_eq!((again.entry, again.not_found), (None, vec![ids[1]]));
    assert!(kit.inbox("u", InboxQuery { limit: 9, ..InboxQuery::default() }).await.items.len() == 2);
    assert_eq!(*kit.item("v", shared.id).await.unwrap().notification, shared);
}

/// Read-all leaves archived ones as they are: unread, and so counted when they are taken back.
pub async fn reading_up_to_a_place_skips_what_is_archived<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 3).await;
    kit.mark("u", &ids[1..2], ARCHIVED, 1).await;
    let marked = kit.up_to("u", None, UpToState::Read, 2).await;
    let (appended, change) = marked.entry.unwrap();
    assert_eq!(change, Change::UpTo { up_to: Seq(4), state: UpToState::Read });
    assert_eq!((appended.head.seq, appended.head.counts.unread, appended.head.counts.unseen), (Seq(5), 0, 0));
    let items = kit.inbox("u", InboxQuery { limit: 9, ..InboxQuery::default() }).await.items;
    assert!(items.iter().all(|item| (item.read_at, item.seen_at) == (Some(at(2)), Some(at(2)))));
    let archived = kit.item("u", ids[1]).await.unwrap();
    assert_eq!((archived.read_at, archived.seen_at), (None, None));
    kit.mark("u", &ids[1..2], TAKEN_BACK, 3).await;
    assert_eq!(kit.counts("u").await, (1, 1));
    kit.up_to("u", Some(4), UpToState::Read, 4).await;
    assert_eq!(kit.counts("u").await, (0, 0));
}

/// What is unread again below an earlier read-all is found by the next one.
pub async fn reading_up_to_a_place_finds_what_was_made_unread_again<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 5).await;
    kit.up_to("u", None, UpToState::Read, 1).await;
    kit.mark("u", &ids[1..2], UNREAD, 2).await;
    kit.arrive("u", 2).await;
    assert_eq!(kit.counts("u").await, (2, 1));
    assert!(kit.up_to("u", Some(1), UpToState::Read, 3).await.entry.is_none());
    assert!(kit.up_to("u", Some(2), UpToState::Read, 3).await.entry.is_some());
    assert_eq!(kit.counts("u").await, (1, 1));
    assert_eq!(kit.item("u", ids[1]).await.unwrap().read_at, Some(at(3)));
    assert_eq!(kit.item("u", ids[0]).await.unwrap().read_at, Some(at(1)));
    let unread = InboxQuery { limit: 9, status: InboxStatus::Unread, ..InboxQuery::default() };
    assert_eq!(kit.inbox("u", unread).await.items.len(), 1);
}

/// Seen covers archived ones too: taken back later, they do not light the badge again.
pub async fn seeing_up_to_a_place_covers_what_is_archived<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 2).await;
    kit.mark("u", &ids[..1], ARCHIVED, 1).await;
    let marked = kit.up_to("u", None, UpToState::Seen, 2).await;
    assert_eq!(marked.entry.unwrap().1, Change::UpTo { up_to: Seq(3), state: UpToState::Seen });
    assert_eq!(kit.counts("u").await, (1, 0));
    kit.mark("u", &ids[..1], TAKEN_BACK, 3).await;
    assert_eq!(kit.counts("u").await, (2, 0));
    assert_eq!(kit.item("u", ids[0]).await.unwrap().seen_at, Some(at(2)));
    kit.mark("u", &ids, ARCHIVED, 4).await;
    kit.mark("u", &[kit.arrive("u", 5).await], ARCHIVED, 5).await;
    assert!(kit.up_to("u", None, UpToState::Seen, 6).await.entry.is_some(), "an archived one became seen");
    assert!(kit.up_to("u", None, UpToState::Seen, 7).await.entry.is_none());
}

/// The place itself is covered, the next one is not.
pub async fn up_to_covers_its_place_and_nothing_newer<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 0, 4).await;
    kit.up_to("u", Some(2), UpToState::Seen, 1).await;
    assert_eq!(kit.counts("u").await, (4, 2));
    kit.up_to("u", Some(3), UpToState::Seen, 1).await;
    assert_eq!(kit.counts("u").await, (4, 1));
    kit.up_to("u", Some(2), UpToState::Read, 2).await;
    assert_eq!(kit.counts("u").await, (2, 1));
    kit.up_to("u", Some(3), UpToState::Read, 2).await;
    assert_eq!(kit.counts("u").await, (1, 1));
    let read: Vec<_> = futures_util::future::join_all(ids.iter().map(|id| kit.item("u", *id))).await;
    let read: Vec<bool> = read.iter().map(|item| item.as_ref().is_some_and(|i| i.read_at.is_some())).collect();
    assert_eq!(read, [true, true, true, false]);
    assert!(kit.up_to("u", Some(1), UpToState::Seen, 3).await.entry.is_none());
}

/// A place above the head means the head, and the entry says so.
pub async fn up_to_above_the_head_is_the_head<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.arrive_many("u", 0, 2).await;
    let marked = kit.up_to("u", Some(u64::MAX), UpToState::Seen, 1).await;
    assert_eq!(marked.entry.unwrap().1, Change::UpTo { up_to: Seq(2), state: UpToState::Seen });
    kit.arrive("u", 2).await;
    assert_eq!(kit.counts("u").await, (3, 1));
    kit.sweep_all(Sweep { log_entries: 0, ..no_sweep(3) }).await;
    let marked = kit.up_to("u", Some(i64::MAX.cast_unsigned()), UpToState::Read, 4).await;
    assert_eq!(marked.entry.unwrap().1, Change::UpTo { up_to: Seq(4), state: UpToState::Read });
    assert_eq!(kit.counts("u").await, (0, 0));
}
