//! What the handler written by hand loses, and what Campanile does not.

use crate::process::Example;
use campanile_testkit::{Event, Request, SseReader};

async fn ship(example: &Example, order: u32) {
    assert_eq!(example.submit("/ship", &format!("user=alice&order={order}"), None).await.status(), 204);
    assert_eq!(example.submit("/ship", &format!("user=bob&order={}", order + 1_000), None).await.status(), 204);
}

/// Opens alice's stream, as a browser does that has seen this event last.
async fn open(example: &Example, path: &str, last: Option<&Event>) -> SseReader {
    let request = Request::get(path).field("X-Forwarded-User", "alice");
    let position = last.and_then(|event| event.id.as_deref());
    example.open(position.into_iter().fold(request, |request, id| request.field("Last-Event-ID", id))).await
}

fn order_before(event: &Event) -> u64 {
    event.json()["order"].as_u64().unwrap()
}

fn order_after(event: &Event) -> u64 {
    event.json()["data"]["order"].as_u64().unwrap()
}

#[tokio::test]
async fn what_happens_while_a_reader_is_away_is_lost_before_and_kept_after() {
    let example = Example::start(env!("CARGO_BIN_EXE_migrate")).await;
    let (mut before, mut after) = (open(&example, "/before", None).await, open(&example, "/after/stream", None).await);
    after.ready().await;
    ship(&example, 1).await;
    let (seen_before, seen_after) = (before.until("shipped").await, after.until("notification").await);
    assert_eq!((order_before(&seen_before), order_after(&seen_after)), (1, 1), "while connected, both work");
    drop((before, after));

    ship(&example, 2).await;
    let mut before = open(&example, "/before", Some(&seen_before)).await;
    let mut after = open(&example, "/after/stream", Some(&seen_after)).await;
    assert_eq!(after.ready().await.resume, "exact");
    ship(&example, 3).await;
    assert_eq!(order_before(&before.until("shipped").await), 3, "order 2 never arrives, and nobody is told");
    assert_eq!(order_after(&after.until("notification").await), 2);
    assert_eq!(order_after(&after.until("notification").await), 3);
}

#[tokio::test]
async fn neither_shows_a_stranger_anything() {
    let example = Example::start(env!("CARGO_BIN_EXE_migrate")).await;
    for path in ["/before", "/after/stream", "/after"] {
        assert_eq!(example.get(path).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn an_interrupt_tells_streams_to_come_back() {
    let example = Example::start(env!("CARGO_BIN_EXE_migrate")).await;
    let mut stream = open(&example, "/after/stream", None).await;
    stream.ready().await;
    example.leaves(stream).await;
}
