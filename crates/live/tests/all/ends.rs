//! SSE-RULES "Transport, HTTP/1.1": how connections end, and what of a stream is left then.

use crate::support::{Live, Wire, brief, kind};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_clean_end_sends_fin_after_the_last_byte() {
    let mut live = Live::default();
    let mut wire = live.stream().await;
    live.app.send("data: last\n\n");
    live.app.end_streams();
    assert!(wire.fin().await.ends_with("data: last\n\n"));
    live.all_closed().await;
    live.stop();
    live.ended().await;
}

#[tokio::test]
async fn a_peer_that_keeps_sending_gets_the_last_frame_all_the_same() {
    let live = Live::default();
    for _ in 0..20 {
        let mut wire = live.stream().await;
        wire.send(vec![b'g'; 100_000]).await;
        live.app.send(format!("data: {}\n\n", "x".repeat(50_000)));
        live.app.end_streams();
        wire.send(vec![b'g'; 100_000]).await;
        let text = wire.fin().await;
        assert!(text.ends_with("xxx\n\n") && text.len() > 50_000, "{}", text.len());
    }
    live.app.open(0).await;
}

#[tokio::test]
async fn a_peer_that_never_closes_is_left_after_the_linger() {
    let live = Live::start(brief(|options| options.linger = Duration::from_millis(200)));
    let mut wire = live.stream().await;
    live.app.end_streams();
    let dripping = tokio::spawn(async move {
        wire.fin().await;
        let ended = std::time::Instant::now();
        while wire.socket.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        ended.elapsed()
    });
    live.all_closed().await;
    let left = dripping.await.unwrap();
    assert!((Duration::from_millis(150)..Duration::from_secs(5)).contains(&left), "{left:?}");
}

#[tokio::test]
async fn pipelined_request_after_get_stream_is_never_answered() {
    let live = Live::default();
    let mut wire = live.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\nGET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await;
    wire.until("data: first\n\n").await;
    wire.send("GET /who HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000)).await;
    live.app.open(1).await;
    live.app.send("data: one\n\n");
    wire.until("data: one\n\n").await;
    assert_eq!(live.app.open_now(), 1);
    live.app.end_streams();
    let text = wire.fin().await;
    assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
    assert!(text.ends_with("data: first\n\ndata: one\n\n"), "{text}");
}

#[tokio::test]
async fn rst_in_the_middle_of_a_frame_frees_the_stream_at_once() {
    let live = Live::default();
    for _ in 0..20 {
        let wire = live.stream().await;
        live.app.open(1).await;
        live.app.send(format!("data: {}\n\n", "x".repeat(5_000_000)));
        wire.reset();
        live.app.open(0).await;
    }
    live.all_closed().await;
}

#[tokio::test]
async fn rst_and_fin_are_noticed_while_the_stream_is_idle() {
    let live = Live::default();
    let wire = live.stream().await;
    live.app.open(1).await;
    wire.reset();
    live.app.open(0).await;
    let wire = live.stream().await;
    live.app.open(1).await;
    drop(wire);
    live.app.open(0).await;
    live.all_closed().await;
}

#[tokio::test]
async fn rst_and_fin_are_noticed_behind_pipelined_bytes() {
    let live = Live::default();
    for garbage in [10, 5_000, 20_000, 1_000_000] {
        for reset in [false, true] {
            let mut wire = live.stream().await;
            live.app.open(1).await;
            wire.send(vec![b'g'; garbage]).await;
            if reset {
                wire.reset();
            } else {
                drop(wire);
            }
            live.app.open(0).await;
        }
    }
    live.all_closed().await;
}

#[tokio::test]
async fn rst_and_fin_are_noticed_behind_a_body_that_never_comes() {
    let live = Live::default();
    for reset in [false, true] {
        let mut wire = live.send("GET /stream HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nabc").await;
        wire.until("data: first").await;
        live.app.open(1).await;
        if reset {
            wire.reset();
        } else {
            drop(wire);
        }
        live.app.open(0).await;
    }
    live.all_closed().await;
}

#[tokio::test]
async fn client_half_close_ends_a_stream_and_a_long_poll_at_once() {
    let live = Live::default();
    for path in ["/stream", "/wait"] {
        let mut wire = live.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        live.app.open(1).await;
        wire.socket.shutdown().await.unwrap();
        live.app.open(0).await;
        _ = wire.end().await;
    }
    live.all_closed().await;
}

#[tokio::test]
async fn client_half_close_behind_pipelined_bytes_ends_a_stream_too() {
    let live = Live::default();
    let mut wire = live.stream().await;
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    wire.socket.shutdown().await.unwrap();
    live.app.open(0).await;
    live.all_closed().await;
}

#[tokio::test]
async fn whoever_half_closes_gets_the_answer_to_a_change() {
    let live = Live::default();
    let mut wire = live.send("POST /wait HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}").await;
    wire.socket.shutdown().await.unwrap();
    live.app.open(1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(live.app.open_now(), 1);
    live.app.let_go();
    assert!(wire.fin().await.ends_with("\r\n\r\ndone"));
    live.all_closed().await;
}

#[tokio::test]
async fn whoever_half_closes_gets_the_rest_of_a_large_answer() {
    let live = Live::default();
    let mut wire = Wire::narrow(live.address).await;
    wire.send("GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    wire.until("HTTP/1.1 200 OK").await;
    wire.socket.shutdown().await.unwrap();
    let text = wire.fin().await;
    assert_eq!(text.split_once("\r\n\r\n").unwrap().1.len(), 1 << 20);
    live.all_closed().await;
}

#[tokio::test]
async fn an_answer_to_a_body_that_nobody_read_is_whole() {
    let live = Live::default();
    let mut wire = Wire::narrow(live.address).await;
    wire.send("POST /large HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nabc").await;
    let mut text = String::new();
    while text.split_once("\r\n\r\n").is_none_or(|(_, body)| body.len() < 1 << 20) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(wire.read_some().await.unwrap() > 0, "the end after {} bytes", text.len());
        text = wire.text();
    }
    wire.fin().await;
}

#[tokio::test]
async fn a_stream_that_fails_does_not_look_as_if_it_had_ended() {
    let live = Live::default();
    let mut wire = live.send("GET /broken HTTP/1.1\r\nhost: a\r\n\r\n").await;
    wire.rst().await;
    let mut h2 = live.http2().await;
    let stream = h2.get("/broken").await;
    let end = h2.until("its end", |frame| frame.ends_stream() || frame.is(kind::RST_STREAM, stream)).await;
    assert_eq!(end.kind, kind::RST_STREAM);
}

#[tokio::test]
async fn a_handler_that_panics_takes_only_its_connection_along() {
    let live = Live::default();
    let mut stream = live.stream().await;
    let mut wire = live.send("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    _ = wire.end().await;
    live.connections(1).await;
    live.app.send("data: undisturbed\n\n");
    stream.until("undisturbed").await;
}

#[tokio::test]
async fn an_upgrade_that_nobody_wants_is_answered_and_closed_cleanly() {
    let live = Live::default();
    let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n";
    let mut wire = live.send(request.to_owned() + "garbage").await;
    assert!(wire.fin().await.ends_with("hello"));
    live.all_closed().await;
}
