//! Section 2: the log as JSON.

use crate::support::{builder, delete, draft, each, mark, mark_up_to, notify_many, open, position, start, start_with};
use campanile_testkit::{Event, Request, SseReader, TestNode};
use serde_json::{Value, json};

const PATH: &str = "/notifications/changes";

async fn changes(node: &TestNode, user: &str, query: &str) -> Value {
    node.get_as(user, &format!("{PATH}{query}")).await.expect(200).json()
}

/// The next events of the log, without the counts between them.
async fn logged(stream: &mut SseReader, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < count {
        events.push(stream.until_some(|event| event.id.is_some().then(|| event.clone())).await);
    }
    events
}

/// Something of every kind: two arrivals, a mark, a removal, seen and read-all.
async fn lively(node: &TestNode, user: &str) {
    let ids = notify_many(node, user, 1..=2).await;
    mark(node, user, &ids[0], "read").await;
    let _ = delete(node, user, &ids[0]).await.expect(204);
    mark_up_to(node, user, "seen", json!({"upTo": 2})).await;
    mark_up_to(node, user, "read-all", json!({})).await;
}

#[tokio::test]
async fn without_a_position_it_is_fresh_and_the_head() {
    let node = start().await;
    notify_many(&node, "u", 1..=3).await;
    let cursor = position(&node, "u").await;
    let expected = json!({
        "resume": "fresh", "resetReason": null, "changes": [], "cursor": cursor, "more": false,
        "counts": {"unread": 3, "unseen": 3, "version": 3}
    });
    for query in ["", "?after=", "?wait=0", "?limit=1"] {
        assert_eq!(changes(&node, "u", query).await, expected, "{query}");
    }
    let nobody = changes(&node, "somebody new", "").await;
    assert_eq!(nobody["counts"], json!({"unread": 0, "unseen": 0, "version": 0}));
    assert!(nobody["cursor"].as_str().unwrap().ends_with("-0"), "{nobody}");
}

#[tokio::test]
async fn after_a_position_it_says_what_the_stream_says() {
    let node = start().await;
    let begin = position(&node, "u").await;
    lively(&node, "u").await;
    let mut stream = node.stream("u").position(&begin).open().await;
    stream.ready().await;
    let events = logged(&mut stream, 6).await;
    let page = changes(&node, "u", &format!("?after={begin}")).await;
    let of_stream: Vec<Value> =
        events.iter().map(|event| json!({"id": event.id, "event": event.name, "data": event.json()})).collect();
    assert_eq!(page["changes"].as_array().unwrap(), &of_stream);
    assert_eq!(each(&of_stream, "event"), ["updated", "notification", "updated", "updated", "updated", "updated"]);
    assert_eq!((&page["resume"], &page["resetReason"], &page["more"]), (&json!("exact"), &Value::Null, &json!(false)));
    assert_eq!(
        (page["cursor"].as_str(), page["cursor"].as_str()),
        (events[5].id.as_deref(), Some(stream.last_event_id()))
    );
    assert_eq!(page["counts"], json!({"unread": 0, "unseen": 0, "version": 6}));
}

