//! Other channels: whatever one of them does, it delays nobody, itself not for ever, and what became of a delivery is counted.

use crate::support::{Reader, builder};
use campanile_core::{
    AudienceDraft, BoxFuture, Definition, Definitions, Draft, Engine, EngineBuilder, EngineError, Severity,
    ShutdownOptions, Tenant, TypeName,
    channel::{Channel, ChannelOptions, DeliveryBatch, Outcome},
};
use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

fn types(channels: &[(&str, &[&str])]) -> Definitions {
    let define = |(name, channels): &(&str, &[&str])| {
        let channels = channels.iter().map(|c| (*c).to_owned()).collect();
        (TypeName::new(name).unwrap(), Definition { channels, severity: Severity::Warning, ..Definition::default() })
    };
    Definitions { types: channels.iter().map(define).collect::<HashMap<_, _>>(), ..Definitions::default() }
}

fn to<const N: usize>(type_name: &str, users: [&str; N]) -> Draft {
    Draft::new(type_name, AudienceDraft::users(users))
}

async fn publish(engine: &Engine, type_name: &str) {
    engine.publish(&Tenant::default(), &to(type_name, ["u1", "u2"])).await.unwrap();
}

fn deliveries(engine: &Engine, channel: &'static str, outcome: &'static str) -> u64 {
    engine.metrics().deliveries.get_or_create(&[("channel", channel.into()), ("outcome", outcome.into())]).get()
}

/// What a channel does when it is called for the nth time.
type Does = Box<dyn Fn(usize, &DeliveryBatch) -> BoxFuture<'static, Vec<Outcome>> + Send + Sync>;

/// A channel that does as it is told, and remembers when, and to whom.
struct Told {
    name: &'static str,
    does: Does,
    calls: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Channel for Told {
    fn name(&self) -> &str {
        self.name
    }

    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        let users: Vec<_> = batch.recipients.iter().map(|recipient| recipient.user.to_string()).collect();
        let nth = {
            let mut calls = self.calls.lock().unwrap();
            calls.push((Instant::now(), users.join(" ")));
            calls.len()
        };
        (self.does)(nth, batch)
    }
}

type Calls = Arc<Mutex<Vec<(Instant, String)>>>;

fn told(
    name: &'static str,
    does: impl Fn(usize, &DeliveryBatch) -> BoxFuture<'static, Vec<Outcome>> + Send + Sync + 'static,
) -> (Arc<dyn Channel>, Calls) {
    let calls = Calls::default();
    (Arc::new(Told { name, does: Box::new(does), calls: Arc::clone(&calls) }), calls)
}

fn all(outcome: &Outcome, batch: &DeliveryBatch) -> BoxFuture<'static, Vec<Outcome>> {
    let outcomes = vec![outcome.clone(); batch.recipients.len()];
    Box::pin(async move { outcomes })
}

fn delivered() -> Outcome {
    Outcome::Delivered { reached: 1 }
}

fn later(seconds: u64) -> Outcome {
    Outcome::Transient { retry_after: Duration::from_secs(seconds) }
}

fn with(channel: &(Arc<dyn Channel>, Calls), options: ChannelOptions) -> EngineBuilder {
    let types = types(&[("bill", &["inApp", "mail"]), ("note", &["inApp", "text"]), ("both", &["mail", "text"])]);
    builder().definitions(types).channel_with(Arc::clone(&channel.0), options)
}

