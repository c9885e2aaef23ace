//! What became of a notification, and of whom it went to.

use super::kit::{Kit, PLENTY, ask, at, no_sweep, notification, other_tenant, to_users, user};
use crate::store::{NamePage, RecipientRecord, Record, Store, Sweep};
use crate::{Notification, NotificationId, Recipient, Seq, StateChange, Tenant, UpToState, UserId};
use std::sync::Arc;

const READ: StateChange = StateChange::read(true);

fn record_of(one: &Notification, recipients: usize, read: usize) -> Record {
    Record { notification: Arc::new(one.clone()), withdrawn: false, recipients, read }
}

/// The notification without its words.
pub(super) fn without_words(one: &Notification) -> Notification {
    Notification { body: "".into(), ..one.clone() }
}

/// Recipients are who it was stored for; readers are who has read it, also those from whose inbox it went after that.
pub async fn a_record_counts_recipients_and_readers<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let one = notification(at(10));
    kit.arrive("a", 0).await;
    kit.send(one.clone(), &["a", "b", "c", "d"]).await;
    let record = async |read| assert_eq!(kit.record(one.id).await, Some(record_of(&one, 4, read)));
    record(0).await;
    kit.mark("a", &[one.id], READ, 11).await;
    kit.mark("b", &[one.id], StateChange::archived(true), 11).await;
    record(1).await;
    kit.up_to("b", None, UpToState::Read, 12).await;
    kit.up_to("c", None, UpToState::Seen, 12).await;
    record(1).await;
    kit.up_to("c", None, UpToState::Read, 12).await;
    record(2).await;
    kit.mark("a", &[one.id], StateChange::read(false), 13).await;
    record(1).await;
    kit.mark("a", &[one.id], READ, 13).await;
    kit.mark("a", &[one.id], StateChange::REMOVED, 14).await;
    kit.mark("b", &[one.id], StateChange::REMOVED, 14).await;
    record(2).await;
    kit.erase("c").await;
    record(2).await;
    kit.mark("d", &[one.id], READ, 15).await;
    record(3).await;
    kit.mark("d", &[one.id], StateChange::REMOVED, 15).await;
    let last = Record { notification: Arc::new(without_words(&one)), ..record_of(&one, 4, 3) };
    assert_eq!(kit.record(one.id).await, Some(last.clone()), "nobody has its words any more");
    kit.sweep_all(Sweep { inbox_before: at(10), ..no_sweep(20) }).await;
    assert_eq!(kit.record(one.id).await, Some(last));
    kit.sweep_all(Sweep { inbox_before: at(11), ..no_sweep(20) }).await;
    assert_eq!(kit.record(one.id).await, None);
}

/// Expiry takes the record with the last inbox's item; what is younger stays.
pub async fn a_record_ends_when_it_is_too_old_for_an_inbox<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let (old, young) = (notification(at(10)), notification(at(20)));
    let names: Vec<String> = (0..50).map(|n| format!("u{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for one in [&old, &young] {
        kit.send(one.clone(), &names).await;
    }
    kit.sweep_all(Sweep { inbox_before: at(20), batch: 7, ..no_sweep(30) }).await;
    assert_eq!(
        (kit.record(old.id).await, kit.0.recipients(Tenant::default(), old.id, None, 9).await.unwrap()),
        (None, None)
    );
    assert_eq!(kit.record(young.id).await, Some(record_of(&young, 50, 0)));
    assert_eq!(kit.recipients(young.id).await.len(), 50);
    assert_eq!(kit.withdraw(old.id, 31).await, crate::store::Withdrawn::default());
    kit.send(old.clone(), &names[..2]).await;
    assert_eq!(kit.recipients(old.id).await.len(), 2, "a new one under an old id has only its own");
}

fn recipient(name: &str, seq: u64) -> RecipientRecord {
    let user = user(name).user;
    RecipientRecord { user, seq: Seq(seq), read_at: None, seen_at: None, archived_at: None, removed: false }
}

