//! Whatever a server sends, only so much is held, and what is lost is told.

use campanile_sse::Limits;

use super::{GONE, Server, collect, source};

const SMALL: Limits = Limits { line: 100, event: 100, id: 10 };

#[tokio::test(start_paused = true)]
async fn an_event_too_large_is_told_and_the_stream_goes_on_behind_it() {
    let server = Server::start().await;
    let given = collect(source(&server).limits(SMALL));
    let long = "x".repeat(1000);
    let events =
        format!("id: 1\ndata: a\n\nid: 2\ndata: {long}\n\ndata: b\n\nid: {long}\ndata: c\n\n: {long}\ndata: d\n\n");
    server.stream(events).await;
    assert_eq!(server.answer(GONE).await.header("last-event-id"), Some("1"));
    let lost = "a line of the stream is longer than 100 bytes";
    assert_eq!(given.await.unwrap(), ["a", lost, "b", lost, "d"]);
}

#[tokio::test(start_paused = true)]
async fn an_id_too_long_loses_its_event_and_is_not_taken() {
    let server = Server::start().await;
    let given = collect(source(&server).limits(SMALL));
    server.stream("id: 12345678901\ndata: a\n\ndata: b\n\n").await;
    assert_eq!(server.answer(GONE).await.header("last-event-id"), None);
    assert_eq!(given.await.unwrap(), ["an event id of the stream is longer than 10 bytes", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_line_without_end_is_told_once_and_not_held() {
    let server = Server::start().await;
    let given = collect(source(&server).limits(SMALL));
    let mut request = server.request().await;
    request.open("data: ").await;
    for _ in 0..64 {
        request.send("x".repeat(64 * 1024)).await;
    }
    request.send("\n\ndata: b\n\n").await;
    drop(request);
    server.answer(GONE).await;
    assert_eq!(given.await.unwrap(), ["a line of the stream is longer than 100 bytes", "b"]);
}
