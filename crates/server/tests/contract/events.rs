//! Section 1, events: what a change looks like on every open stream.

use crate::support::{builder, delete, draft, draft_with, mark, mark_up_to, position, start};
use campanile_testkit::{Event, SseReader, TestNode};
use serde_json::{Value, json};

async fn open(node: &TestNode, user: &str) -> SseReader {
    let mut stream = node.stream(user).open().await;
    stream.ready().await;
    stream
}

/// The next event that is not about counts.
async fn next(stream: &mut SseReader) -> Event {
    stream.until_some(|event| (event.name != "counts").then(|| event.clone())).await
}

fn full_draft(users: &[&str]) -> Value {
    json!({
        "type": "invoices.approved", "to": {"users": users}, "severity": "success", "title": "Invoice approved",
        "body": "Number 42", "link": "/invoices/42", "data": {"invoiceId": 42},
        "relatedEntity": {"type": "invoice", "id": "42"}, "actorId": "u9"
    })
}

#[tokio::test]
async fn a_notification_carries_the_contracts_members_and_no_other() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let id = node.publish(full_draft(&["u"])).await;
    let event = stream.expect("notification").await;
    let mut json = event.json();
    let occurred_at = json["occurredAt"].take();
    let expected = json!({
        "notificationId": id, "notificationTypeName": "invoices.approved", "severity": "success",
        "title": "Invoice approved", "body": "Number 42", "link": "/invoices/42", "data": {"invoiceId": 42},
        "relatedEntityType": "invoice", "relatedEntityId": "42", "actorId": "u9", "occurredAt": null
    });
    assert_eq!(json, expected);
    let occurred_at = occurred_at.as_str().unwrap();
    assert!(occurred_at.len() >= 20 && occurred_at.ends_with('Z') && &occurred_at[10..11] == "T", "{occurred_at}");
}

#[tokio::test]
async fn what_was_not_given_is_null() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    node.publish(draft(&["u"])).await;
    let json = stream.expect("notification").await.json();
    for absent in ["title", "body", "link", "data", "relatedEntityType", "relatedEntityId", "actorId"] {
        assert_eq!(json.get(absent), Some(&Value::Null), "{absent}");
    }
    assert_eq!(json["severity"], "info");
    assert_eq!(json.as_object().unwrap().len(), 11);
}

#[tokio::test]
async fn ids_are_dense_from_1_and_of_one_epoch() {
    let node = start().await;
    let mut stream = node.stream("u").open().await;
    let epoch = stream.ready().await.cursor.rsplit_once('-').unwrap().0.to_owned();
    for seq in 1..=5 {
        node.notify("u", "x").await;
        assert_eq!(stream.until("notification").await.id, Some(format!("{epoch}-{seq}")));
    }
}

#[tokio::test]
async fn epochs_differ_between_users() {
    let node = start().await;
    let (one, two) = (position(&node, "u1").await, position(&node, "u2").await);
    assert_ne!(one, two);
}

#[tokio::test]
async fn a_body_is_the_same_bytes_for_every_recipient_and_stream() {
    let node = start().await;
    let mut streams = vec![open(&node, "u1").await, open(&node, "u1").await, open(&node, "u2").await];
    node.notify("u2", "makes the positions differ").await;
    streams[2].until("notification").await;
    node.publish(full_draft(&["u1", "u2", "u3"])).await;
    let mut bodies = Vec::new();
    for stream in &mut streams {
        bodies.push(stream.until("notification").await.data);
    }
    let replayed = node.stream("u3").query("lastEventId", position(&node, "u3").await.replace("-1", "-0"));
    bodies.push(replayed.open().await.until("notification").await.data);
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_notification_reaches_all_streams_of_its_user_and_nobody_elses() {
    let node = start().await;
    let (mut a, mut b, mut other) = (open(&node, "u").await, open(&node, "u").await, open(&node, "other").await);
    node.notify("u", "secret").await;
    node.notify("other", "mine").await;
    assert_eq!(a.expect("notification").await.raw, b.expect("notification").await.raw);
    assert_eq!(other.expect("notification").await.json()["title"], "mine");
}

#[tokio::test]
async fn marks_made_anywhere_are_events_everywhere() {
    let node = start().await;
    let (mut a, mut b) = (open(&node, "u").await, open(&node, "u").await);
    let id = node.notify("u", "x").await;
    for (what, state) in [
        ("read", json!({"read": true})),
        ("unread", json!({"read": false})),
        ("archive", json!({"archived": true})),
        ("unarchive", json!({"archived": false})),
    ] {
        mark(&node, "u", &id, what).await;
        for stream in [&mut a, &mut b] {
            let event = stream.until("updated").await;
            assert_eq!(event.json(), json!({"notificationIds": [id], "state": state}));
            assert!(event.id.is_some(), "{event:?}");
        }
    }
}

#[tokio::test]
async fn read_all_and_seen_are_events_with_their_reach() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    node.notify("u", "1").await;
    node.notify("u", "2").await;
    mark_up_to(&node, "u", "seen", json!({"upTo": 1})).await;
    let seen = stream.until("updated").await;
    assert_eq!((seen.json(), seen.seq()), (json!({"upTo": 1, "state": {"seen": true}}), 3));
    mark_up_to(&node, "u", "read-all", json!({})).await;
    let read = stream.until("updated").await;
    assert_eq!((read.json()["state"].clone(), read.seq()), (json!({"read": true}), 4));
    assert_eq!(read.json()["upTo"], 3, "absent is the head at arrival");
}