/// Each recipient's place and states, now.
pub async fn recipients_are_listed_with_their_states<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.arrive("b", 0).await;
    let one = notification(at(10));
    kit.send(one.clone(), &["e", "d", "c", "b", "a"]).await;
    kit.mark("a", &[one.id], READ, 11).await;
    kit.up_to("b", None, UpToState::Seen, 12).await;
    kit.mark("c", &[one.id], StateChange::archived(true), 13).await;
    kit.mark("d", &[one.id], READ, 14).await;
    kit.mark("d", &[one.id], StateChange::REMOVED, 15).await;
    kit.arrive("e", 16).await;
    let expected = [
        RecipientRecord { read_at: Some(at(11)), seen_at: Some(at(11)), ..recipient("a", 1) },
        RecipientRecord { seen_at: Some(at(12)), ..recipient("b", 2) },
        RecipientRecord { archived_at: Some(at(13)), ..recipient("c", 1) },
        RecipientRecord { removed: true, ..recipient("d", 1) },
        recipient("e", 1),
    ];
    assert_eq!(kit.recipients(one.id).await, expected);
    kit.erase("b").await;
    kit.arrive("b", 17).await;
    let without_b: Vec<_> = expected.into_iter().filter(|one| one.user.as_str() != "b").collect();
    assert_eq!(kit.recipients(one.id).await, without_b);
    kit.sweep_all(Sweep { log_entries: 0, ..no_sweep(20) }).await;
    assert_eq!(kit.recipients(one.id).await, without_b, "the log's length is another matter");
}

/// Page by page in the order of the names' bytes, and `more` is exact.
pub async fn recipients_are_paged_by_the_bytes_of_their_names<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mut names = ["b", "🔔", "a", "Z", "aa", "á", "z"];
    let one = notification(at(0));
    kit.send(one.clone(), &names).await;
    kit.arrive("between", 0).await;
    names.sort_unstable_by_key(|name| name.as_bytes());
    let page = async |after: Option<&str>, limit| {
        let after = after.map(|name| user(name).user);
        let NamePage { items, more } =
            kit.0.recipients(Tenant::default(), one.id, after, limit).await.unwrap().unwrap();
        (items.into_iter().map(|one| one.user.as_str().to_owned()).collect::<Vec<_>>(), more)
    };
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(page(None, 7).await, (of(&names), false));
    assert_eq!(page(None, 6).await, (of(&names[..6]), true));
    assert_eq!(page(Some(names[5]), 6).await, (of(&names[6..]), false));
    assert_eq!(page(Some("between"), 1).await, (of(&["z"]), true));
    assert_eq!(page(Some(names[6]), 6).await, (vec![], false));
    let nobodys = notification(at(0));
    kit.send(nobodys.clone(), &[]).await;
    assert_eq!(kit.recipients(nobodys.id).await, []);
}

/// A tenant knows nothing of another's notifications, and cannot take them back.
pub async fn records_of_tenants_never_meet<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mut theirs = notification(at(0));
    theirs.tenant = other_tenant();
    let foreign = Recipient::new(other_tenant(), UserId::new("u").unwrap());
    kit.publish(to_users(theirs.clone(), vec![foreign.clone()])).await;
    let mine = kit.arrive("u", 0).await;
    let unknown = NotificationId::from_bytes([7; 16]);
    for (tenant, id) in [(Tenant::default(), theirs.id), (other_tenant(), mine), (Tenant::default(), unknown)] {
        assert_eq!(kit.0.record(tenant.clone(), id).await.unwrap(), None);
        assert_eq!(kit.0.recipients(tenant.clone(), id, None, PLENTY).await.unwrap(), None);
        let withdrawn = ask(|done| kit.0.withdraw(tenant, id, at(1), done)).await.unwrap();
        assert_eq!(withdrawn, crate::store::Withdrawn::default());
    }
    let heads = kit.0.heads(vec![foreign, user("u")]).await.unwrap();
    assert!(heads.iter().all(|head| head.is_some_and(|head| (head.seq.0, head.counts.unread) == (1, 1))));
    assert_eq!(kit.0.record(other_tenant(), theirs.id).await.unwrap(), Some(record_of(&theirs, 1, 0)));
}
