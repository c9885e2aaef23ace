//! What operators and applications ask besides publishing.

use crate::support::{Reader, builder, publish, request, who};
use campanile_core::{
    AudienceDraft, Draft, Engine, EngineError, Identity, OpenError, OpenRequest, PublishKey, Recipient, Tenant,
    Timestamp, Topic, Transport, UserId,
};
use serde_json::json;
use std::time::Duration;

fn tenant() -> Tenant {
    Tenant::default()
}

fn issued(user: &str, at: Option<i64>) -> OpenRequest {
    let identity = Identity { recipient: who(user), expires_at: None, issued_at: at.map(Timestamp::from_seconds) };
    OpenRequest { identity, position: None, transport: Transport::Http1 }
}

fn key(text: &str, digest: u8) -> Option<PublishKey> {
    Some(PublishKey { credential: "shop".into(), key: text.into(), digest: [digest; 32] })
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_notification_leaves_every_inbox_and_every_stream_is_told() {
    let engine = builder().start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    let id = publish(&engine, &["u1", "u2"], "oops").await;
    reader.named("notification").await;
    assert!(engine.withdraw(&tenant(), id).await.unwrap());
    let gone = reader.named("updated").await;
    assert_eq!(gone.data, json!({"notificationIds": [id.to_string()], "state": {"removed": true}}));
    assert_eq!(reader.next().await.unwrap().data, json!({"unread": 0, "unseen": 0, "version": 2}));
    assert!(engine.item(&who("u2"), id).await.unwrap().is_none());
    assert!(!engine.withdraw(&Tenant::new("other").unwrap(), id).await.unwrap(), "tenants never meet");
    let record = engine.record(&tenant(), id).await.unwrap().unwrap();
    assert_eq!((record.withdrawn, record.recipients, record.stored, record.live), (true, 2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_erased_users_streams_end_and_a_later_visit_begins_a_new_log() {
    let engine = builder().start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    for n in 0..5 {
        publish(&engine, &["u1"], &n.to_string()).await;
    }
    reader.take(6).await;
    assert!(engine.erase(&who("u1")).await.unwrap());
    assert_eq!(reader.named("reconnect").await.data["reason"], "revoked");
    assert_eq!(reader.next().await, None);
    let mut again = Reader::open(&engine, "u1", Some(&reader.last_id)).await;
    assert_eq!(again.next().await.unwrap().data["resetReason"], "unknown");
    publish(&engine, &["u1"], "new").await;
    let first = again.take(1).await.remove(0);
    assert_eq!((first.seq(), first.title()), (1, "new"));
    assert!(!engine.erase(&who("nobody")).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_opens_around_an_erasure_is_never_left_deaf() {
    for _ in 0..50 {
        let engine = builder().start();
        publish(&engine, &["u1"], "old").await;
        let user = who("u1");
        let (opened, erased) = tokio::join!(engine.open(request("u1", None)), engine.erase(&user));
        erased.unwrap();
        let mut reader = Reader::new(opened.unwrap());
        publish(&engine, &["u1"], "new").await;
        // It either hears the new log, or is told to come back.
        reader.named("ready").await;
        let event = reader.take(1).await.remove(0);
        assert!(event.name == "reconnect" || event.title() == "new", "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_revocation_ends_streams_of_older_credentials_and_of_those_without_a_date() {
    let engine = builder().start();
    let mut streams = Vec::new();
    for at in [Some(99), None, Some(100)] {
        streams.push(Reader::new(engine.open(issued("u1", at)).await.unwrap()));
    }
    engine.revoke(&who("u1"), Timestamp::from_seconds(100)).await.unwrap();
    engine.revoke(&who("u1"), Timestamp::from_seconds(50)).await.unwrap();
    for stream in &mut streams[..2] {
        assert_eq!(stream.named("reconnect").await.data["reason"], "revoked");
    }
    publish(&engine, &["u1"], "x").await;
    streams[2].named("notification").await;
    for (at, revoked) in [(Some(99), true), (None, true), (Some(100), false)] {
        assert_eq!(engine.is_revoked(&issued("u1", at).identity).await.unwrap(), revoked);
        assert!(!engine.is_revoked(&issued("u2", at).identity).await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn connections_are_listed_by_tenant_and_user_and_cut_by_id() {
    let engine = builder().start();
    let mut first = Reader::open(&engine, "u1", None).await;
    let mut second = Reader::open(&engine, "u1", None).await;
    let other = Reader::open(&engine, "u2", None).await;
    first.named("ready").await;
    publish(&engine, &["u1"], "x").await;
    first.take(1).await;
    let all = engine.list_connections(&tenant(), None, None, 100);
    let ids: Vec<_> = [&first, &second, &other].map(|reader| reader.session.id()).to_vec();
    assert_eq!(all.iter().map(|c| c.id).collect::<Vec<_>>(), ids);
    assert_eq!((all[0].behind, all[1].behind, all[2].behind), (0, 1, 0));
    assert_eq!(all[0].cursor.unwrap().to_string(), first.last_id);
    assert_eq!(engine.list_connections(&tenant(), UserId::new("u1").ok().as_ref(), Some(ids[0]), 100).len(), 1);
    assert!(engine.list_connections(&Tenant::new("other").unwrap(), None, None, 100).is_empty());
    assert!(!engine.cut(&Tenant::new("other").unwrap(), ids[0]));
    assert!(engine.cut(&tenant(), ids[0]));
    let end = first.named("reconnect").await.data;
    assert_eq!(end, json!({"reason": "evicted", "retryMs": 300_000}));
    engine.cut_user(&who("u1"));
    assert_eq!(second.named("reconnect").await.data["reason"], "evicted");
    assert_eq!(engine.list_connections(&tenant(), None, None, 100).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_topics_members_at_the_publish_get_it_without_the_excepted_and_the_actor() {
    let engine = builder().start();
    let topic = Topic::new("orders").unwrap();
    for user in ["u1", "u2", "u3", "u4"] {
        engine.set_member(&topic, &who(user), true).await.unwrap();
    }
    engine.set_member(&topic, &who("u4"), false).await.unwrap();
    let to = AudienceDraft::Topic { topic: "orders".into(), except: vec!["u2".into()] };
    let draft = Draft { actor_id: Some("u3".into()), ..Draft::new("t", to) };
    assert_eq!(engine.publish(&tenant(), &draft).await.unwrap().recipients, 1);
    assert_eq!(engine.head(&who("u1")).await.unwrap().seq.0, 1);
    let everyone = Draft::new("t", AudienceDraft::Everyone { except: vec![] });
    assert_eq!(engine.publish(&tenant(), &everyone).await.unwrap().recipients, 1, "all with a log");
    let members = engine.members(&tenant(), &topic, None, 2).await.unwrap();
    assert_eq!((members.items.len(), members.more), (2, true));
}

#[tokio::test(start_paused = true)]
async fn a_key_makes_a_publish_happen_once() {
    let engine = builder().start();
    let draft = Draft::new("t", AudienceDraft::users(["u1"]));
    let once = async |engine: &Engine, key| engine.publish_once(&tenant(), &draft, key).await;
    let first = once(&engine, key("a", 1)).await.unwrap();
    let again = once(&engine, key("a", 1)).await.unwrap();
    assert_eq!((again.notification_id, again.recipients, again.replayed), (first.notification_id, 1, true));
    assert!(matches!(once(&engine, key("a", 2)).await, Err(EngineError::KeyReused)));
    assert!(!once(&engine, key("b", 1)).await.unwrap().replayed);
    let unknown = Draft::new("two words", AudienceDraft::users(["u1"]));
    assert!(engine.publish_once(&tenant(), &unknown, key("c", 1)).await.is_err());
    assert!(!once(&engine, key("c", 1)).await.unwrap().replayed, "refusals are not remembered");
    assert_eq!(engine.head(&who("u1")).await.unwrap().seq.0, 3);
}

fn poll(user: &str, position: Option<&str>) -> OpenRequest {
    OpenRequest { transport: Transport::LongPoll, ..request(user, position) }
}

#[tokio::test(start_paused = true)]
async fn changes_are_the_streams_log_page_by_page() {
    let engine = builder().start();
    let start = engine.head(&who("u1")).await.unwrap().cursor().to_string();
    for n in 0..5 {
        publish(&engine, &["u1"], &n.to_string()).await;
    }
    let first = engine.changes(poll("u1", Some(&start)), 3, Duration::ZERO).await.unwrap();
    assert_eq!((first.resume.as_str(), first.changes.len(), first.more), ("exact", 3, true));
    let next = engine.changes(poll("u1", Some(&first.cursor.to_string())), 3, Duration::ZERO).await.unwrap();
    assert_eq!((next.changes.len(), next.more, next.cursor.seq.0), (2, false, 5));
    assert_eq!((next.changes[0].event, next.changes[0].cursor.seq.0), ("notification", 4));
    let reset = engine.changes(poll("u1", Some("junk")), 3, Duration::from_secs(30)).await.unwrap();
    assert_eq!((reset.resume.as_str(), reset.changes.len(), reset.cursor.seq.0), ("reset", 0, 5));
    let fresh = engine.changes(poll("u1", None), 3, Duration::ZERO).await.unwrap();
    assert_eq!((fresh.resume.as_str(), fresh.changes.len(), fresh.cursor.seq.0), ("fresh", 0, 5));
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_answers_when_something_happens_takes_a_place_and_gives_it_back() {
    let engine = builder().start();
    let wait = |engine: &Engine| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.changes(poll("u1", None), 10, Duration::from_secs(60)).await })
    };
    let began = tokio::time::Instant::now();
    let waiting = wait(&engine);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(engine.connections(), 1);
    publish(&engine, &["u1"], "x").await;
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!((answer.resume.as_str(), answer.changes.len(), began.elapsed().as_secs()), ("fresh", 1, 10));
    assert_eq!(engine.connections(), 0);
    let nothing = wait(&engine).await.unwrap().unwrap();
    assert_eq!((nothing.changes.len(), began.elapsed().as_secs()), (0, 70));
    let (aborted, cut, drained) = (wait(&engine), wait(&engine), wait(&engine));
    tokio::time::sleep(Duration::from_secs(1)).await;
    aborted.abort();
    assert!(aborted.await.is_err());
    assert_eq!(engine.connections(), 2);
    engine.revoke(&who("u1"), Timestamp::from_seconds(i64::from(u32::MAX))).await.unwrap();
    assert!(matches!(cut.await.unwrap(), Err(OpenError::Revoked)));
    assert!(matches!(drained.await.unwrap(), Err(OpenError::Revoked)));
    let drained = wait(&engine);
    tokio::time::sleep(Duration::from_secs(1)).await;
    engine.drain(Duration::from_secs(10));
    assert!(drained.await.unwrap().unwrap().changes.is_empty());
    assert_eq!(began.elapsed().as_secs(), 72);
}

#[tokio::test(start_paused = true)]
async fn users_of_one_name_in_two_tenants_never_meet() {
    let engine = builder().start();
    let other = Tenant::new("other").unwrap();
    let elsewhere = Recipient::new(other.clone(), UserId::new("u1").unwrap());
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    engine.publish(&other, &Draft::new("t", AudienceDraft::users(["u1"]))).await.unwrap();
    reader.silent(Duration::from_secs(60)).await;
    assert_eq!(engine.head(&elsewhere).await.unwrap().seq.0, 1);
}
