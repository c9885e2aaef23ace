//! Reading heads, logs, inboxes, items.

use super::kit::{Kit, PLENTY, assert_dense, at, notification, user};
use crate::store::{InboxQuery, InboxStatus, LogQuery, Store};
use crate::{Change, NotificationId, Seq, Severity, StateChange, TypeName, UpToState};
use std::sync::Arc;

/// Nobody is invented by being asked for.
pub async fn users_without_a_log_have_nothing<S: Store>(store: Arc<S>) {
    let id = Kit(store.clone()).arrive("other", 0).await;
    assert_eq!(store.heads(vec![]).await.unwrap(), []);
    assert_eq!(store.log(user("u"), Seq(0), 10, PLENTY).await.unwrap(), None);
    assert_eq!(store.inbox(user("u"), InboxQuery { limit: 10, ..InboxQuery::default() }).await.unwrap(), None);
    assert_eq!(store.item(user("u"), id).await.unwrap(), None);
    let heads = store.heads(["u", "other", "u", "other"].map(user).to_vec()).await.unwrap();
    assert_eq!(
        heads.iter().map(|head| head.map(|h| h.seq)).collect::<Vec<_>>(),
        [None, Some(Seq(1)), None, Some(Seq(1))]
    );
}

/// Pages of any size join to the whole log.
pub async fn a_log_is_read_in_pages_without_holes<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    for n in 0..15 {
        let id = kit.arrive("u", n).await;
        match n % 3 {
            0 => drop(kit.mark("u", &[id], StateChange::read(true), n).await),
            1 => drop(kit.mark("u", &[id], StateChange::REMOVED, n).await),
            _ => drop(kit.up_to("u", None, UpToState::Seen, n).await),
        }
    }
    let whole = kit.entries("u", 0).await;
    assert_eq!(whole.len(), 30);
    assert_dense(&whole, 0);
    for limit in [1, 2, 7, 30, 31] {
        let mut joined = Vec::new();
        while joined.len() < whole.len() {
            let after = u64::try_from(joined.len()).unwrap();
            let page = kit.page("u", after, limit, PLENTY).await;
            assert_eq!(page.entries.len(), limit.min(whole.len() - joined.len()));
            assert_eq!(page.head, kit.head("u").await);
            joined.extend(page.entries);
        }
        assert_eq!(joined, whole);
    }
    assert_eq!(kit.page("u", 0, 0, PLENTY).await.entries, []);
}

/// The bytes bound a page, but never to nothing.
pub async fn a_page_of_the_log_ends_after_the_entry_that_exceeds_the_bytes<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    for _ in 0..5 {
        let mut one = notification(at(0));
        one.body = "x".repeat(1000).into();
        kit.send(one, &["u"]).await;
    }
    let sizes = [(0, 1), (999, 1), (1000, 2), (2500, 3), (4999, 5), (usize::MAX, 5)];
    for (max_bytes, entries) in sizes {
        assert_eq!(kit.page("u", 0, 100, max_bytes).await.entries.len(), entries, "{max_bytes} bytes");
    }
}

/// What of whose log.
fn query(of: &str, after: u64, limit: usize, max_bytes: usize) -> LogQuery {
    LogQuery { recipient: user(of), after: Seq(after), limit, max_bytes }
}

/// Any users, with and without a log, one twice at different places; asked again for what was left out until all are answered.
pub async fn several_logs_are_read_as_each_of_them_is<S: Store>(store: Arc<S>) {
    let kit = Kit(store.clone());
    kit.arrive_many("u", 0, 7).await;
    kit.arrive_many("v", 0, 3).await;
    let mut left = vec![
        query("u", 2, 3, PLENTY),
        query("nobody", 0, 9, PLENTY),
        query("v", 0, 9, PLENTY),
        query("u", 7, 9, PLENTY),
        query("u", 0, 9, 0),
    ];
    assert_eq!(store.logs(vec![], PLENTY).await.unwrap(), []);
    while !left.is_empty() {
        let pages = store.logs(left.clone(), PLENTY).await.unwrap();
        assert!(!pages.is_empty() && pages.len() <= left.len());
        let asked = left.drain(..pages.len()).collect::<Vec<_>>();
        for (page, LogQuery { recipient, after, limit, max_bytes }) in pages.into_iter().zip(asked) {
            assert_eq!(page, store.log(recipient, after, limit, max_bytes).await.unwrap());
        }
    }
}

/// However large one is, it is answered; what comes after too many bytes is not.
pub async fn several_logs_are_read_up_to_the_bytes_of_all_and_never_to_nothing<S: Store>(store: Arc<S>) {
    let kit = Kit(store.clone());
    for name in ["a", "b", "c", "d"] {
        let mut one = notification(at(0));
        one.body = "x".repeat(1000).into();
        kit.send(one, &[name]).await;
    }
    let all = || ["a", "b", "c", "d"].map(|name| query(name, 0, 9, PLENTY)).to_vec();
    for (max_bytes, most) in [(0, 1), (999, 1), (1000, 2), (2500, 3), (PLENTY, 4)] {
        let pages = store.logs(all(), max_bytes).await.unwrap();
        assert!((1..=most).contains(&pages.len()), "{} logs within {max_bytes} bytes", pages.len());
        assert!(pages.iter().flatten().all(|page| page.entries.len() == 1));
    }
}

/// At the head, ahead of it, and far beyond what a log can hold.
pub async fn positions_at_or_after_the_head_have_nothing_after_them<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.arrive_many("u", 0, 2).await;
    for after in [2, 3, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX] {
        let page = kit.page("u", after, 10, PLENTY).await;
        assert_eq!((page.entries, page.head.seq), (vec![], Seq(2)), "{after}");
    }
    kit.open("empty").await;
    assert_eq!(kit.page("empty", 0, 10, PLENTY).await.entries, []);
}

