//! Section 2: reading the inbox.

use crate::support::{counts, delete, each, items, mark, notify_many, position, start};
use campanile_testkit::Request;
use serde_json::{Value, json};

#[tokio::test]
async fn an_inbox_nobody_wrote_to_is_empty_and_has_a_position() {
    let node = start().await;
    let page = node.get_as("u", "/notifications").await.expect(200).json();
    assert_eq!((page["items"].clone(), page["nextCursor"].clone()), (json!([]), Value::Null));
    assert_eq!(page["counts"], json!({"unread": 0, "unseen": 0, "version": 0}));
    let mut stream = node.stream("u").position(page["streamCursor"].as_str().unwrap()).open().await;
    assert_eq!(stream.ready().await.resume, "exact");
    assert_eq!(page.as_object().unwrap().len(), 4, "{page}");
}

#[tokio::test]
async fn an_item_is_the_events_data_and_the_state() {
    let node = start().await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let draft =
        json!({"type": "t", "to": {"users": ["u"]}, "title": "T", "data": {"n": [1.5]}, "link": "/x", "actorId": "a"});
    let id = node.publish(draft).await;
    let event = stream.expect("notification").await.json();
    let mut expected = event;
    for (member, value) in [("seq", json!(1)), ("read", json!(false)), ("readAt", Value::Null), ("seenAt", Value::Null)]
    {
        expected[member] = value;
    }
    expected["archivedAt"] = Value::Null;
    assert_eq!(items(&node, "u", "").await, std::slice::from_ref(&expected));
    let one = node.get_as("u", &format!("/notifications/{id}")).await.expect(200).json();
    assert_eq!(one, expected);
}

#[tokio::test]
async fn marks_show_with_their_times() {
    let node = start().await;
    let id = node.notify("u", "x").await;
    let is_time = |value: &Value| value.as_str().is_some_and(|time| time.ends_with('Z') && time.len() >= 20);
    mark(&node, "u", &id, "read").await;
    let item = items(&node, "u", "").await.remove(0);
    assert!(item["read"] == true && is_time(&item["readAt"]) && is_time(&item["seenAt"]), "{item}");
    mark(&node, "u", &id, "unread").await;
    mark(&node, "u", &id, "archive").await;
    let item = items(&node, "u", "?status=archived").await.remove(0);
    assert!(item["read"] == false && item["readAt"].is_null() && is_time(&item["archivedAt"]), "{item}");
    mark(&node, "u", &id, "unarchive").await;
    assert!(items(&node, "u", "").await[0]["archivedAt"].is_null());
}

#[tokio::test]
async fn an_item_of_somebody_else_is_as_unknown_as_any() {
    let node = start().await;
    let id = node.notify("u", "x").await;
    let foreign = node.get_as("other", &format!("/notifications/{id}")).await;
    let unknown = node.get_as("other", "/notifications/01890000-0000-7000-8000-000000000000").await;
    assert_eq!(foreign.problem(404), unknown.problem(404));
    for bad in ["x", "..%2f", "1", "%00", "01890000-0000-7000-8000-00000000000g"] {
        let _ = node.get_as("u", &format!("/notifications/{bad}")).await.problem(404);
    }
    let _ = node.get_as("u", &format!("/notifications/{id}")).await.expect(200);
}

#[tokio::test]
async fn status_filters_by_what_the_words_say() {
    let node = start().await;
    let ids = notify_many(&node, "u", 1..=4).await;
    mark(&node, "u", &ids[0], "read").await;
    mark(&node, "u", &ids[1], "archive").await;
    mark(&node, "u", &ids[2], "read").await;
    mark(&node, "u", &ids[2], "archive").await;
    for (query, expected) in [
        ("", &["4", "1"][..]),
        ("?status=all", &["4", "1"]),
        ("?status=unread", &["4"]),
        ("?status=read", &["1"]),
        ("?status=archived", &["3", "2"]),
    ] {
        assert_eq!(each(&items(&node, "u", query).await, "title"), expected, "{query}");
    }
}

#[tokio::test]
async fn type_and_severity_filter_and_join() {
    let node = start().await;
    for (kind, severity, title) in [("a", "info", "1"), ("b", "info", "2"), ("a", "error", "3"), ("a.b", "error", "4")]
    {
        let draft = json!({"type": kind, "to": {"users": ["u"]}, "severity": severity, "title": title});
        node.publish(draft).await;
    }
    for (query, expected) in [
        ("?type=a", &["3", "1"][..]),
        ("?type=a.b", &["4"]),
        ("?type=c", &[]),
        ("?severity=error", &["4", "3"]),
        ("?severity=fatal", &[]),
        ("?type=a&severity=error", &["3"]),
        ("?type=a&severity=error&status=read", &[]),
    ] {
        assert_eq!(each(&items(&node, "u", query).await, "title"), expected, "{query}");
    }
}

#[tokio::test]
async fn bad_values_are_422_all_at_once() {
    let node = start().await;
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1e1",
        "limit=99999999999999999999",
        "status=new",
        "status=",
        "status=ALL",
        "severity=loud",
        "cursor=x",
        "cursor=%FF",
        "type=a%20b",
        "type=",
    ] {
        let answer = node.get_as("u", &format!("/notifications?{query}")).await;
        assert_eq!(answer.pointers().len(), 1, "{query}");
    }
    let all = node.get_as("u", "/notifications?limit=0&status=new&severity=loud&cursor=x").await;
    assert_eq!(all.pointers().len(), 4);
}

#[tokio::test]
async fn counts_are_those_of_the_stream() {
    let node = start().await;
    assert_eq!(counts(&node, "u").await, (0, 0, 0));
    let ids = notify_many(&node, "u", 1..=2).await;
    mark(&node, "u", &ids[0], "read").await;
    assert_eq!(counts(&node, "u").await, (1, 1, 3));
    let answer = node.get_as("u", "/notifications/counts").await.json();
    assert_eq!(answer, json!({"unread": 1, "unseen": 1, "version": 3}));
    let ready = node.stream("u").open().await.ready().await;
    assert_eq!(ready.json["counts"], answer);
}

#[tokio::test]
async fn a_stream_opened_at_the_pages_cursor_misses_nothing_and_repeats_nothing() {
    let node = start().await;
    notify_many(&node, "u", 1..=2).await;
    let page = node.get_as("u", "/notifications").await.json();
    notify_many(&node, "u", 3..=4).await;
    let mut stream = node.stream("u").position(page["streamCursor"].as_str().unwrap()).open().await;
    stream.ready().await;
    for title in ["3", "4"] {
        assert_eq!(stream.until("notification").await.json()["title"], title);
    }
    assert_eq!(position(&node, "u").await, stream.last_event_id());
}

#[tokio::test]
async fn what_is_deleted_is_gone_for_good() {
    let node = start().await;
    let ids = notify_many(&node, "u", 1..=2).await;
    let answer = delete(&node, "u", &ids[0]).await.expect(204);
    assert!(answer.body.is_empty());
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["2"]);
    let _ = node.get_as("u", &format!("/notifications/{}", ids[0])).await.problem(404);
    let _ = delete(&node, "u", &ids[0]).await.problem(404);
    let _ = delete(&node, "other", &ids[1]).await.problem(404);
    let body = Request::new("DELETE", format!("/notifications/{}", ids[1])).json(json!({}));
    let _ = node.send_as("u", body).await.expect(204);
    assert_eq!(counts(&node, "u").await, (0, 0, 4));
}
