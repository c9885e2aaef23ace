//! Section 2: pages of the inbox.

use crate::support::{delete, each, notify_many, start};
use campanile_testkit::TestNode;
use serde_json::Value;

/// The pages of a listing, up to the last one.
async fn pages(node: &TestNode, query: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = node.get_as("u", &format!("/notifications?{query}{cursor}")).await.expect(200).json();
        pages.push(each(page["items"].as_array().unwrap(), "title"));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
        assert!(pages.len() < 100, "pages without an end");
    }
}

#[tokio::test]
async fn pages_are_newest_first_and_hold_everything_once() {
    let node = start().await;
    notify_many(&node, "u", 1..=7).await;
    assert_eq!(pages(&node, "limit=3").await, [vec!["7", "6", "5"], vec!["4", "3", "2"], vec!["1"]]);
    let whole = pages(&node, "limit=7").await;
    assert_eq!((whole[0].len(), whole.concat().len()), (7, 7));
    assert_eq!(pages(&node, "limit=1").await.concat(), ["7", "6", "5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn a_page_has_20_items_unless_asked_and_100_at_most() {
    let node = start().await;
    notify_many(&node, "u", 1..=101).await;
    let sizes = async |query: &str| pages(&node, query).await.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes("").await, [20, 20, 20, 20, 20, 1]);
    assert_eq!(sizes("limit=100").await, [100, 1]);
}

#[tokio::test]
async fn pages_are_stable_while_new_ones_arrive_and_old_ones_go() {
    let node = start().await;
    let ids = notify_many(&node, "u", 1..=6).await;
    let first = node.get_as("u", "/notifications?limit=2").await.json();
    notify_many(&node, "u", 7..=9).await;
    let _ = delete(&node, "u", &ids[5]).await.expect(204);
    let _ = delete(&node, "u", &ids[4]).await.expect(204); // The last item of the first page.
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = node.get_as("u", &format!("/notifications?limit=2&cursor={cursor}")).await.expect(200).json();
    assert_eq!(each(second["items"].as_array().unwrap(), "title"), ["4", "3"]);
}

#[tokio::test]
async fn filters_hold_over_pages() {
    let node = start().await;
    for number in 1..=9 {
        let kind = if number % 2 == 0 { "even" } else { "odd" };
        node.publish(serde_json::json!({"type": kind, "to": {"users": ["u"]}, "title": number.to_string()})).await;
    }
    assert_eq!(pages(&node, "type=odd&limit=2").await, [vec!["9", "7"], vec!["5", "3"], vec!["1"]]);
    assert_eq!(pages(&node, "type=even&limit=4").await.concat(), ["8", "6", "4", "2"]);
}

#[tokio::test]
async fn a_cursor_of_another_inbox_is_told_and_shows_nothing() {
    let node = start().await;
    notify_many(&node, "u", 1..=3).await;
    notify_many(&node, "v", 11..=13).await;
    let page = node.get_as("v", "/notifications?limit=1").await.json();
    let cursor = page["nextCursor"].as_str().unwrap();
    let answer = node.get_as("u", &format!("/notifications?cursor={cursor}")).await;
    assert!([409, 422].contains(&answer.status()), "{answer}");
}
