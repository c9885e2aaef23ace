//! SSE-RULES "Transport, HTTP/1.1": slow bodies.

use crate::support::{H2, Live, brief, flags, kind};
use std::time::Duration;

fn impatient() -> Live {
    Live::start(brief(|options| options.body_timeout = Duration::from_millis(150)))
}

#[tokio::test]
async fn slow_body_is_408_and_the_connection_ends() {
    let live = impatient();
    for framing in ["content-length: 1000000\r\n\r\nabc", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"] {
        let mut wire = live.send(format!("POST /echo HTTP/1.1\r\nhost: a\r\n{framing}")).await;
        let answer = wire.fin().await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.ends_with("too slow"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(wire.age() >= Duration::from_millis(150));
    }
    assert_eq!(live.stats.body_timeouts(), 2);
    live.all_closed().await;
}

#[tokio::test]
async fn slow_body_trickling_does_not_buy_time() {
    let live = impatient();
    let wire = live.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n").await;
    let (mut reader, mut writer) = wire.socket.into_split();
    let trickling = tokio::spawn(async move {
        while tokio::io::AsyncWriteExt::write_all(&mut writer, b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = [0; 13];
    tokio::io::AsyncReadExt::read_exact(&mut reader, &mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408 ");
    assert!(wire.since.elapsed() < Duration::from_secs(5));
    trickling.abort();
}

#[tokio::test]
async fn slow_body_over_http2_is_408_and_the_others_go_on() {
    let live = impatient();
    let mut h2 = live.http2().await;
    let stream = h2.stream().await;
    let slow = h2.request("POST", "/echo", flags::NONE).await;
    h2.send(kind::DATA, flags::NONE, slow, b"abc").await;
    h2.data(slow, "too slow").await;
    live.app.send("data: next\n\n");
    h2.data(stream, "next").await;
    assert_eq!(live.stats.body_timeouts(), 1);
}

#[tokio::test]
async fn a_body_in_time_is_read_and_the_connection_goes_on() {
    let live = impatient();
    let mut wire = live.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc").await;
    wire.send("def").await;
    wire.until("\r\n\r\n6").await;
    wire.forget();
    wire.send("POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n").await;
    wire.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    wire.send("abc").await;
    assert!(wire.until("\r\n\r\n3").await.contains("HTTP/1.1 200 OK"));
    let mut h2: H2 = live.http2().await;
    let stream = h2.request("POST", "/echo", flags::NONE).await;
    h2.send(kind::DATA, flags::END_STREAM, stream, b"abcd").await;
    h2.data(stream, "4").await;
}

#[tokio::test]
async fn an_unwanted_body_does_not_destroy_the_answer() {
    let live = Live::default();
    let mut wire = live.send("POST /ignore HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n").await;
    let (mut reader, mut writer) = tokio::io::split(wire.socket);
    let sending = tokio::spawn(async move {
        for _ in 0..30 {
            tokio::io::AsyncWriteExt::write_all(&mut writer, &[b'x'; 100_000]).await?;
        }
        std::io::Result::Ok(())
    });
    tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut wire.read).await.unwrap();
    let answer = String::from_utf8(wire.read).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    sending.await.unwrap().unwrap();
}
