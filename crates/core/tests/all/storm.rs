//! Many streams that come back at once: who stands at one place shares one read, and many users share one look into the store.

use crate::support::{Reader, builder, publish};
use campanile_core::{Engine, SseOptions};
use futures_util::future::{FutureExt, join_all};
use std::time::Duration;
use tokio::task::unconstrained;

fn engine() -> Engine {
    engine_with(&SseOptions::default())
}

fn engine_with(sse: &SseOptions) -> Engine {
    builder().sse(SseOptions { max_connections_per_user: 100, ..sse.clone() }).start()
}

/// A place before all of what is published to a user.
async fn beginning(engine: &Engine, user: &str) -> String {
    let mut reader = Reader::open(engine, user, None).await;
    reader.named("ready").await;
    reader.last_id
}

/// Opens streams at their places; each has been greeted, and has read nothing more.
async fn come_back<'a>(engine: &Engine, places: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Reader> {
    let mut readers = Vec::new();
    for (user, place) in places {
        let mut reader = Reader::open(engine, user, Some(place)).await;
        assert_eq!(reader.named("ready").await.data["resume"], "exact");
        readers.push(reader);
    }
    readers
}

/// What each of them is behind, asked for in one moment.
async fn titles(readers: &mut [Reader], behind: usize) -> Vec<Vec<String>> {
    join_all(readers.iter_mut().map(|reader| reader.titles(behind))).await
}

#[tokio::test(start_paused = true)]
async fn a_hundred_streams_of_one_user_at_one_place_are_one_read() {
    let engine = engine();
    let place = beginning(&engine, "u").await;
    for title in ["1", "2", "3"] {
        publish(&engine, &["u"], title).await;
    }
    let mut readers = come_back(&engine, (0..100).map(|_| ("u", &*place))).await;
    let titles = titles(&mut readers, 3).await;
    assert!(titles.iter().all(|titles| *titles == ["1", "2", "3"]));
    let refills = engine.metrics().refills.get_or_create(&[("outcome", "read")]).get();
    assert_eq!((refills, engine.metrics().refill_reads.get()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn streams_of_one_user_at_different_places_have_reads_of_their_own() {
    let engine = engine();
    let mut places = vec![beginning(&engine, "u").await];
    for title in ["1", "2", "3"] {
        publish(&engine, &["u"], title).await;
        places.push(places[0].replace("-0", &format!("-{title}")));
    }
    let mut readers = come_back(&engine, places.iter().map(|place| ("u", &**place))).await;
    for (from, reader) in readers.iter_mut().enumerate().take(3) {
        let rest: Vec<_> = (from + 1..=3).map(|n| n.to_string()).collect();
        assert_eq!(reader.titles(rest.len()).await, rest);
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_users_who_come_back_at_once_are_some_twenty_reads() {
    let engine = engine();
    let users: Vec<_> = (0..1000).map(|n| format!("u{n}")).collect();
    let mut places = Vec::new();
    for user in &users {
        places.push(beginning(&engine, user).await);
    }
    let all: Vec<_> = users.iter().map(String::as_str).collect();
    for n in 0..10 {
        publish(&engine, &all, &n.to_string()).await;
    }
    let mut readers = come_back(&engine, users.iter().zip(&places).map(|(user, place)| (&**user, &**place))).await;
    let expected: Vec<_> = (0..10).map(|n| n.to_string()).collect();
    assert!(titles(&mut readers, 10).await.iter().all(|titles| *titles == expected));
    let reads = engine.metrics().refill_reads.get();
    assert!((16..=32).contains(&reads), "{reads} reads for 1000 users, 64 of them in one");
}

#[tokio::test(start_paused = true)]
async fn who_goes_while_others_wait_takes_no_read_with_it() {
    let engine = engine();
    let place = beginning(&engine, "u").await;
    publish(&engine, &["u"], "1").await;
    let mut readers = come_back(&engine, (0..3).map(|_| ("u", &*place))).await;
    // The first begins the read, the others join it, and the first goes.
    let mut polled: Vec<_> = readers.iter_mut().map(|reader| Box::pin(reader.titles(1))).collect();
    for waiting in &mut polled {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    drop(polled.remove(0));
    for waiting in polled {
        assert_eq!(waiting.await, ["1"]);
    }
    assert_eq!(engine.metrics().refill_reads.get(), 1);
}

/// Readers of as many users, each `behind` by what it waits for and asks for by its first poll.
async fn all_behind(engine: &Engine, users: usize, behind: usize) -> Vec<Reader> {
    let users: Vec<_> = (0..users).map(|n| format!("u{n}")).collect();
    let mut places = Vec::new();
    for user in &users {
        places.push(beginning(engine, user).await);
    }
    let all: Vec<_> = users.iter().map(String::as_str).collect();
    for n in 0..behind {
        publish(engine, &all, &n.to_string()).await;
    }
    let mut readers = come_back(engine, users.iter().zip(&places).map(|(user, place)| (&**user, &**place))).await;
    for reader in &mut readers {
        // All of them in one turn of this task.
        assert!(unconstrained(reader.next()).now_or_never().is_none());
    }
    readers
}

#[tokio::test(start_paused = true)]
async fn what_was_read_counts_as_held_until_it_is_written() {
    let engine = engine();
    let mut readers = all_behind(&engine, 100, 10).await;
    let before = engine.metrics().held_bytes.get();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(engine.metrics().refill_reads.get(), 2);
    let held = engine.metrics().held_bytes.get() - before;
    assert!(held > 100 * 10 * 200, "{held} bytes of a thousand notifications");
    readers.truncate(50);
    assert_eq!(engine.metrics().held_bytes.get() - before, held / 2);
    assert!(titles(&mut readers, 10).await.iter().all(|titles| titles.len() == 10));
    drop(readers);
    assert_eq!(engine.metrics().held_bytes.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn while_too_much_is_held_reading_goes_on_but_slowly() {
    let engine = engine_with(&SseOptions { memory_budget_bytes: 4096, max_refills: 2, ..SseOptions::default() });
    let mut readers = all_behind(&engine, 640, 10).await;
    let reads = || engine.metrics().refill_reads.get();
    tokio::time::sleep(Duration::from_millis(99)).await;
    assert!(reads() <= 2, "{} reads at once", reads());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!((3..=6).contains(&reads()), "{} reads after a while, though nobody takes what was read", reads());
    assert!(titles(&mut readers, 10).await.iter().all(|titles| titles.len() == 10));
}
