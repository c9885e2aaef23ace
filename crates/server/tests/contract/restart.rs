//! Section 1, ids: what survives a restart.

use crate::support::{builder, counts, each, items, mark, notify_many, position};
use campanile_testkit::TestNode;

async fn stored() -> TestNode {
    builder().fixed_address().start().await
}

#[tokio::test]
async fn a_kill_keeps_epoch_position_inbox_and_counts() {
    let mut node = stored().await;
    let before = position(&node, "u").await;
    let ids = notify_many(&node, "u", 1..=3).await;
    mark(&node, "u", &ids[0], "read").await;
    let (known, shown) = (counts(&node, "u").await, items(&node, "u", "").await);
    node.kill();
    node.restart().await;
    assert_eq!((counts(&node, "u").await, items(&node, "u", "").await), (known, shown));
    let mut stream = node.stream("u").position(&before).open().await;
    let ready = stream.ready().await;
    assert_eq!((ready.resume.as_str(), &ready.cursor), ("exact", &before));
    for seq in 1..=4 {
        assert_eq!(stream.until_some(|event| event.id.is_some().then(|| event.seq())).await, seq);
    }
}

#[tokio::test]
async fn seqs_go_on_where_they_were() {
    let mut node = stored().await;
    notify_many(&node, "u", 1..=2).await;
    let last = position(&node, "u").await;
    for round in 3..=5u64 {
        node.kill();
        node.restart().await;
        let mut stream = node.stream("u").open().await;
        let ready = stream.ready().await;
        assert_eq!(ready.cursor, last.replace("-2", &format!("-{}", round - 1)));
        node.notify("u", &round.to_string()).await;
        assert_eq!(stream.until("notification").await.seq(), round);
    }
    let titles = each(&items(&node, "u", "").await, "title");
    assert_eq!(titles, ["5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn an_orderly_end_keeps_everything_too() {
    let mut node = stored().await;
    node.notify("u", "1").await;
    let last = position(&node, "u").await;
    node.terminate();
    assert_eq!(node.ended().await.code(), Some(0));
    node.restart().await;
    assert_eq!(position(&node, "u").await, last);
    assert_eq!(node.stream("u").position(&last).open().await.ready().await.resume, "exact");
}

#[tokio::test]
async fn a_second_node_on_the_same_file_is_refused_and_harms_nothing() {
    let node = stored().await;
    node.notify("u", "1").await;
    let file = node.folder().join("campanile.db");
    assert!(file.exists(), "the default store is a file in the working directory");
    let (code, said) = builder().env("CAMPANILE_STORE__URL", format!("sqlite://{}", file.display())).refused().await;
    assert_ne!(code, 0, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    node.notify("u", "2").await;
    assert_eq!(items(&node, "u", "").await.len(), 2);
}
