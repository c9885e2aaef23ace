//! Opening, publishing, answers, the end.

use super::kit::{Kit, PLENTY, ask, at, no_sweep, notification, stored, to_users, topic, user};
use crate::store::{InboxQuery, Store, StoreError};
use crate::{Change, Counts, Mark, MarkTarget, Recipient, Seq, StateChange, Tenant, UserId};
use parking_lot::Mutex;
use std::{collections::HashSet, sync::Arc};

/// A log begins with its first open, empty; opening it again changes nothing.
pub async fn a_log_begins_with_its_first_open_and_keeps_its_epoch<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let first = kit.open("u").await;
    assert_eq!((first.seq, first.floor, first.counts), (Seq::ZERO, Seq::ZERO, Counts::default()));
    assert_eq!(kit.open("u").await, first);
    assert_eq!(kit.head("u").await, first);
    kit.arrive("u", 0).await;
    assert_eq!(kit.open("u").await.epoch, first.epoch);
}

/// No two logs share an epoch, whether they begin with an open or with an arrival.
pub async fn every_log_has_an_epoch_of_its_own<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mut epochs = HashSet::new();
    for n in 0..20 {
        let name = format!("u{n}");
        if n % 2 == 0 {
            kit.arrive(&name, 0).await;
        }
        epochs.insert(kit.open(&name).await.epoch);
    }
    assert_eq!(epochs.len(), 20);
}

/// Every entry's seq is its predecessor's plus one, whatever it says.
pub async fn seqs_are_dense_from_one_on<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    for n in 0..10 {
        let one = notification(at(n));
        let id = one.id;
        let appended = kit.send(one, &["a", "b"]).await;
        assert_eq!(appended[0].head.seq, Seq(u64::try_from(n).unwrap() * 2 + 1));
        assert_eq!(appended[1].head.seq, Seq(u64::try_from(n).unwrap() + 1));
        let marked = kit.mark("a", &[id], StateChange::read(true), n).await;
        assert_eq!(marked.entry.unwrap().0.head.seq, appended[0].head.seq.next());
    }
    super::kit::assert_dense(&kit.entries("a", 0).await, 0);
    assert_eq!(kit.entries("a", 0).await.len(), 20);
}

/// One publish to many: everybody has it, and the answer is in the order of the recipients.
pub async fn a_publish_reaches_everybody_and_answers_in_their_order<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.arrive("u7", 0).await;
    let names: Vec<String> = (0..500).rev().map(|n| format!("u{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let one = notification(at(1));
    let appended = kit.send(one.clone(), &names).await;
    assert_eq!(appended.len(), 500);
    for (name, appended) in names.iter().zip(&appended) {
        assert_eq!(appended.recipient, user(name));
        let n = if *name == "u7" { 2 } else { 1 };
        assert_eq!((appended.head.seq, appended.head.counts), (Seq(n), Counts { unread: n, unseen: n }));
        assert_eq!(kit.head(name).await, appended.head);
        assert_eq!(*kit.item(name, one.id).await.unwrap().notification, one);
    }
}

/// A publish without recipients is durable like any other: its id is taken.
pub async fn a_publish_to_nobody_is_stored<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let one = notification(at(0));
    assert_eq!(kit.send(one.clone(), &[]).await, []);
    assert!(matches!(kit.try_send(one, &["u"]).await, Err(StoreError::Unavailable(_))));
    assert_eq!(kit.0.heads(vec![user("u")]).await.unwrap(), [None]);
}

/// An id twice, a recipient twice, a recipient of another tenant: refused, without a trace and without harm to others around.
pub async fn a_write_that_breaks_the_words_fails_alone_and_leaves_nothing<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let taken = notification(at(0));
    kit.send(taken.clone(), &["old"]).await;
    let foreign = Recipient::new(Tenant::new("other").unwrap(), UserId::new("x").unwrap());
    let bad = [
        (taken, vec![user("new1")]),
        (notification(at(1)), vec![user("new2"), user("old"), user("new2")]),
        (notification(at(1)), vec![user("new3"), foreign.clone()]),
    ];
    let good = [notification(at(2)), notification(at(2)), notification(at(2)), notification(at(2))];
    let publish = |notification, recipients| {
        let publish = to_users(notification, recipients);
        ask(|done| kit.0.publish(publish, done))
    };
    let mut answers = Vec::new();
    for (n, one) in good.into_iter().enumerate() {
        answers.push((true, publish(one, vec![user("old"), user("fine")])));
        if let Some((one, recipients)) = bad.get(n) {
            answers.push((false, publish(one.clone(), recipients.clone())));
        }
    }
    for (fine, answer) in futures_util::future::join_all(answers.into_iter().map(async |(f, a)| (f, a.await))).await {
        assert_eq!(answer.is_ok(), fine, "{answer:?}");
    }
    let users = ["old", "fine", "new1", "new2", "new3"].map(user).into_iter().chain([foreign]).collect();
    let seqs: Vec<_> = kit.0.heads(users).await.unwrap().into_iter().map(|head| head.map(|h| h.seq.0)).collect();
    assert_eq!(seqs, [Some(5), Some(4), None, None, None, None]);
    super::kit::assert_dense(&kit.entries("old", 0).await, 0);
    kit.send(bad[1].0.clone(), &["old"]).await;
}

