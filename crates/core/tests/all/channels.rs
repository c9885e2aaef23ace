//! Other channels: none of them delays a stream, and what became of a delivery is counted.

use crate::support::{Reader, builder};
use campanile_core::{
    AudienceDraft, Definition, Definitions, Draft, Engine, Severity, Tenant, TypeName,
    channel::{Channel, DeliveryBatch, Outcome},
};
use futures_util::future::BoxFuture;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

fn types(channels: &[(&str, &[&str])]) -> Definitions {
    let define = |(name, channels): &(&str, &[&str])| {
        let channels = channels.iter().map(|c| (*c).to_owned()).collect();
        (TypeName::new(name).unwrap(), Definition { channels, severity: Severity::Warning, ..Definition::default() })
    };
    Definitions { types: channels.iter().map(define).collect::<HashMap<_, _>>(), ..Definitions::default() }
}

async fn publish(engine: &Engine, type_name: &str) {
    engine.publish(&Tenant::default(), &Draft::new(type_name, AudienceDraft::users(["u1", "u2"]))).await.unwrap();
}

fn deliveries(engine: &Engine, outcome: &'static str) -> u64 {
    engine.metrics().deliveries.get_or_create(&[("outcome", outcome)]).get()
}

/// Answers "later" to the first call, then delivers; or never answers.
#[derive(Default)]
struct Mail {
    calls: AtomicUsize,
    hangs: bool,
}

impl Channel for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(async move {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            let later = Outcome::Transient { retry_after: Duration::from_secs(60) };
            let first = self.calls.fetch_add(1, Ordering::SeqCst) == 0;
            let outcome = if first { later } else { Outcome::Delivered { reached: 1 } };
            batch.recipients.iter().map(|_| outcome.clone()).collect()
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_is_asked_again_after_the_time_it_named() {
    let engine =
        builder().definitions(types(&[("bill", &["inApp", "mail"])])).channel(Arc::new(Mail::default())).start();
    publish(&engine, "bill").await;
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!((deliveries(&engine, "transient"), deliveries(&engine, "delivered")), (2, 0));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(deliveries(&engine, "delivered"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_hangs_delays_no_stream_and_its_overflow_is_counted() {
    let mail = Mail { hangs: true, ..Mail::default() };
    let engine = builder().definitions(types(&[("bill", &["inApp", "mail"])])).channel(Arc::new(mail)).start();
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    for _ in 0..1100 {
        publish(&engine, "bill").await;
        reader.named("notification").await;
    }
    assert!(deliveries(&engine, "overflow") > 0);
}

#[tokio::test(start_paused = true)]
async fn an_unregistered_channel_is_a_recorded_outcome_and_no_error() {
    let engine = builder().definitions(types(&[("bill", &["inApp", "pigeon"])])).start();
    publish(&engine, "bill").await;
    assert_eq!(deliveries(&engine, "unregistered"), 2);
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
