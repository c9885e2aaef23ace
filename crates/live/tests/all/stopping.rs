//! The end of a server.

use crate::support::{Live, brief, kind};
use std::time::Duration;

#[tokio::test]
async fn idle_connections_close_at_once_and_nothing_is_accepted() {
    let mut live = Live::start(brief(|options| options.linger = Duration::from_millis(100)));
    let mut idle = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.until("hello").await;
    let mut silent = live.connect().await;
    live.connections(2).await;
    live.stop();
    idle.fin().await;
    silent.fin().await;
    live.ended().await;
    assert!(tokio::net::TcpStream::connect(live.address).await.is_err());
}

#[tokio::test]
async fn requests_under_way_are_answered_and_say_that_they_are_the_last() {
    let mut live = Live::default();
    let mut waiting = live.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut stream = live.stream().await;
    live.app.open(2).await;
    live.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!live.has_ended());
    live.app.send("data: still here\n\n");
    stream.until("still here").await;
    live.app.let_go();
    let answer = waiting.fin().await;
    assert!(answer.contains("connection: close") && answer.ends_with("done"), "{answer}");
    assert!(!live.has_ended());
    live.app.end_streams();
    stream.fin().await;
    live.ended().await;
}

#[tokio::test]
async fn a_head_that_has_begun_is_still_answered() {
    let mut live = Live::default();
    let mut wire = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HT").await;
    wire.until("hello").await;
    wire.forget();
    let mut fresh = live.send("GET / HTTP/1.1\r\nho").await;
    live.connections(2).await;
    // The bytes are there as soon as the server has read them; one more exchange on another connection takes longer.
    live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.until("hello").await;
    live.stop();
    tokio::time::sleep(Duration::from_millis(20)).await;
    fresh.send("st: a\r\n\r\n").await;
    let answer = fresh.fin().await;
    assert!(answer.contains("connection: close") && answer.ends_with("hello"), "{answer}");
    live.ended().await;
}

#[tokio::test]
async fn whoever_has_just_connected_may_still_ask() {
    let mut live = Live::default();
    let mut fresh = live.connect().await;
    live.connections(1).await;
    live.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    fresh.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let answer = fresh.fin().await;
    assert!(answer.contains("connection: close") && answer.ends_with("hello"), "{answer}");
    live.ended().await;
}

#[tokio::test]
async fn a_peer_that_has_everything_and_does_not_close_is_not_waited_for() {
    let mut live = Live::default();
    let mut stream = live.stream().await;
    live.app.open(1).await;
    live.stop();
    live.app.end_streams();
    live.ended().await;
    assert_eq!(live.stats.open(), 1);
    stream.fin().await;
    drop(stream);
    live.all_closed().await;
}

#[tokio::test]
async fn http2_goaway_and_then_the_streams_end() {
    let mut live = Live::default();
    let mut h2 = live.http2().await;
    let stream = h2.stream().await;
    live.stop();
    let goaway = h2.until("GOAWAY", |frame| frame.kind == kind::GOAWAY).await;
    assert_eq!(goaway.error(), 0);
    live.app.send("data: still here\n\n");
    h2.data(stream, "still here").await;
    live.app.end_streams();
    h2.until("END_STREAM", |frame| frame.stream == stream && frame.ends_stream()).await;
    assert_eq!(h2.goaway().await, None);
    live.ended().await;
}

#[tokio::test]
async fn dropping_the_future_closes_everything_at_once() {
    let live = Live::default();
    let mut waiting = live.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut stream = live.stream().await;
    let mut h2 = live.http2().await;
    h2.stream().await;
    live.app.open(3).await;
    live.abort();
    live.app.open(0).await;
    live.all_closed().await;
    _ = waiting.end().await;
    _ = stream.end().await;
    while h2.next_frame().await.is_some() {}
    assert!(tokio::net::TcpStream::connect(live.address).await.is_err());
}

#[tokio::test]
async fn hundreds_of_streams_end_together() {
    let mut live = Live::default();
    let mut streams = Vec::new();
    for _ in 0..300 {
        streams.push(live.stream().await);
    }
    live.app.open(300).await;
    live.stop();
    live.app.send("event: reconnect\n\n");
    live.app.end_streams();
    for stream in &mut streams {
        assert!(stream.fin().await.ends_with("event: reconnect\n\n"));
    }
    live.ended().await;
}

#[tokio::test]
async fn there_must_be_something_to_listen_on() {
    let server = campanile_live::Server::new(campanile_live::LiveOptions::default());
    let error = server.serve([], axum::Router::new(), std::future::pending()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
