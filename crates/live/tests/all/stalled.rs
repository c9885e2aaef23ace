//! Direct streams whose readers stall: what must not go on is cut off, and who reads slowly is told why its stream ends.

use crate::support::{Streams, Wire, brief, request, soon};
use campanile_core::{AudienceDraft, Cursor, Draft, Recipient, Seq, SseOptions, Tenant, UserId, store::InboxQuery};
use std::time::Duration;

fn who(user: &str) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(user).unwrap())
}

/// Opens a stream that is further behind than the two kernels take, and of which nothing is read: something waits for its reader.
async fn stalls(streams: &Streams, query: &str) -> Wire {
    let user = query.split(',').next().unwrap();
    let (filler, waiting) = ("x".repeat(4000), streams.stats.direct_backlog());
    for _ in 0..40 {
        let draft = Draft { body: Some(filler.clone()), ..Draft::new("t", AudienceDraft::users([user])) };
        streams.engine.publish(&Tenant::default(), &draft).await.unwrap();
    }
    let page = streams.engine.inbox(&who(user), InboxQuery { limit: 1, ..InboxQuery::default() }).await.unwrap();
    let beginning = Cursor { epoch: page.head.epoch, seq: Seq(0) };
    let mut wire = Wire::narrow(streams.address).await;
    wire.send(request(query).replacen("\r\n", &format!("\r\nlast-event-id: {beginning}\r\n"), 1)).await;
    soon("something that waits", async {
        while streams.stats.direct_backlog() < waiting + 16 * 1024 && ended(streams, "busy") == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    wire
}

/// How many streams have ended for this reason.
fn ended(streams: &Streams, reason: &'static str) -> u64 {
    streams.engine.metrics().ends.get_or_create(&[("reason", reason)]).get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_accepts_nothing_for_too_long_is_reset() {
    let options = brief(|options| options.write_timeout = Duration::from_millis(400));
    let streams = Streams::with(&SseOptions::default(), options);
    let mut stalled = stalls(&streams, "u").await;
    streams.streams(0).await;
    assert_eq!((streams.stats.write_timeouts(), streams.stats.direct_backlog()), (1, 0));
    stalled.rst().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_expires_while_its_reader_stalls_ends_without_another_event() {
    let streams = Streams::start(true);
    let mut stalled = stalls(&streams, "u,1500").await;
    streams.streams(0).await;
    stalled.rst().await;
    assert!(!stalled.text().contains("event: reconnect"));
    assert_eq!((ended(&streams, "expired"), ended(&streams, "closed")), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_shed_ends_without_another_event_and_is_counted_as_busy() {
    let sse = SseOptions { memory_budget_bytes: 8 * 1024, ..SseOptions::default() };
    let streams = Streams::with(&sse, brief(|_| ()));
    let mut stalled = stalls(&streams, "u").await;
    streams.streams(0).await;
    stalled.rst().await;
    assert!(!stalled.text().contains("event: reconnect"));
    assert_eq!((ended(&streams, "busy"), ended(&streams, "closed")), (1, 0));
    assert_eq!(streams.stats.direct_backlog(), 0);
}

/// Reads to the clean end, not all at once; answers the last event.
async fn last_event(mut slow: Wire) -> String {
    while slow.read_some().await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    slow.text().trim_end().rsplit("\n\n").next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_that_is_cut_is_told_so() {
    let streams = Streams::start(true);
    let slow = stalls(&streams, "u").await;
    streams.engine.cut_user(&who("u"));
    let last = last_event(slow).await;
    assert!(last.contains("event: reconnect\n") && last.contains(r#""reason":"evicted""#), "{last}");
    streams.streams(0).await;
    assert_eq!((ended(&streams, "evicted"), ended(&streams, "closed")), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_whose_stream_is_too_old_is_told_so() {
    let sse = SseOptions { max_lifetime: Some(Duration::from_millis(1500)), ..SseOptions::default() };
    let streams = Streams::with(&sse, brief(|_| ()));
    let slow = stalls(&streams, "u").await;
    tokio::time::sleep(Duration::from_millis(1900)).await;
    let last = last_event(slow).await;
    assert!(last.contains("event: reconnect\n") && last.contains(r#""reason":"lifetime""#), "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_readers_are_told_of_a_drain_and_those_who_read_nothing_do_not_hold_it_up() {
    let mut streams = Streams::start(true);
    let mut wires = Vec::new();
    for user in ["a", "b", "c", "d", "e"] {
        wires.push(stalls(&streams, user).await);
    }
    streams.engine.drain(Duration::from_secs(5));
    // Some of their moments have passed by now.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let mut stalled = wires.remove(0);
    for last in futures_util::future::join_all(wires.into_iter().map(last_event)).await {
        assert!(last.contains("event: reconnect\n") && last.contains(r#""reason":"draining""#), "{last}");
    }
    streams.streams(0).await;
    stalled.rst().await;
    assert!(stalled.age() < Duration::from_secs(20), "{:?}", stalled.age());
    assert_eq!((ended(&streams, "draining"), ended(&streams, "closed")), (5, 0));
    streams.stop().await;
}
