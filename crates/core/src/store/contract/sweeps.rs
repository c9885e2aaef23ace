//! Retention: by age of the inbox, by age and length of the log.

use super::kit::{Kit, PLENTY, assert_dense, at, no_sweep, notification, user};
use crate::store::{InboxQuery, Store, StoreError, Sweep};
use crate::{Change, Notification, Seq, StateChange};
use std::sync::Arc;

/// Expiry is a change like any other: in the log, in the counts, and answered so that it can be announced.
pub async fn what_is_too_old_leaves_the_inbox_by_entries_of_the_log<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let (old, young) = (kit.arrive_many("u", 10, 3).await, kit.arrive("u", 20).await);
    kit.mark("u", &old[..1], StateChange::read(true), 21).await;
    kit.mark("u", &old[1..2], StateChange::archived(true), 21).await;
    let theirs = kit.arrive("v", 10).await;
    kit.arrive("w", 20).await;
    assert_eq!(kit.counts("u").await, (2, 2));
    let mut removed = kit.sweep_all(Sweep { inbox_before: at(20), ..no_sweep(30) }).await;
    removed.sort_by_key(|(appended, _)| appended.recipient.clone());
    let update = |ids: &[_]| Change::Updated { ids: ids.to_vec(), state: StateChange::REMOVED };
    let [(u, u_change), (v, v_change)] = &removed[..] else { panic!("{removed:?}") };
    assert_eq!((&u.recipient, u_change, u.head.seq), (&user("u"), &update(&old), Seq(7)));
    assert_eq!((&v.recipient, v_change, v.head.seq), (&user("v"), &update(&[theirs]), Seq(2)));
    assert_eq!((kit.head("u").await, kit.head("v").await), (u.head, v.head));
    assert_eq!((kit.counts("u").await, kit.counts("v").await), ((1, 1), (0, 0)));
    let log = kit.entries("u", 0).await;
    assert_dense(&log, 0);
    assert_eq!((&log[0].change, &log[6].change), (&Change::Gone(old[0]), u_change));
    assert_eq!(kit.item("u", old[0]).await, None);
    assert!(kit.item("u", young).await.is_some());
    assert_eq!(kit.sweep(Sweep { inbox_before: at(20), ..no_sweep(31) }).await.removed, []);
}

/// One call touches no more than it was told, and the calls together touch everything.
pub async fn a_sweep_is_bounded_and_says_whether_there_is_more<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    for name in ["u", "v", "w"] {
        kit.arrive_many(name, 10, 5).await;
    }
    let sweep = Sweep { inbox_before: at(20), log_entries: 2, batch: 4, ..no_sweep(30) };
    let (mut items, mut calls) = (0, 0);
    loop {
        let before = [kit.head("u").await, kit.head("v").await, kit.head("w").await];
        let swept = kit.sweep(sweep).await;
        let after = [kit.head("u").await, kit.head("v").await, kit.head("w").await];
        let trimmed: u64 = after.iter().zip(before).map(|(a, b)| a.floor.0 - b.floor.0).sum();
        let ids = |change: &Change| if let Change::Updated { ids, .. } = change { ids.len() } else { 0 };
        let removed: usize = swept.removed.iter().map(|(_, change)| ids(change)).sum();
        assert!(removed <= 4 && trimmed <= 4, "{removed} items and {trimmed} entries in one call");
        items += removed;
        calls += 1;
        if !swept.more {
            break;
        }
    }
    assert_eq!(items, 15);
    assert!(calls >= 4);
    for name in ["u", "v", "w"] {
        let head = kit.head(name).await;
        assert_eq!((head.counts.unread, head.seq.0 - head.floor.0), (0, 2));
    }
}

/// More than a hundred at once are several entries.
pub async fn a_removal_has_at_most_a_hundred_ids<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 10, 250).await;
    let removed = kit.sweep_all(Sweep { inbox_before: at(11), ..no_sweep(30) }).await;
    let mut joined = Vec::new();
    for (_, change) in &removed {
        let Change::Updated { ids, state } = change else { panic!("{change:?}") };
        assert!(ids.len() <= 100 && *state == StateChange::REMOVED);
        joined.extend(ids.iter().copied());
    }
    assert_eq!(joined, ids);
    let log = kit.entries("u", 250).await;
    assert_dense(&log, 250);
    assert_eq!(
        log.into_iter().map(|entry| entry.change).collect::<Vec<_>>(),
        removed.into_iter().map(|r| r.1).collect::<Vec<_>>()
    );
}

/// By number: the newest stay, positions before the floor have nothing after them.
pub async fn a_log_is_trimmed_to_its_newest_entries<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 10, 6).await;
    kit.mark("u", &ids[..1], StateChange::read(true), 11).await;
    kit.mark("u", &ids[1..2], StateChange::REMOVED, 11).await;
    kit.arrive_many("v", 10, 3).await;
    let whole = kit.entries("u", 0).await;
    assert_eq!(kit.sweep_all(Sweep { log_entries: 3, ..no_sweep(30) }).await, []);
    let head = kit.head("u").await;
    assert_eq!((head.seq, head.floor), (Seq(8), Seq(5)));
    assert_eq!(kit.head("v").await.floor, Seq(0));
    assert_eq!(kit.entries("u", 5).await, whole[5..]);
    assert_eq!(kit.entries("u", 6).await, whole[6..]);
    assert_eq!(kit.page("u", 4, 10, PLENTY).await.entries, []);
    assert_eq!(kit.page("u", 0, 10, PLENTY).await.entries, []);
    kit.sweep_all(Sweep { log_entries: 7, ..no_sweep(31) }).await;
    assert_eq!(kit.head("u").await, head, "a floor never goes down");
}

