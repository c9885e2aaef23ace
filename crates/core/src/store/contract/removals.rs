//! What an application takes back: notifications, users, credentials.

use super::{
    kit::{Kit, PLENTY, ask, assert_dense, at, no_sweep, notification, other_tenant, user},
    records::without_words,
};
use crate::store::{Appended, InboxQuery, Record, Store, StoreError, Sweep, Withdrawn};
use crate::{Change, Counts, NotificationId, Recipient, Seq, StateChange, UserId};
use std::{collections::HashSet, sync::Arc};

fn removal(id: NotificationId) -> Change {
    Change::Updated { ids: vec![id], state: StateChange::REMOVED }
}

/// Everybody's inbox loses it, by an entry each; its words are nowhere; those who had removed it are left in peace.
pub async fn a_withdrawal_takes_it_out_of_every_inbox<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let (kept, one) = (kit.arrive("b", 0).await, notification(at(1)));
    kit.send(one.clone(), &["d", "c", "b", "a"]).await;
    kit.mark("a", &[one.id], StateChange::read(true), 2).await;
    kit.mark("c", &[one.id], StateChange::REMOVED, 2).await;
    kit.mark("d", &[one.id], StateChange::archived(true), 2).await;
    let Withdrawn { found, removed } = kit.withdraw(one.id, 3).await;
    let who: Vec<_> = removed.iter().map(|(appended, _)| appended.recipient.user.as_str()).collect();
    assert_eq!((found, who), (true, vec!["a", "b", "d"]));
    for (Appended { recipient, head }, change) in &removed {
        let name = recipient.user.as_str();
        assert_eq!((kit.head(name).await, change), (*head, &removal(one.id)));
        let log = kit.entries(name, 0).await;
        assert_dense(&log, 0);
        assert_eq!(log.last().map(|entry| (entry.seq, &entry.change)), Some((head.seq, change)));
        assert!(log.iter().any(|entry| entry.change == Change::Gone(one.id)));
        assert_eq!(kit.item(name, one.id).await, None);
    }
    assert_eq!((kit.head("a").await.seq.0, kit.counts("b").await, kit.counts("d").await), (3, (1, 1), (0, 0)));
    assert_eq!(kit.head("c").await.seq.0, 2);
    assert!(kit.item("b", kept).await.is_some());
    assert_eq!(kit.mark("b", &[one.id], StateChange::read(true), 4).await.not_found, [one.id]);
    let record = Record { notification: Arc::new(without_words(&one)), withdrawn: true, recipients: 4, read: 1 };
    assert_eq!(kit.record(one.id).await, Some(record));
    assert!(kit.recipients(one.id).await.iter().all(|one| one.removed));
}

/// Once more changes nothing; nobody's and unknown ones are what they are.
pub async fn a_second_withdrawal_changes_nothing<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let (one, nobodys, read_by_none) = (notification(at(0)), notification(at(0)), notification(at(0)));
    kit.send(one.clone(), &["u"]).await;
    kit.send(nobodys.clone(), &[]).await;
    kit.send(read_by_none.clone(), &["u"]).await;
    kit.mark("u", &[read_by_none.id], StateChange::REMOVED, 1).await;
    assert_eq!(kit.withdraw(one.id, 1).await.removed.len(), 1);
    let again = Withdrawn { found: true, removed: vec![] };
    for id in [one.id, nobodys.id, read_by_none.id, one.id, nobodys.id] {
        assert_eq!(kit.withdraw(id, 2).await, again);
        assert!(kit.record(id).await.is_some_and(|record| record.withdrawn && record.notification.body.is_empty()));
    }
    assert_eq!(kit.withdraw(NotificationId::generate(), 2).await, Withdrawn::default());
    assert_eq!(kit.head("u").await.seq.0, 4);
    let taken = ask(|done| kit.0.publish(super::kit::to_users(one.clone(), vec![user("u")]), done)).await;
    assert!(matches!(taken, Err(StoreError::Unavailable(_))), "a withdrawn one is not published again");
}

