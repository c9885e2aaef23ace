//! The stream without an engine: everything that `campanile-sse` promises of it.

use crate::process::Example;
use campanile_testkit::{End, Request, SseReader};

async fn start() -> Example {
    Example::start(env!("CARGO_BIN_EXE_typed_stream")).await
}

async fn append(example: &Example, lines: &[&str]) {
    for line in lines {
        assert_eq!(example.send(Request::post("/lines").body("text/plain", line)).await.status(), 204);
    }
}

/// The next lines, heartbeats aside: id and text.
async fn lines(stream: &mut SseReader, count: usize) -> Vec<(String, String)> {
    let mut read = Vec::new();
    while read.len() < count {
        let event = stream.until("line").await;
        read.push((event.id.clone().unwrap(), event.json()["text"].as_str().unwrap().to_owned()));
    }
    read
}

fn numbered(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
}

#[tokio::test]
async fn lines_come_in_order_and_a_reader_goes_on_where_it_stopped() {
    let example = start().await;
    append(&example, &["one", "two"]).await;
    let mut stream = example.open(Request::get("/lines")).await;
    assert_eq!(stream.head().get("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(lines(&mut stream, 2).await, numbered(&[("1", "one"), ("2", "two")]));
    append(&example, &["three\nid: 9"]).await;
    assert_eq!(lines(&mut stream, 1).await, numbered(&[("3", "three\nid: 9")]));
    drop(stream);

    append(&example, &["four"]).await;
    for position in [Request::get("/lines").field("Last-Event-ID", "2"), Request::get("/lines?lastEventId=2")] {
        let mut stream = example.open(position).await;
        assert_eq!(lines(&mut stream, 2).await, numbered(&[("3", "three\nid: 9"), ("4", "four")]));
    }
}

#[tokio::test]
async fn a_reader_with_an_id_that_was_never_sent_begins_at_the_beginning() {
    let example = start().await;
    append(&example, &["one", "two"]).await;
    for id in ["from-elsewhere", "99", "3", "-1", "18446744073709551616"] {
        let mut stream = example.open(Request::get("/lines").field("Last-Event-ID", id)).await;
        assert_eq!(lines(&mut stream, 2).await, numbered(&[("1", "one"), ("2", "two")]), "{id}");
    }
    let mut stream = example.open(Request::get("/lines").field("Last-Event-ID", "2")).await;
    append(&example, &["three"]).await;
    assert_eq!(lines(&mut stream, 1).await, numbered(&[("3", "three")]), "the last one that was sent is known");
}

#[tokio::test]
async fn silence_is_filled_with_heartbeats_that_a_page_can_hear() {
    let example = start().await;
    let mut stream = example.open(Request::get("/lines")).await;
    for _ in 0..2 {
        assert_eq!(stream.event().await.raw, b"event: __heartbeat__\ndata:\n\n");
    }
}

#[tokio::test]
async fn an_interrupt_ends_the_streams_and_then_the_process() {
    let example = start().await;
    append(&example, &["one"]).await;
    let mut stream = example.open(Request::get("/lines")).await;
    lines(&mut stream, 1).await;
    example.interrupt();
    assert!(matches!(stream.to_end().await, End::Clean), "the stream ends between two events");
    assert!(example.ended().await);
}