#[tokio::test]
async fn the_data_of_a_change_is_the_same_bytes() {
    let node = start().await;
    let begin = position(&node, "u").await;
    let mut stream = open(&node, "u").await;
    let text = r#"{"type":"t","to":{"users":["u"]},"title":"Zoë \u00e9","data":{"b": 1.10, "a":1E2,"big":123456789012345678901234567890}}"#;
    let request = Request::post("/api/notifications").bearer(node.api_key()).body("application/json", text);
    let _ = node.send(request).await.expect(202);
    let event = stream.expect("notification").await;
    assert!(event.data.contains(r#""data":{"b":1.10,"a":1E2,"big":123456789012345678901234567890}"#), "{event:?}");
    let answer = node.get_as("u", &format!("{PATH}?after={begin}")).await.expect(200);
    assert!(answer.text().contains(&format!(r#""data":{}"#, event.data)), "{answer}");
}

#[tokio::test]
async fn a_long_log_is_read_in_pieces_that_join() {
    let node = start().await;
    let mut after = position(&node, "u").await;
    notify_many(&node, "u", 1..=5).await;
    let mut titles = Vec::new();
    for (length, more) in [(2, true), (2, true), (1, false), (0, false)] {
        let page = changes(&node, "u", &format!("?after={after}&limit=2")).await;
        let piece = page["changes"].as_array().unwrap();
        assert_eq!((piece.len(), &page["more"], &page["resume"]), (length, &json!(more), &json!("exact")));
        titles.extend(piece.iter().map(|change| change["data"]["title"].clone()));
        page["cursor"].as_str().unwrap().clone_into(&mut after);
    }
    assert_eq!(titles, ["1", "2", "3", "4", "5"]);
    assert_eq!(after, position(&node, "u").await);
}

#[tokio::test]
async fn a_piece_has_1_to_1000_changes() {
    let node = builder().env("CAMPANILE_RETENTION__LOG_ENTRIES", 5000).env("CAMPANILE_SSE__REPLAY_LIMIT", 5000);
    let node = node.start().await;
    let begin = position(&node, "u").await;
    let lines = format!("{}\n", draft(&["u"])).repeat(1000);
    for count in [1000, 1] {
        let lines = lines.lines().take(count).collect::<Vec<_>>().join("\n");
        let batch =
            Request::post("/api/notifications/batch").bearer(node.api_key()).body("application/x-ndjson", lines);
        let _ = node.send(batch).await.expect(200);
    }
    for (query, length, more) in [("", 100, true), ("&limit=1", 1, true), ("&limit=1000", 1000, true)] {
        let page = changes(&node, "u", &format!("?after={begin}{query}")).await;
        assert_eq!((page["changes"].as_array().unwrap().len(), &page["more"]), (length, &json!(more)), "{query}");
    }
    for query in ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=1.5"] {
        assert_eq!(node.get_as("u", &format!("{PATH}?{query}")).await.pointers(), ["/query/limit"], "{query}");
    }
}

#[tokio::test]
async fn a_position_that_does_not_fit_is_a_reset_with_its_reason_and_never_an_error() {
    let node = builder().env("CAMPANILE_RETENTION__LOG_ENTRIES", 3).env("CAMPANILE_SSE__REPLAY_LIMIT", 2).start().await;
    let begin = position(&node, "u").await;
    let foreign = position(&node, "v").await;
    notify_many(&node, "u", 1..=5).await;
    let (head, at) = (position(&node, "u").await, |seq: u64| begin.replace("-0", &format!("-{seq}")));
    let began = std::time::Instant::now();
    for (after, reason) in [
        ("nonsense".to_owned(), "unknown"),
        ("%FF%FE".into(), "unknown"),
        ("a%0Aid:%209".into(), "unknown"),
        ("-1".into(), "unknown"),
        ("x".repeat(8000), "unknown"),
        (foreign, "unknown"),
        (at(6), "unknown"),
        (at(u64::MAX), "unknown"),
        (at(0), "expired"),
        (at(1), "expired"),
        (at(2), "too-far"),
    ] {
        let page = changes(&node, "u", &format!("?after={after}&wait=60")).await;
        let counts = json!({"unread": 5, "unseen": 5, "version": 5});
        let expected = json!({"resume": "reset", "resetReason": reason, "changes": [], "cursor": head, "more": false,
            "counts": counts});
        assert_eq!(page, expected, "{after}");
    }
    assert!(began.elapsed().as_secs() < 10, "a reset answers at once");
    assert_eq!(changes(&node, "u", &format!("?after={}", at(3))).await["changes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_position_is_as_good_here_as_on_the_stream() {
    let node = start().await;
    notify_many(&node, "u", 1..=2).await;
    let cursor = changes(&node, "u", "").await["cursor"].as_str().unwrap().to_owned();
    notify_many(&node, "u", 3..=4).await;
    let mut stream = node.stream("u").position(&cursor).open().await;
    assert_eq!(stream.ready().await.resume, "exact");
    for title in ["3", "4"] {
        assert_eq!(stream.until("notification").await.json()["title"], title);
    }
    let page = changes(&node, "u", &format!("?after={cursor}")).await;
    assert_eq!(page["cursor"], json!(stream.last_event_id()));
}

#[tokio::test]
async fn bad_parameters_are_422_all_at_once() {
    let node = start().await;
    for query in ["wait=61", "wait=-1", "wait=1.5", "wait=x", "wait="] {
        assert_eq!(node.get_as("u", &format!("{PATH}?{query}")).await.pointers(), ["/query/wait"], "{query}");
    }
    let all = node.get_as("u", &format!("{PATH}?wait=61&limit=0&since=1")).await;
    assert_eq!(all.pointers(), ["/query/limit", "/query/since", "/query/wait"]);
    let _ = node.send(Request::get(PATH)).await.problem(401);
}

#[tokio::test]
async fn signals_are_not_in_the_log() {
    let node = start().await;
    let begin = position(&node, "u").await;
    node.signal(json!({"to": {"users": ["u"]}, "event": "x"})).await;
    assert_eq!(changes(&node, "u", &format!("?after={begin}")).await["changes"], json!([]));
}

#[tokio::test]
async fn the_log_folds_to_the_inbox() {
    let node = start_with("RETENTION__LOG_ENTRIES", 1000).await;
    let begin = position(&node, "u").await;
    let ids = notify_many(&node, "u", 1..=5).await;
    mark(&node, "u", &ids[0], "read").await;
    mark_up_to(&node, "u", "read-all", json!({"upTo": 3})).await;
    mark(&node, "u", &ids[1], "unread").await;
    mark(&node, "u", &ids[4], "archive").await;
    let _ = delete(&node, "u", &ids[3]).await.expect(204);
    let page = changes(&node, "u", &format!("?after={begin}")).await;
    let mut unread: Vec<(u64, String)> = Vec::new();
    for change in page["changes"].as_array().unwrap() {
        fold(&mut unread, change);
    }
    let of_inbox = crate::support::items(&node, "u", "?status=unread").await;
    let of_inbox: Vec<_> = of_inbox.iter().map(|item| item["notificationId"].as_str().unwrap()).collect();
    let of_log: Vec<_> = unread.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!((of_log.clone(), of_log.len()), (of_inbox, 1));
    assert_eq!(page["counts"]["unread"], 1);
}

/// What a client does with a change that keeps the ids of what is unread.
fn fold(unread: &mut Vec<(u64, String)>, change: &Value) {
    let data = &change["data"];
    let seq: u64 = change["id"].as_str().unwrap().rsplit_once('-').unwrap().1.parse().unwrap();
    if change["event"] == "notification" {
        unread.push((seq, data["notificationId"].as_str().unwrap().into()));
    } else if let Some(up_to) = data["upTo"].as_u64() {
        unread.retain(|(arrived, _)| *arrived > up_to || data["state"]["read"] != true);
    } else {
        let ids: Vec<&str> = data["notificationIds"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        unread.retain(|(_, id)| !ids.contains(&id.as_str()));
        if data["state"]["read"] == false {
            unread.extend(ids.iter().map(|id| (seq, (*id).to_owned())));
        }
    }
}
