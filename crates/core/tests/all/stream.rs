//! What a stream says from its first byte on.

use crate::support::{Reader, builder, publish, request, who};
use campanile_core::{
    AudienceDraft, HeartbeatForm, Json, MarkTarget, RetentionOptions, SignalDraft, SseOptions, StateChange, Tenant,
    UpToState,
};
use serde_json::json;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_stream_begins_with_retry_and_ready_in_one_piece() {
    let engine = builder().start();
    let mut session = engine.open(request("u1", None)).await.unwrap();
    let bytes = session.next().await.unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    let (retry, rest) = text.split_once('\n').unwrap();
    let millis: u64 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
    assert!((1000..=5000).contains(&millis));
    let id = rest.strip_prefix("event: ready\nid: ").unwrap().split('\n').next().unwrap();
    assert!(id.ends_with("-0"), "{id}");
    let ready = format!(
        "event: ready\nid: {id}\ndata: {{\"connectionId\":\"{}\",\"user\":\"u1\",\"resume\":\"fresh\",\"cursor\":\"{id}\",\"counts\":{{\"unread\":0,\"unseen\":0,\"version\":0}},\"heartbeatSeconds\":30}}\n\n",
        session.id()
    );
    assert_eq!(rest, ready);
}

#[tokio::test(start_paused = true)]
async fn what_is_published_arrives_with_its_position_and_then_its_counts() {
    let engine = builder().start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    let id = publish(&engine, &["u1", "u2"], "hello").await;
    let event = reader.next().await.unwrap();
    assert_eq!((event.name.as_str(), event.seq(), event.title()), ("notification", 1, "hello"));
    assert_eq!(event.data["notificationId"], id.to_string());
    let counts = reader.next().await.unwrap();
    assert_eq!((counts.name.as_str(), counts.id), ("counts", None));
    assert_eq!(counts.data, json!({"unread": 1, "unseen": 1, "version": 1}));
}

