//! The end of a server.

use crate::support::{Live, Wire, brief, kind};
use campanile_live::LiveOptions;
use std::time::Duration;

fn last_call(millis: u64) -> LiveOptions {
    brief(|options| options.last_call = Duration::from_millis(millis))
}

#[tokio::test]
async fn connections_that_ask_nothing_more_are_closed_after_the_last_call_and_nothing_is_accepted() {
    let mut live = Live::start(last_call(100));
    let mut idle = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.until("hello").await;
    let mut silent = live.connect().await;
    live.connections(2).await;
    live.stop();
    idle.fin().await;
    silent.fin().await;
    live.ended().await;
    assert!(tokio::net::TcpStream::connect(live.address).await.is_err());
    // What crosses the end on its way is no reason to reset the connection.
    for wire in [&mut idle, &mut silent] {
        wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    for wire in [&mut idle, &mut silent] {
        wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    }
    assert_eq!(live.stats.idle_closes(), 0);
}

#[tokio::test]
async fn an_idle_connection_may_make_its_last_request() {
    let mut live = Live::start(last_call(20_000));
    let mut wire = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(!wire.until("hello").await.contains("connection: close"));
    wire.forget();
    live.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!live.has_ended());
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let answer = wire.fin().await;
    assert!(answer.contains("connection: close") && answer.ends_with("hello"), "{answer}");
    live.ended().await;
}

/// Requests on connections that nobody has accepted yet: nothing else runs meanwhile.
fn queued(live: &Live) -> Vec<Wire> {
    let ask = |_| {
        let mut socket = std::net::TcpStream::connect(live.address).unwrap();
        std::io::Write::write_all(&mut socket, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        socket.set_nonblocking(true).unwrap();
        Wire::of(tokio::net::TcpStream::from_std(socket).unwrap())
    };
    (0..100).map(ask).collect()
}

#[tokio::test]
async fn whoever_waits_to_be_accepted_is_answered_before_the_socket_closes() {
    let mut live = Live::default();
    tokio::task::yield_now().await;
    let mut waiting = queued(&live);
    live.stop();
    live.ended().await;
    assert_eq!(live.stats.accepted(), 100);
    for wire in &mut waiting {
        assert!(wire.fin().await.ends_with("hello"));
    }
}

#[tokio::test]
async fn whoever_waits_at_a_shared_socket_is_left_to_the_next() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let start = |shared_sockets| {
        let listener = listener.try_clone().unwrap();
        listener.set_nonblocking(true).unwrap();
        let options = brief(|options| options.shared_sockets = shared_sockets);
        Live::start_on(tokio::net::TcpListener::from_std(listener).unwrap(), options)
    };
    let mut first = start(true);
    first.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.fin().await;
    let mut waiting = queued(&first);
    first.stop();
    first.ended().await;
    assert_eq!(first.stats.accepted(), 1);
    let next = start(false);
    for wire in &mut waiting {
        wire.until("hello").await;
    }
    assert_eq!(next.stats.accepted(), 100);
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
