//! Section 1: what a badge shows, and when it is told.

use crate::support::{counts, delete, mark, mark_up_to, notify_many, position, start, triple};
use campanile_testkit::{SseReader, TestNode};
use serde_json::json;

async fn open(node: &TestNode, user: &str) -> SseReader {
    let mut stream = node.stream(user).open().await;
    stream.ready().await;
    stream
}

#[tokio::test]
async fn counts_follow_each_change_and_carry_no_id() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    for seq in 1..=3 {
        node.notify("u", "x").await;
        stream.expect("notification").await;
        let event = stream.expect("counts").await;
        assert_eq!(
            event.raw,
            format!("event: counts\ndata: {{\"unread\":{seq},\"unseen\":{seq},\"version\":{seq}}}\n\n").as_bytes()
        );
    }
}

/// What each change does to (unread, unseen); the version is the number of changes.
#[tokio::test]
async fn unread_and_unseen_are_what_the_contract_says() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let ids = notify_many(&node, "u", 1..=4).await;
    assert_eq!(counts(&node, "u").await, (4, 4, 4));
    mark(&node, "u", &ids[3], "read").await; // Read implies seen.
    assert_eq!(counts(&node, "u").await, (3, 3, 5));
    mark_up_to(&node, "u", "seen", json!({"upTo": 2})).await; // 1 and 2; 3 is newer.
    assert_eq!(counts(&node, "u").await, (3, 1, 6));
    mark(&node, "u", &ids[2], "archive").await;
    assert_eq!(counts(&node, "u").await, (2, 0, 7));
    mark(&node, "u", &ids[2], "unarchive").await;
    assert_eq!(counts(&node, "u").await, (3, 1, 8));
    let _ = delete(&node, "u", &ids[0]).await.expect(204);
    assert_eq!(counts(&node, "u").await, (2, 1, 9));
    mark_up_to(&node, "u", "read-all", json!({})).await;
    assert_eq!(counts(&node, "u").await, (0, 0, 10));
    mark(&node, "u", &ids[3], "unread").await; // Seen it stays.
    assert_eq!(counts(&node, "u").await, (1, 0, 11));
    let last =
        stream.until_some(|event| (event.name == "counts").then(|| triple(&event.json())).filter(|c| c.2 == 11)).await;
    assert_eq!(last, (1, 0, 11));
}

#[tokio::test]
async fn counts_on_the_stream_are_true_at_their_version() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let ids = notify_many(&node, "u", 1..=3).await;
    for id in &ids {
        mark(&node, "u", id, "read").await;
    }
    let truth = [(1, 1), (2, 2), (3, 3), (2, 2), (1, 1), (0, 0)];
    let mut version = 0;
    while version < 6 {
        let event = stream.until("counts").await;
        let (unread, unseen, at) = triple(&event.json());
        assert!(at > version, "versions grow: {event:?}");
        assert_eq!((unread, unseen), truth[usize::try_from(at).unwrap() - 1], "{event:?}");
        version = at;
    }
}

#[tokio::test]
async fn a_replay_ends_with_the_counts_of_its_batch() {
    let node = start().await;
    let before = position(&node, "u").await;
    notify_many(&node, "u", 1..=3).await;
    let mut stream = node.stream("u").position(&before).open().await;
    let ready = stream.ready().await;
    assert_eq!(triple(&ready.json["counts"]), (3, 3, 3), "counts may be ahead of the cursor");
    for _ in 0..3 {
        stream.expect("notification").await;
    }
    assert_eq!(triple(&stream.expect("counts").await.json()), (3, 3, 3));
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_neither_an_entry_nor_an_event() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let id = node.notify("u", "x").await;
    mark(&node, "u", &id, "read").await;
    for what in ["read", "unarchive", "read"] {
        mark(&node, "u", &id, what).await;
    }
    mark_up_to(&node, "u", "read-all", json!({})).await;
    assert_eq!(counts(&node, "u").await, (0, 0, 2));
    node.notify("u", "next").await;
    stream.until("updated").await;
    assert_eq!(stream.until_some(|event| event.id.is_some().then(|| event.seq())).await, 3);
}