#[tokio::test(start_paused = true)]
async fn a_position_is_continued_exactly_and_its_ready_carries_that_position() {
    let engine = builder().start();
    let mut first = Reader::open(&engine, "u1", None).await;
    first.named("ready").await;
    publish(&engine, &["u1"], "1").await;
    first.take(1).await;
    let position = first.last_id.clone();
    drop(first);
    for title in ["2", "3", "4"] {
        publish(&engine, &["u1"], title).await;
    }
    let mut second = Reader::open(&engine, "u1", Some(&position)).await;
    let ready = second.next().await.unwrap();
    assert_eq!(ready.data["resume"], "exact");
    assert_eq!((ready.data["cursor"].as_str(), ready.id.as_deref()), (Some(&*position), Some(&*position)));
    assert_eq!(ready.data["counts"], json!({"unread": 4, "unseen": 4, "version": 4}));
    assert_eq!(second.titles(3).await, ["2", "3", "4"]);
    publish(&engine, &["u1"], "5").await;
    assert_eq!(second.titles(1).await, ["5"]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_an_expired_and_a_far_position_are_reset_with_the_reason() {
    let sse = SseOptions { replay_limit: 3, ..SseOptions::default() };
    let retention = RetentionOptions { log_entries: 5, ..RetentionOptions::default() };
    let engine = builder().sse(sse).retention(retention).start();
    let epoch = engine.head(&who("u1")).await.unwrap().epoch;
    for n in 0..10 {
        publish(&engine, &["u1"], &n.to_string()).await;
    }
    let other = engine.head(&who("u2")).await.unwrap().cursor().to_string();
    let cases = [
        (format!("{epoch}-11"), "unknown"),
        (other, "unknown"),
        ("nonsense".into(), "unknown"),
        (format!("{epoch}-4"), "expired"),
        (format!("{epoch}-6"), "too-far"),
    ];
    for (position, reason) in cases {
        let mut reader = Reader::open(&engine, "u1", Some(&position)).await;
        let ready = reader.next().await.unwrap();
        assert_eq!(
            (&ready.data["resume"], &ready.data["resetReason"]),
            (&json!("reset"), &json!(reason)),
            "{position}"
        );
        assert_eq!(ready.seq(), 10);
        reader.silent(Duration::from_secs(60)).await;
    }
    let mut reader = Reader::open(&engine, "u1", Some(&format!("{epoch}-7"))).await;
    assert_eq!(reader.next().await.unwrap().data["resume"], "exact");
    assert_eq!(reader.titles(3).await, ["7", "8", "9"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_made_anywhere_is_seen_everywhere_and_what_is_gone_is_replayed_as_removed() {
    let engine = builder().start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    let start = reader.named("ready").await.id.unwrap();
    let first = publish(&engine, &["u1"], "1").await;
    publish(&engine, &["u1"], "2").await;
    let ids = vec![first];
    engine
        .mark(&who("u1"), MarkTarget::Notifications { ids: ids.clone(), state: StateChange::read(true) })
        .await
        .unwrap();
    engine.mark(&who("u1"), MarkTarget::UpTo { up_to: None, state: UpToState::Read }).await.unwrap();
    engine.mark(&who("u1"), MarkTarget::Notifications { ids, state: StateChange::REMOVED }).await.unwrap();
    let live = reader.take(5).await;
    assert_eq!(live[2].data, json!({"notificationIds": [first.to_string()], "state": {"read": true}}));
    assert_eq!(live[3].data, json!({"upTo": 3, "state": {"read": true}}));
    let removed = json!({"notificationIds": [first.to_string()], "state": {"removed": true}});
    assert_eq!(live[4].data, removed);
    assert!(live[2..].iter().all(|event| event.name == "updated"));
    let mut again = Reader::open(&engine, "u1", Some(&start)).await;
    again.named("ready").await;
    let replayed = again.take(5).await;
    assert_eq!((replayed[0].name.as_str(), &replayed[0].data, replayed[0].seq()), ("updated", &removed, 1));
    assert_eq!(replayed[1..], live[1..], "what is replayed is what was announced");
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_changes_nothing_says_nothing() {
    let engine = builder().start();
    let id = publish(&engine, &["u1"], "1").await;
    let read = || MarkTarget::Notifications { ids: vec![id], state: StateChange::read(true) };
    engine.mark(&who("u1"), read()).await.unwrap();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    assert!(engine.mark(&who("u1"), read()).await.unwrap().entry.is_none());
    reader.silent(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_when_nothing_else_was_written_in_the_configured_form() {
    for (form, bytes) in
        [(HeartbeatForm::Event, &b"event: __heartbeat__\ndata:\n\n"[..]), (HeartbeatForm::Comment, b":\n")]
    {
        let sse = SseOptions { heartbeat: Duration::from_secs(10), heartbeat_form: form, ..SseOptions::default() };
        let engine = builder().sse(sse).start();
        let mut session = engine.open(request("u1", None)).await.unwrap();
        session.next().await;
        for _ in 0..3 {
            let before = tokio::time::Instant::now();
            assert_eq!(session.next().await.unwrap(), bytes);
            let waited = before.elapsed();
            assert!((Duration::from_secs(9)..=Duration::from_millis(10_002)).contains(&waited), "{waited:?}");
        }
        let before = tokio::time::Instant::now();
        tokio::time::sleep(Duration::from_secs(5)).await;
        publish(&engine, &["u1"], "x").await;
        session.next().await;
        session.next().await;
        assert!(before.elapsed() >= Duration::from_secs(14), "a write puts the heartbeat off");
    }
}

#[tokio::test(start_paused = true)]
async fn signals_go_to_those_who_are_here_without_an_id() {
    let engine = builder().start();
    let signal = |user: &str| SignalDraft {
        to: AudienceDraft::users([user]),
        event: "order.status".into(),
        data: Json::parse("{\"n\": 1}").ok(),
        key: None,
    };
    assert_eq!(engine.signal(&Tenant::default(), &signal("u1")).await.unwrap(), 0);
    let mut readers = [Reader::open(&engine, "u1", None).await, Reader::open(&engine, "u1", None).await];
    assert_eq!(engine.signal(&Tenant::default(), &signal("u1")).await.unwrap(), 2);
    for reader in &mut readers {
        reader.named("ready").await;
        let event = reader.next().await.unwrap();
        assert_eq!((event.name.as_str(), event.id, event.data), ("order.status", None, json!({"n": 1})));
    }
}