fn users(calls: &Calls) -> Vec<String> {
    calls.lock().unwrap().iter().map(|(_, users)| users.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_channel_is_asked_again_after_the_time_it_named_and_only_for_whom_it_asked() {
    let mail = told("mail", |nth, batch| match nth {
        1 => Box::pin(async { vec![delivered(), later(60)] }),
        _ => all(&delivered(), batch),
    });
    let engine = with(&mail, ChannelOptions::default()).start();
    publish(&engine, "bill").await;
    sleep(59 * SECOND).await;
    assert_eq!((deliveries(&engine, "mail", "transient"), deliveries(&engine, "mail", "delivered")), (1, 1));
    sleep(2 * SECOND).await;
    assert_eq!(deliveries(&engine, "mail", "delivered"), 2);
    assert_eq!(users(&mail.1), ["u1 u2", "u2"]);
}

#[tokio::test(start_paused = true)]
async fn what_always_fails_is_given_up_after_the_last_attempt_with_growing_pauses() {
    let mail = told("mail", |_, batch| all(&later(0), batch));
    let engine = with(&mail, ChannelOptions { attempts: 4, ..ChannelOptions::default() }).start();
    publish(&engine, "bill").await;
    sleep(60 * SECOND).await;
    assert_eq!((deliveries(&engine, "mail", "transient"), deliveries(&engine, "mail", "given-up")), (8, 2));
    let times: Vec<_> = mail.1.lock().unwrap().iter().map(|(at, _)| *at).collect();
    let pauses: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    let within = pauses.iter().zip([1.0, 2.0, 4.0]).all(|(pause, most)| (most / 2.0..=most + 0.01).contains(pause));
    assert!(pauses.len() == 3 && within, "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_hangs_delays_no_stream_no_other_channel_and_itself_not_for_ever() {
    let mail = told("mail", |nth, batch| if nth <= 4 { Box::pin(pending()) } else { all(&delivered(), batch) });
    let text = told("text", |_, batch| all(&delivered(), batch));
    let engine = with(&mail, ChannelOptions::default()).channel(Arc::clone(&text.0)).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    let began = Instant::now();
    for _ in 0..8 {
        publish(&engine, "bill").await;
        reader.named("notification").await;
        publish(&engine, "note").await;
        reader.named("notification").await;
    }
    sleep(SECOND).await;
    assert_eq!(deliveries(&engine, "text", "delivered"), 16);
    assert_eq!(deliveries(&engine, "mail", "delivered"), 0, "all four workers hang");
    assert!(began.elapsed() < 2 * SECOND, "nobody waited: {:?}", began.elapsed());
    sleep(60 * SECOND).await;
    assert_eq!((deliveries(&engine, "mail", "timeout"), deliveries(&engine, "mail", "delivered")), (8, 16));
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_panics_before_or_within_its_answer_goes_on() {
    let mail = told("mail", |nth, batch| match nth {
        1 => panic!("at once"),
        2 => Box::pin(async { panic!("later") }),
        _ => all(&delivered(), batch),
    });
    let engine = with(&mail, ChannelOptions { workers: 1, ..ChannelOptions::default() }).start();
    for _ in 0..3 {
        publish(&engine, "bill").await;
    }
    sleep(SECOND).await;
    assert_eq!((deliveries(&engine, "mail", "panic"), deliveries(&engine, "mail", "delivered")), (4, 2));
}

#[tokio::test(start_paused = true)]
async fn a_retry_keeps_no_worker_from_the_next_batch() {
    let mail = told("mail", |nth, batch| if nth == 1 { all(&later(100), batch) } else { all(&delivered(), batch) });
    let engine = with(&mail, ChannelOptions { workers: 1, ..ChannelOptions::default() }).start();
    publish(&engine, "bill").await;
    publish(&engine, "bill").await;
    sleep(SECOND).await;
    assert_eq!(deliveries(&engine, "mail", "delivered"), 2, "the second publish");
    sleep(100 * SECOND).await;
    assert_eq!(deliveries(&engine, "mail", "delivered"), 4, "and then the first");
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_and_a_full_waiting_room_are_counted_and_delay_no_publish() {
    let options = ChannelOptions { queue: 2, workers: 1, ..ChannelOptions::default() };
    let stuck = told("mail", |_, _| Box::pin(pending()));
    let engine = with(&stuck, options.clone()).start();
    for _ in 0..10 {
        publish(&engine, "bill").await;
        sleep(SECOND / 1000).await;
    }
    // One is under way, one is held by whoever begins them, two wait.
    assert_eq!(deliveries(&engine, "mail", "overflow"), 2 * (10 - 4));
    let down = told("mail", |_, batch| all(&later(100), batch));
    let engine = with(&down, options).start();
    for _ in 0..5 {
        publish(&engine, "bill").await;
        sleep(SECOND).await;
    }
    assert_eq!((deliveries(&engine, "mail", "transient"), deliveries(&engine, "mail", "overflow")), (10, 2 * 3));
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_are_missing_or_too_many_are_faults_of_the_channel() {
    let mail = told("mail", |nth, _| Box::pin(async move { vec![delivered(); if nth == 1 { 1 } else { 3 }] }));
    let engine = with(&mail, ChannelOptions::default()).start();
    publish(&engine, "bill").await;
    sleep(SECOND).await;
    assert_eq!((deliveries(&engine, "mail", "delivered"), deliveries(&engine, "mail", "unanswered")), (1, 1));
    publish(&engine, "bill").await;
    sleep(SECOND).await;
    assert_eq!((deliveries(&engine, "mail", "delivered"), deliveries(&engine, "mail", "unanswered")), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_large_audience_comes_in_batches_begun_in_order() {
    let mail = told("mail", |_, batch| all(&Outcome::Skipped("no address".into()), batch));
    let engine = with(&mail, ChannelOptions { batch: 2, workers: 1, ..ChannelOptions::default() }).start();
    engine.publish(&Tenant::default(), &to("bill", ["a", "b", "c", "d", "e"])).await.unwrap();
    engine.publish(&Tenant::default(), &to("bill", ["f"])).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(users(&mail.1), ["a b", "c d", "e", "f"]);
    assert_eq!(deliveries(&engine, "mail", "skipped"), 6);
}

#[tokio::test(start_paused = true)]
async fn a_publish_whose_answer_nobody_waits_for_reaches_the_channels_too() {
    let mail = told("mail", |_, batch| all(&delivered(), batch));
    let engine = with(&mail, ChannelOptions::default()).start();
    let draft = to("bill", ["u1"]);
    let tenant = Tenant::default();
    let mut publish = Box::pin(engine.publish(&tenant, &draft));
    let waited = futures_util::future::poll_fn(|cx| std::task::Poll::Ready(publish.as_mut().poll(cx))).await;
    drop(publish);
    sleep(SECOND).await;
    let stored = engine.head(&crate::support::who("u1")).await.unwrap().seq.0;
    assert_eq!((stored, deliveries(&engine, "mail", "delivered")), (1, 1), "polled once: {waited:?}");
}

fn leaving(channels: Duration) -> ShutdownOptions {
    ShutdownOptions { channels, ..ShutdownOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_the_queue_and_tries_once_more_what_waits() {
    let mail = told("mail", |nth, batch| {
        let answer = all(&if nth == 1 { later(300) } else { delivered() }, batch);
        Box::pin(async {
            sleep(SECOND).await;
            answer.await
        })
    });
    let options = ChannelOptions { workers: 1, ..ChannelOptions::default() };
    let engine = with(&mail, options).shutdown_options(leaving(10 * SECOND)).start();
    for _ in 0..3 {
        publish(&engine, "bill").await;
    }
    sleep(SECOND + SECOND / 2).await;
    let began = Instant::now();
    engine.shutdown().await;
    assert_eq!((deliveries(&engine, "mail", "delivered"), deliveries(&engine, "mail", "abandoned")), (6, 0));
    assert!(began.elapsed() < 5 * SECOND, "it does not wait longer than there is work: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_so_long_and_counts_what_is_left() {
    let mail = told("mail", |_, _| Box::pin(pending()));
    let options = ChannelOptions { workers: 1, timeout: 3600 * SECOND, ..ChannelOptions::default() };
    let engine = with(&mail, options).shutdown_options(leaving(5 * SECOND)).start();
    for _ in 0..3 {
        publish(&engine, "bill").await;
    }
    let began = Instant::now();
    engine.shutdown().await;
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(deliveries(&engine, "mail", "abandoned"), 6);
    timeout(SECOND, engine.shutdown()).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(Arc::strong_count(&mail.0), 2, "what hung was dropped; the engine and the test have it");
}

#[tokio::test(start_paused = true)]
async fn what_is_down_at_the_end_is_tried_once_more_and_then_counted() {
    let mail = told("mail", |_, batch| all(&later(100), batch));
    let engine = with(&mail, ChannelOptions::default()).start();
    publish(&engine, "bill").await;
    sleep(SECOND).await;
    timeout(SECOND, engine.shutdown()).await.unwrap();
    assert_eq!((users(&mail.1).len(), deliveries(&engine, "mail", "abandoned")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn an_unregistered_channel_is_a_recorded_outcome_and_no_error() {
    let text = told("text", |_, batch| all(&delivered(), batch));
    let engine = builder().definitions(types(&[("both", &["mail", "text"])])).channel(Arc::clone(&text.0)).start();
    publish(&engine, "both").await;
    sleep(SECOND).await;
    assert_eq!((deliveries(&engine, "mail", "unregistered"), deliveries(&engine, "text", "delivered")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_type_with_sse_alone_is_live_without_an_id_and_not_stored() {
    let engine = builder().definitions(types(&[("tick", &["sse"])])).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    publish(&engine, "tick").await;
    let event = reader.next().await.unwrap();
    assert_eq!((event.name.as_str(), event.id), ("notification", None));
    assert_eq!(event.data["severity"], "warning", "the type's own");
    assert_eq!(engine.head(&crate::support::who("u1")).await.unwrap().seq.0, 0);
}

#[tokio::test(start_paused = true)]
async fn everyone_is_all_users_with_a_log_or_is_refused() {
    let mail = told("mail", |_, batch| all(&delivered(), batch));
    let types = types(&[
        ("stored", &["inApp", "mail"]),
        ("mailed", &["mail"]),
        ("both", &["sse", "mail"]),
        ("live", &["sse"]),
        ("none", &[]),
    ]);
    let engine = builder().definitions(types).channel(Arc::clone(&mail.0)).start();
    engine.publish(&Tenant::default(), &to("stored", ["u1", "u2"])).await.unwrap();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    let everyone = |type_name: &str| Draft::new(type_name, AudienceDraft::Everyone { except: Vec::new() });
    for type_name in ["mailed", "both"] {
        let refused = engine.publish(&Tenant::default(), &everyone(type_name)).await.unwrap_err();
        assert!(matches!(&refused, EngineError::Invalid(faults) if faults[0].pointer == "/to"), "{refused:?}");
    }
    for (type_name, recipients) in [("stored", 2), ("live", 1), ("none", 1)] {
        let receipt = engine.publish(&Tenant::default(), &everyone(type_name)).await.unwrap();
        assert_eq!(receipt.recipients, recipients, "{type_name}");
    }
    sleep(SECOND).await;
    assert_eq!(users(&mail.1), ["u1 u2", "u1 u2"]);
}