#[tokio::test]
async fn a_deleted_notification_is_an_event_and_its_arrival_is_replayed_as_removed() {
    let node = start().await;
    let before = position(&node, "u").await;
    let mut stream = open(&node, "u").await;
    let gone = node.notify("u", "the text of a secret").await;
    let kept = node.notify("u", "kept").await;
    let _ = delete(&node, "u", &gone).await.expect(204);
    let removed = json!({"notificationIds": [gone], "state": {"removed": true}});
    assert_eq!(stream.until("updated").await.json(), removed);
    let mut replay = node.stream("u").position(&before).open().await;
    replay.ready().await;
    let (first, second, third) = (next(&mut replay).await, next(&mut replay).await, next(&mut replay).await);
    assert_eq!((first.name.as_str(), first.seq(), first.json()), ("updated", 1, removed.clone()));
    assert_eq!((second.seq(), &second.json()["notificationId"]), (2, &json!(kept)));
    assert_eq!((third.name.as_str(), third.seq(), third.json()), ("updated", 3, removed));
    assert!(!String::from_utf8_lossy(replay.body()).contains("secret"), "its text is nowhere any more");
}

#[tokio::test]
async fn a_live_event_and_its_replay_are_the_same_bytes() {
    let node = start().await;
    let before = position(&node, "u").await;
    let mut live = open(&node, "u").await;
    let id = node.publish(full_draft(&["u"])).await;
    mark(&node, "u", &id, "read").await;
    mark_up_to(&node, "u", "seen", json!({"upTo": 0})).await;
    mark(&node, "u", &id, "archive").await;
    let mut replay = node.stream("u").position(&before).open().await;
    replay.ready().await;
    for _ in 0..3 {
        assert_eq!(next(&mut live).await.raw, next(&mut replay).await.raw);
    }
}

#[tokio::test]
async fn data_is_kept_verbatim() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let data = r#"{"b":1.10,"a":[1e2,-0,123456789012345678901234567890],"t":"\u00e9\/\ud83d\udd14","n":null}"#;
    let body = format!(r#"{{"type":"t","to":{{"users":["u"]}},"data": {data} }}"#);
    let request = campanile_testkit::Request::post("/api/notifications").bearer(node.api_key());
    let _ = node.send(request.body("application/json", body)).await.expect(202);
    let text = stream.expect("notification").await.data;
    assert!(text.contains(&format!("\"data\":{data}")), "{text}");
}

#[tokio::test]
async fn text_of_any_kind_arrives_as_it_was_sent_on_one_line() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    for text in ["a\nb", "a\r\nb\r", "\u{2028}\u{85}\u{0}", "data: x\n\nevent: y", " lead and trail ", "🔔\u{feff}"] {
        node.publish(draft_with("body", json!(text))).await;
        let event = stream.until("notification").await;
        assert_eq!(event.json()["body"], text);
        assert_eq!(event.raw.iter().filter(|byte| **byte == b'\n').count(), 4, "id, event, data, blank: {event:?}");
    }
}

#[tokio::test]
async fn a_type_may_have_a_severity_of_its_own() {
    let toml = "[types.\"disk.full\"]\nseverity = \"fatal\"\n";
    let node = builder().config(toml).start().await;
    let mut stream = open(&node, "u").await;
    for (given, expected) in [(None, "fatal"), (Some("warning"), "warning")] {
        let mut draft = json!({"type": "disk.full", "to": {"users": ["u"]}});
        if let Some(severity) = given {
            draft["severity"] = json!(severity);
        }
        node.publish(draft).await;
        assert_eq!(stream.until("notification").await.json()["severity"], expected);
    }
}

#[tokio::test]
async fn a_type_with_the_channel_sse_alone_is_live_only() {
    let node = builder().config("[types.ticker]\nchannels = [\"sse\"]\n").start().await;
    let mut stream = open(&node, "u").await;
    node.publish(json!({"type": "ticker", "to": {"users": ["u"]}, "title": "live"})).await;
    let live = stream.expect("notification").await;
    assert_eq!((live.id.as_ref(), &live.json()["title"]), (None, &json!("live")));
    assert_eq!(crate::support::counts(&node, "u").await, (0, 0, 0), "neither stored nor counted");
    assert!(crate::support::items(&node, "u", "").await.is_empty());
    node.notify("u", "stored").await;
    assert_eq!(stream.expect("notification").await.seq(), 1);
}