/// By age: from the oldest on, up to the first that is young.
pub async fn a_log_is_trimmed_by_age_from_its_oldest_entry_on<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 10, 2).await;
    kit.mark("u", &ids[..1], StateChange::read(true), 12).await;
    kit.arrive("u", 13).await;
    kit.mark("u", &ids, StateChange::REMOVED, 14).await;
    kit.arrive("u", 11).await;
    let floor = async |before| {
        kit.sweep_all(Sweep { log_before: at(before), ..no_sweep(30) }).await;
        kit.head("u").await.floor.0
    };
    assert_eq!(floor(10).await, 0);
    assert_eq!(floor(11).await, 2);
    assert_eq!(floor(12).await, 2);
    assert_eq!(floor(13).await, 3);
    assert_eq!(floor(14).await, 4);
    assert_eq!(kit.entries("u", 4).await.len(), 2);
    assert_eq!(floor(15).await, 6);
    assert_eq!(kit.head("u").await.counts.unread, 2);
}

/// The inbox does not care about the log's length.
pub async fn arrivals_stay_in_the_inbox_after_they_left_the_log<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let ids = kit.arrive_many("u", 10, 5).await;
    kit.sweep_all(Sweep { log_entries: 1, ..no_sweep(30) }).await;
    assert_eq!(kit.counts("u").await, (5, 5));
    let page = kit.inbox("u", InboxQuery { limit: 10, ..InboxQuery::default() }).await;
    assert_eq!(page.items.iter().map(|item| item.seq.0).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    kit.mark("u", &ids[..2], StateChange::read(true), 31).await;
    kit.mark("u", &ids[1..3], StateChange::REMOVED, 32).await;
    assert_eq!(kit.counts("u").await, (2, 2));
    assert!(kit.item("u", ids[0]).await.is_some_and(|item| item.read_at == Some(at(31))));
    let log = kit.entries("u", 4).await;
    assert_eq!(log.len(), 3);
    assert_dense(&log, 4);
}

/// The floor never passes the head, and the next entry is the head's successor.
pub async fn a_log_goes_on_after_it_was_trimmed_to_nothing<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.open("u").await;
    kit.arrive_many("u", 10, 3).await;
    kit.sweep_all(Sweep { log_entries: 0, log_before: at(1000), ..no_sweep(30) }).await;
    let head = kit.head("u").await;
    assert_eq!((head.seq, head.floor), (Seq(3), Seq(3)));
    assert_eq!(kit.entries("u", 3).await, []);
    let id = kit.arrive("u", 40).await;
    let log = kit.entries("u", 3).await;
    assert_eq!(log.len(), 1);
    assert!(matches!(&log[0].change, Change::Arrived(n) if n.id == id));
    assert_eq!((log[0].seq, kit.head("u").await.floor, kit.head("u").await.epoch), (Seq(4), Seq(3), head.epoch));
    kit.sweep_all(Sweep { log_before: at(40), ..no_sweep(41) }).await;
    assert_eq!(kit.head("u").await.floor, Seq(3));
    kit.sweep_all(Sweep { log_before: at(41), ..no_sweep(41) }).await;
    assert_eq!(kit.head("u").await.floor, Seq(4));
}

/// A notification that nobody received, or nobody kept, does not stay for ever: when it is old enough, its id is free again.
pub async fn what_nobody_received_is_forgotten_in_time<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let (unsent, kept, young) = (notification(at(10)), notification(at(10)), notification(at(90)));
    kit.send(unsent.clone(), &[]).await;
    kit.send(kept.clone(), &["u", "v"]).await;
    kit.send(young.clone(), &["u", "v"]).await;
    kit.mark("u", &[kept.id, young.id], StateChange::REMOVED, 11).await;
    kit.mark("v", &[young.id], StateChange::REMOVED, 11).await;
    let taken = async |one: &Notification| {
        assert!(matches!(kit.try_send(one.clone(), &[]).await, Err(StoreError::Unavailable(_))));
        assert!(kit.0.record(one.tenant.clone(), one.id).await.unwrap().is_some());
    };
    kit.sweep_all(Sweep { inbox_before: at(10), ..no_sweep(30) }).await;
    for one in [&unsent, &kept, &young] {
        taken(one).await;
    }
    kit.sweep_all(Sweep { inbox_before: at(11), ..no_sweep(30) }).await;
    taken(&young).await;
    for one in [unsent, kept] {
        assert_eq!(kit.0.record(one.tenant.clone(), one.id).await.unwrap(), None);
        assert_eq!(kit.0.recipients(one.tenant.clone(), one.id, None, 10).await.unwrap(), None);
        kit.send(one, &["u"]).await;
    }
}