async fn seqs<S: Store>(kit: &Kit<S>, query: InboxQuery) -> (Vec<u64>, bool) {
    let page = kit.inbox("u", query).await;
    assert_eq!(page.head, kit.head("u").await);
    (page.items.iter().map(|item| item.seq.0).collect(), page.more)
}

/// Newest first, exactly as many as asked, and `more` if and only if there is one more.
pub async fn an_inbox_is_paged_newest_first_and_more_is_exact<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.open("u").await;
    let page = |before: Option<u64>, limit| InboxQuery { before: before.map(Seq), limit, ..InboxQuery::default() };
    assert_eq!(seqs(&kit, page(None, 3)).await, (vec![], false));
    kit.arrive_many("u", 0, 6).await;
    assert_eq!(seqs(&kit, page(None, 4)).await, (vec![6, 5, 4, 3], true));
    assert_eq!(seqs(&kit, page(Some(3), 4)).await, (vec![2, 1], false));
    assert_eq!(seqs(&kit, page(None, 6)).await, (vec![6, 5, 4, 3, 2, 1], false));
    assert_eq!(seqs(&kit, page(None, 5)).await, (vec![6, 5, 4, 3, 2], true));
    assert_eq!(seqs(&kit, page(Some(1), 5)).await, (vec![], false));
    assert_eq!(seqs(&kit, page(Some(0), 5)).await, (vec![], false));
    assert_eq!(seqs(&kit, page(Some(u64::MAX), 1)).await, (vec![6], true));
}

/// Going on before the last item's place: nothing twice, nothing left out, whatever happens at the top.
pub async fn paging_is_stable_while_new_ones_arrive<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.arrive_many("u", 0, 10).await;
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = kit.inbox("u", InboxQuery { before, limit: 3, ..InboxQuery::default() }).await;
        before = page.items.last().map(|item| item.seq);
        seen.extend(page.items.iter().map(|item| item.seq.0));
        kit.arrive("u", 1).await;
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

/// Each filter alone and together; the limit counts what matches.
pub async fn an_inbox_is_filtered_by_state_type_and_severity<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mut ids: Vec<NotificationId> = Vec::new();
    for n in 0..8 {
        let mut one = notification(at(0));
        one.type_name = TypeName::new(["a", "b"][n % 2]).unwrap();
        one.severity = [Severity::Info, Severity::Fatal][n / 4];
        ids.push(one.id);
        kit.send(one, &["u"]).await;
    }
    kit.mark("u", &[ids[0], ids[1], ids[2]], StateChange::read(true), 1).await;
    kit.mark("u", &[ids[2], ids[3]], StateChange::archived(true), 2).await;
    let status = |status| InboxQuery { limit: 100, status, ..InboxQuery::default() };
    assert_eq!(seqs(&kit, status(InboxStatus::All)).await, (vec![8, 7, 6, 5, 2, 1], false));
    assert_eq!(seqs(&kit, status(InboxStatus::Unread)).await, (vec![8, 7, 6, 5], false));
    assert_eq!(seqs(&kit, status(InboxStatus::Read)).await, (vec![2, 1], false));
    assert_eq!(seqs(&kit, status(InboxStatus::Archived)).await, (vec![4, 3], false));
    let typed = |name, limit| InboxQuery { type_name: TypeName::new(name).ok(), limit, ..InboxQuery::default() };
    assert_eq!(seqs(&kit, typed("a", 100)).await, (vec![7, 5, 1], false));
    assert_eq!(seqs(&kit, typed("a", 2)).await, (vec![7, 5], true));
    assert_eq!(seqs(&kit, typed("a", 3)).await, (vec![7, 5, 1], false));
    assert_eq!(seqs(&kit, typed("A", 100)).await, (vec![], false));
    let grave = InboxQuery { severity: Some(Severity::Fatal), ..status(InboxStatus::Unread) };
    assert_eq!(seqs(&kit, grave.clone()).await, (vec![8, 7, 6, 5], false));
    let all = InboxQuery { type_name: TypeName::new("b").ok(), before: Some(Seq(8)), ..grave };
    assert_eq!(seqs(&kit, all).await, (vec![6], false));
    let none = InboxQuery { severity: Some(Severity::Warning), ..status(InboxStatus::All) };
    assert_eq!(seqs(&kit, none).await, (vec![], false));
}

/// Every word of a notification comes back as it was given, from the log, the inbox and by its id.
pub async fn an_item_is_what_was_published<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let mut id = None;
    for severity in Severity::ALL {
        let mut one = notification(at(0).plus(std::time::Duration::from_millis(123)));
        one.severity = severity;
        one.type_name = TypeName::new(&"é".repeat(128)).unwrap();
        one.body = format!(r#"{{"title":"{}","n":1.10,"quote":"'\"\\","zero":"\u0000"}}"#, "🔔".repeat(2000)).into();
        let head = kit.send(one.clone(), &["u"]).await[0].head;
        let item = kit.item("u", one.id).await.unwrap();
        assert_eq!((&*item.notification, item.seq), (&one, head.seq));
        assert_eq!((item.read_at, item.seen_at, item.archived_at), (None, None, None));
        let page = kit.inbox("u", InboxQuery { limit: 1, ..InboxQuery::default() }).await;
        assert_eq!(page.items, [item]);
        let entries = kit.page("u", head.seq.0 - 1, 1, PLENTY).await.entries;
        assert_eq!(entries[0].change, Change::Arrived(Arc::new(one.clone())));
        id = Some(one.id);
    }
    assert_eq!(kit.item("v", id.unwrap()).await, None);
}