#[tokio::test]
async fn an_actor_is_not_told_of_the_own_doing_unless_asked() {
    let node = start().await;
    let (mut u, mut actor) = (open(&node, "u").await, open(&node, "actor").await);
    for (notify_actor, title) in [(false, "1"), (true, "2")] {
        let to = json!({"users": ["u", "actor"]});
        node.publish(json!({"type": "t", "to": to, "actorId": "actor", "notifyActor": notify_actor, "title": title}))
            .await;
    }
    assert_eq!(u.until("notification").await.json()["title"], "1");
    assert_eq!(u.until("notification").await.json()["title"], "2");
    assert_eq!(actor.until("notification").await.json()["title"], "2");
}

/// Only what is in the log has an id: a client that stores the last one it saw continues after what it really had.
#[tokio::test]
async fn only_events_of_the_log_carry_an_id() {
    let node = builder()
        .config("[types.ticker]\nchannels = [\"sse\"]\n")
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 1)
        .start()
        .await;
    let token = node.sign(json!({"sub": "u", "exp": campanile_testkit::token::now() + 3}));
    let mut stream = node.anonymous_stream().bearer(&token).open().await;
    let cursor = stream.ready().await.cursor;
    node.publish(json!({"type": "ticker", "to": {"users": ["u"]}})).await;
    node.signal(json!({"to": {"users": ["u"]}, "event": "tick"})).await;
    let id = node.notify("u", "x").await;
    mark(&node, "u", &id, "read").await;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    while let Ok(event) = stream.event_or_end().await {
        let list = if event.id.is_some() { &mut with } else { &mut without };
        list.push(event.name.clone());
    }
    without.sort();
    without.dedup();
    assert_eq!(with, ["notification", "updated"]);
    let unlogged = ["__heartbeat__", "counts", "expiring", "notification", "reconnect", "tick"];
    assert_eq!(without, unlogged);
    assert_eq!(stream.last_event_id(), cursor.replace("-0", "-2"));
}

#[tokio::test]
async fn a_type_with_both_channels_arrives_once_and_is_logged() {
    let node = builder().config("[types.both]\nchannels = [\"inApp\", \"sse\"]\n").start().await;
    let mut stream = open(&node, "u").await;
    for title in ["1", "2"] {
        node.publish(json!({"type": "both", "to": {"users": ["u"]}, "title": title})).await;
    }
    for seq in [1, 2] {
        let event = next(&mut stream).await;
        assert_eq!((event.name.as_str(), event.seq()), ("notification", seq));
        assert_eq!(event.json()["title"], seq.to_string());
    }
}

#[tokio::test]
async fn each_severity_arrives_in_the_wires_word() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    for severity in ["info", "success", "warning", "error", "fatal"] {
        node.publish(draft_with("severity", json!(severity))).await;
        assert_eq!(next(&mut stream).await.json()["severity"], severity);
    }
}

/// Several at once, and a withdrawal by the application: one event each, on every stream that is open.
#[tokio::test]
async fn a_change_of_many_is_one_event_and_a_withdrawal_is_one_for_each_user() {
    let node = start().await;
    let before = position(&node, "u").await;
    let (mut one, mut two, mut v) = (open(&node, "u").await, open(&node, "u").await, open(&node, "v").await);
    let mine = node.notify("u", "mine").await;
    let both = node.publish(json!({"type": "t", "to": {"users": ["u", "v"]}, "title": "secret"})).await;
    let body = json!({"notificationIds": [mine, both], "state": {"read": true, "archived": true}});
    let request = campanile_testkit::Request::post("/notifications/bulk").json(body.clone());
    let _ = node.send_as("u", request).await.expect(200);
    let _ = crate::support::call(&node, "DELETE", &format!("/api/notifications/{both}")).await.expect(202);
    let removed = json!({"notificationIds": [both], "state": {"removed": true}});
    for stream in [&mut one, &mut two] {
        let marked = stream.until("updated").await;
        assert_eq!((marked.json(), marked.seq()), (body.clone(), 3));
        let gone = stream.until("updated").await;
        assert_eq!((gone.json(), gone.seq()), (removed.clone(), 4));
    }
    assert_eq!(v.until("updated").await.json(), removed);
    let mut replay = node.stream("u").position(&before).open().await;
    replay.ready().await;
    let replayed: Vec<_> =
        [next(&mut replay).await, next(&mut replay).await].map(|event| (event.name, event.data)).into();
    assert_eq!((replayed[0].0.as_str(), replayed[1].0.as_str()), ("notification", "updated"));
    assert_eq!(serde_json::from_str::<Value>(&replayed[1].1).unwrap(), removed);
    assert!(!String::from_utf8_lossy(replay.body()).contains("secret"), "its text is nowhere any more");
}