/// Ten thousand inboxes in one go; what the log no longer has is taken back all the same.
pub async fn a_withdrawal_reaches_ten_thousand_inboxes<S: Store>(store: Arc<S>) {
    const MANY: usize = 10_000;
    let kit = Kit(store);
    let names: Vec<String> = (0..MANY).map(|n| format!("u{n:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let one = notification(at(0));
    assert_eq!(kit.send(one.clone(), &names).await.len(), MANY);
    kit.mark("u00007", &[one.id], StateChange::read(true), 1).await;
    kit.sweep_all(Sweep { log_before: at(1), ..no_sweep(2) }).await;
    let Withdrawn { removed, .. } = kit.withdraw(one.id, 3).await;
    assert!(removed.iter().map(|(appended, _)| appended.recipient.user.as_str()).eq(names.iter().copied()));
    for (n, (Appended { head, .. }, change)) in removed.iter().enumerate() {
        let before = if n == 7 { 2 } else { 1 };
        assert_eq!((head.seq, head.counts, change), (Seq(before + 1), Counts::default(), &removal(one.id)));
    }
    let heads = kit.0.heads(removed.iter().map(|(appended, _)| appended.recipient.clone()).collect()).await.unwrap();
    assert!(heads.iter().zip(&removed).all(|(head, (appended, _))| *head == Some(appended.head)));
    assert_eq!(kit.entries("u00001", 1).await.len(), 1);
    assert_eq!(kit.page("u00001", 0, 9, PLENTY).await.entries, []);
    assert_eq!(kit.record(one.id).await.map(|record| (record.recipients, record.read)), Some((MANY, 1)));
}

/// Nothing of a user is left but a number: the next visit begins a new log, whose first entry is 1.
pub async fn an_erased_user_begins_anew<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let shared = notification(at(0));
    kit.send(shared.clone(), &["u", "v"]).await;
    let own = notification(at(1));
    kit.send(own.clone(), &["u"]).await;
    kit.mark("u", &[shared.id], StateChange::read(true), 2).await;
    kit.join("t", &["u", "v"]).await;
    let (before, theirs) = (kit.head("u").await, kit.head("v").await);
    assert!(kit.erase("u").await);
    assert_eq!((kit.find_head("u").await, kit.head("v").await), (None, theirs));
    assert_eq!(kit.0.log(user("u"), Seq(0), 9, PLENTY).await.unwrap(), None);
    assert_eq!(kit.0.inbox(user("u"), InboxQuery { limit: 9, ..InboxQuery::default() }).await.unwrap(), None);
    assert_eq!((kit.item("u", shared.id).await, kit.members("t").await), (None, vec![user("v").user]));
    assert_eq!(kit.mark("u", &[own.id], StateChange::read(true), 3).await.not_found, [own.id]);
    assert!(!kit.erase("u").await);
    assert!(kit.record(own.id).await.is_some_and(|record| record.notification.body.is_empty()));
    assert_eq!(kit.recipients(own.id).await, []);
    let record = kit.record(shared.id).await.unwrap();
    assert_eq!((&*record.notification, record.recipients, record.read), (&shared, 2, 1));
    kit.arrive("u", 4).await;
    let head = kit.head("u").await;
    assert_eq!((head.seq, head.floor, head.counts), (Seq(1), Seq(0), Counts { unread: 1, unseen: 1 }));
    assert_ne!(head.epoch, before.epoch);
    let log = kit.entries("u", 0).await;
    assert!(matches!(&log[..], [only] if matches!(only.change, Change::Arrived(_))));
    assert_eq!(kit.recipients(shared.id).await.len(), 1);
    assert_eq!(kit.withdraw(shared.id, 5).await.removed.len(), 1, "v's; the new log of u never had it");
    assert_eq!(kit.head("u").await, head);
}

/// Many users come and go: every life has an epoch of its own, and nobody inherits anything.
pub async fn no_two_lives_of_a_log_share_anything<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mut epochs = HashSet::new();
    for round in 0..20 {
        let id = kit.arrive("u", round).await;
        let open = kit.open("u").await;
        assert_eq!((open.seq, open.counts.unread), (Seq(1), 1));
        assert!(epochs.insert(open.epoch));
        assert!(kit.erase("u").await);
        let next = kit.arrive("next", round).await;
        assert_eq!(kit.recipients(id).await, []);
        assert_eq!(kit.recipients(next).await.len(), 1);
    }
    assert_eq!((kit.head("next").await.seq.0, kit.counts("next").await), (20, (20, 20)));
}

/// Memberships alone make no log, but they are erased like anything else; other tenants' users of that name keep theirs.
pub async fn memberships_are_erased_with_the_user_alone<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.join("t", &["u", "v"]).await;
    kit.join("alone", &["u"]).await;
    let foreign = Recipient::new(other_tenant(), UserId::new("u").unwrap());
    ask(|done| kit.0.set_member(super::kit::topic("t"), foreign.clone(), true, done)).await.unwrap();
    ask(|done| kit.0.open(foreign.clone(), done)).await.unwrap();
    assert!(!kit.erase("u").await);
    assert_eq!((kit.members("t").await, kit.members("alone").await), (vec![user("v").user], vec![]));
    let theirs = kit.0.members(other_tenant(), super::kit::topic("t"), None, 9).await.unwrap();
    assert_eq!(theirs.items, std::slice::from_ref(&foreign.user));
    assert!(kit.0.heads(vec![foreign]).await.unwrap()[0].is_some());
}

/// The latest moment counts, whatever the order; an erased user's stay, for the credentials do.
pub async fn revocations_are_kept_and_the_latest_moment_counts<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    assert_eq!(kit.0.revocations().await.unwrap(), []);
    let foreign = Recipient::new(other_tenant(), UserId::new("u").unwrap());
    let revoke = async |who: &Recipient, when| ask(|done| kit.0.revoke(who.clone(), at(when), done)).await.unwrap();
    for (who, when) in [(user("u"), 5), (user("v"), 1), (user("u"), 9), (user("u"), 7), (foreign.clone(), 3)] {
        revoke(&who, when).await;
    }
    kit.open("u").await;
    assert!(kit.erase("u").await);
    let mut found = kit.0.revocations().await.unwrap();
    found.sort();
    assert_eq!(found, [(user("u"), at(9)), (user("v"), at(1)), (foreign, at(3))]);
    assert_eq!(kit.find_head("v").await, None, "a revocation makes no log");
}
