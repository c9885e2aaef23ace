//! When the next attempt is made.

use std::time::Duration;

use campanile_sse::client::Backoff;

use super::{GONE, Log, Server, collect, secs, source};

/// Jitter as wide as the base allows, so that a test sees what is waited for without it.
fn without_jitter() -> Backoff {
    Backoff { max: Duration::ZERO, ..Backoff::default() }
}

#[tokio::test(start_paused = true)]
async fn the_servers_retry_is_waited_for_and_stays_in_force() {
    let server = Server::start().await;
    let given = collect(source(&server).backoff(without_jitter()));
    server.stream("retry: 7000\n").await;
    let second = server.stream("data: x\n\n").await;
    let third = server.answer(GONE).await;
    assert_eq!((second.at.as_secs(), third.at.as_secs()), (7, 14));
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_nothing_does_not_make_it_hammer() {
    let server = Server::start().await;
    let given = collect(source(&server).backoff(without_jitter()));
    server.stream("retry: 0\n").await;
    for attempt in 1..=3 {
        assert_eq!(server.stream("").await.at.as_millis() / 500, attempt);
    }
    server.answer(GONE).await;
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed_in_both_forms() {
    let server = Server::start().await;
    let given = collect(source(&server).backoff(without_jitter()));
    server.status(503, "retry-after: 20\r\n").await;
    let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
    let second = server.status(429, date).await;
    let third = server.answer(GONE).await;
    assert_eq!((second.at.as_secs(), third.at.as_secs()), (20, 80));
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn attempts_in_vain_wait_longer_and_longer_and_a_byte_starts_again() {
    let server = Server::start().await;
    let given = collect(source(&server).backoff(Backoff { max: secs(3600), ..Backoff::default() }));
    let mut last = server.status(503, "").await.at;
    let mut longest = Duration::ZERO;
    for _ in 0..12 {
        // An open stream that says nothing is in vain too.
        let at = server.stream("").await.at;
        longest = longest.max(at - last);
        last = at;
    }
    assert!(longest > secs(60), "of twelve waits, each drawn from twice as much, the longest was {longest:?}");
    let alive = server.stream(":").await.at;
    assert!(server.answer(GONE).await.at - alive <= secs(1));
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waits_differ_from_one_to_the_next() {
    let server = Server::start().await;
    let given = collect(source(&server));
    let mut at = Vec::new();
    for _ in 0..8 {
        at.push(server.stream(":").await.at);
    }
    server.answer(GONE).await;
    let waits: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.iter().all(|wait| *wait <= secs(1)), "{waits:?}");
    assert!(waits.windows(2).any(|pair| pair[0] != pair[1]), "{waits:?}");
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_after_as_many_attempts_as_it_may_make() {
    let server = Server::start().await;
    let log = Log::default();
    let given = collect(log.listen(source(&server)).backoff(Backoff { attempts: Some(2), ..Backoff::default() }));
    server.status(503, "").await;
    server.stream("data: x\n\n").await;
    server.status(502, "").await;
    server.status(503, "").await;
    let gave_up = "no stream after 2 attempts: the server answers with status 503";
    assert_eq!(given.await.unwrap(), ["x", gave_up]);
    let told =
        ["the server answers with status 503", "open", "the stream has ended", "the server answers with status 502"];
    assert_eq!(log.lines(), told);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_or_breaks_off_is_asked_again() {
    let server = Server::start().await;
    let log = Log::default();
    let given = collect(log.listen(source(&server)));
    server.answer("").await;
    server.answer("HTTP/1.1 200 OK\r\ncontent-type: text/event-str").await;
    server.answer("nonsense\r\n\r\n").await;
    let broken = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n5\r\nda";
    server.answer(broken).await;
    server.answer(GONE).await;
    assert_eq!(given.await.unwrap(), ["x"]);
    let failed = "the connection failed";
    assert_eq!(log.lines(), [failed, failed, failed, "open", failed]);
}
