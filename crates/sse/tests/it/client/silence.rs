//! A server that says nothing.

use tokio::time::Instant;

use super::{Log, Server, frozen, secs, source};

/// When a source with a read time-out of 90 s first loses its connection, if the server says `first` to its request.
async fn lost_after(first: &str) -> (u64, Vec<String>) {
    let server = Server::start().await;
    let (log, clock, start) = (Log::default(), frozen(), Instant::now());
    let (lost, told) = tokio::sync::oneshot::channel();
    let mut lost = Some(lost);
    let noted = log.clone();
    let builder = source(&server).read_timeout(Some(secs(90))).on_connection(move |connection| {
        noted.note(&connection);
        if noted.lines().last().is_some_and(|line| line != "open") {
            lost.take().map(|lost| lost.send(start.elapsed()));
        }
    });
    let mut events = builder.open().unwrap();
    let client = tokio::spawn(async move { events.next().await.is_some() });
    let mut request = server.request().await;
    request.send(first).await;
    if first.contains("200") {
        while log.lines().is_empty() {
            tokio::task::yield_now().await;
        }
    }
    drop(clock);
    let after = told.await.unwrap();
    client.abort();
    (after.as_secs(), log.lines())
}

#[tokio::test(start_paused = true)]
async fn silence_instead_of_an_answer_is_no_connection() {
    assert_eq!(lost_after("").await, (90, vec!["not a byte for 90s".to_owned()]));
    assert_eq!(lost_after("HTTP/1.1 2").await, (90, vec!["not a byte for 90s".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn silence_on_an_open_stream_is_no_connection() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    assert_eq!(lost_after(head).await, (90, vec!["open".to_owned(), "not a byte for 90s".to_owned()]));
}