/// However many write at once: each gets one answer, and one log's answers come in its order.
pub async fn answers_come_once_in_commit_order<S: Store>(store: Arc<S>) {
    let order: Arc<Mutex<Vec<(Recipient, u64)>>> = Arc::default();
    let submit = |thread: usize| {
        let (store, order) = (store.clone(), order.clone());
        move || {
            for n in 0..100 {
                let order = order.clone();
                let recipients = vec![user("shared"), user(&format!("own{thread}"))];
                let publish = to_users(notification(at(n)), recipients);
                store.publish(
                    publish,
                    Box::new(move |answer| {
                        let seqs = stored(answer.unwrap()).into_iter().map(|a| (a.recipient, a.head.seq.0));
                        order.lock().extend(seqs);
                    }),
                );
            }
        }
    };
    let threads: Vec<_> = (0..4).map(|thread| tokio::task::spawn_blocking(submit(thread))).collect();
    for thread in threads {
        thread.await.unwrap();
    }
    // Everything before it in the order of commits has been answered when this one is.
    Kit(store.clone()).open("last").await;
    let order = order.lock();
    let of = |name: &str| order.iter().filter(|(r, _)| *r == user(name)).map(|(_, seq)| *seq).collect::<Vec<_>>();
    assert_eq!(of("shared"), (1..=400).collect::<Vec<_>>());
    for thread in 0..4 {
        assert_eq!(of(&format!("own{thread}")), (1..=100).collect::<Vec<_>>());
    }
}

/// Once a write is answered, every read shows it.
pub async fn an_answered_write_can_be_read<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    for n in 0..50 {
        let one = notification(at(n));
        let head = kit.send(one.clone(), &["u"]).await[0].head;
        assert_eq!(kit.head("u").await, head);
        let page = kit.page("u", head.seq.0 - 1, 10, PLENTY).await;
        assert_eq!(page.head, head);
        assert_eq!(page.entries[0].change, Change::Arrived(Arc::new(one.clone())));
        assert_eq!(kit.item("u", one.id).await.map(|item| item.seq), Some(head.seq));
    }
}

/// Users of the same name in two tenants share nothing.
pub async fn tenants_never_meet<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let other = Recipient::new(Tenant::new("other").unwrap(), UserId::new("u").unwrap());
    let mine = kit.arrive("u", 0).await;
    assert_eq!(kit.0.heads(vec![other.clone()]).await.unwrap(), [None]);
    let head = ask(|done| kit.0.open(other.clone(), done)).await.unwrap();
    assert_ne!(head.epoch, kit.head("u").await.epoch);
    assert_eq!(kit.0.item(other.clone(), mine).await.unwrap(), None);
    let target = MarkTarget::Notifications { ids: vec![mine], state: StateChange::REMOVED };
    let mark = Mark { recipient: other.clone(), target, at: at(1) };
    assert_eq!(ask(|done| kit.0.mark(mark, done)).await.unwrap().not_found, [mine]);
    let mut theirs = notification(at(1));
    theirs.tenant = other.tenant.clone();
    let publish = to_users(theirs.clone(), vec![other.clone()]);
    ask(|done| kit.0.publish(publish, done)).await.unwrap();
    assert_eq!(*kit.0.item(other, theirs.id).await.unwrap().unwrap().notification, theirs);
    assert_eq!(kit.item("u", theirs.id).await, None);
    assert_eq!(kit.head("u").await.seq, Seq(1));
}

/// Names are bytes: no case folding, no trimming, no quoting, no normalising.
pub async fn names_are_taken_as_they_are<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let long = "x".repeat(256);
    let names = ["a", "A", " a", "a ", "á", "a\u{301}", "'; DROP TABLE x; --", "%", "_", "\\", "🔔", "1", "01", &long];
    for name in names {
        kit.arrive(name, 0).await;
    }
    for name in names {
        assert_eq!(kit.head(name).await.seq, Seq(1), "{name:?}");
    }
}

/// Nothing works after the close, and everything says so.
pub async fn after_the_close_everything_is_unavailable<S: Store>(store: Arc<S>) {
    let kit = Kit(store.clone());
    let id = kit.arrive("u", 0).await;
    store.check().await.unwrap();
    store.close().await;
    let gone = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::Unavailable(_))));
    gone(ask(|done| store.open(user("u"), done)).await.map(drop));
    gone(kit.try_send(notification(at(0)), &["u"]).await.map(drop));
    let target = MarkTarget::Notifications { ids: vec![id], state: StateChange::REMOVED };
    gone(ask(|done| store.mark(Mark { recipient: user("u"), target, at: at(0) }, done)).await.map(drop));
    gone(ask(|done| store.sweep(no_sweep(0), done)).await.map(drop));
    gone(store.heads(vec![user("u")]).await.map(drop));
    gone(store.log(user("u"), Seq(0), 1, 1).await.map(drop));
    gone(store.inbox(user("u"), InboxQuery::default()).await.map(drop));
    gone(store.item(user("u"), id).await.map(drop));
    gone(ask(|done| store.withdraw(Tenant::default(), id, at(0), done)).await.map(drop));
    gone(ask(|done| store.erase(user("u"), done)).await.map(drop));
    gone(ask(|done| store.set_member(topic("t"), user("u"), true, done)).await);
    gone(ask(|done| store.revoke(user("u"), at(0), done)).await);
    gone(store.record(Tenant::default(), id).await.map(drop));
    gone(store.recipients(Tenant::default(), id, None, 1).await.map(drop));
    gone(store.members(Tenant::default(), topic("t"), None, 1).await.map(drop));
    gone(store.revocations().await.map(drop));
    gone(store.check().await);
    store.close().await;
}

/// The close waits: what was handed over before is answered when the close is over.
pub async fn what_is_under_way_is_answered_before_the_close<S: Store>(store: Arc<S>) {
    let answers: Arc<Mutex<Vec<bool>>> = Arc::default();
    for n in 0..200 {
        let answers = answers.clone();
        let publish = to_users(notification(at(n)), vec![user("u")]);
        store.publish(publish, Box::new(move |answer| answers.lock().push(answer.is_ok())));
    }
    store.close().await;
    assert_eq!(*answers.lock(), [true; 200]);
}
