//! Which answers are the stream, which are tried again, and which are the end.

use campanile_sse::client::{EventSource, EventSourceError};

use super::{GONE, Server, collect, http, source};

#[tokio::test(start_paused = true)]
async fn no_content_is_the_end_for_good_and_no_error() {
    let server = Server::start().await;
    let given = collect(source(&server));
    server.answer(GONE).await;
    assert!(given.await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again() {
    for status in [408, 425, 429, 500, 502, 503, 504, 507, 520, 599] {
        let server = Server::start().await;
        let given = collect(source(&server));
        server.status(status, "").await;
        server.stream("data: x\n\n").await;
        server.answer(GONE).await;
        assert_eq!(given.await.unwrap(), ["x"], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_the_end_with_its_status() {
    for status in [201, 202, 205, 206, 300, 304, 305, 400, 401, 403, 404, 405, 406, 410, 421, 451, 501, 505] {
        let server = Server::start().await;
        let given = collect(source(&server));
        server.status(status, "content-type: text/event-stream\r\n").await;
        let expected = format!("the server refuses the stream with status {status}");
        assert_eq!(given.await.unwrap(), [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_event_stream_is_read() {
    for (lines, is_stream) in [
        ("content-type: text/event-stream\r\n", true),
        ("Content-Type: TEXT/Event-Stream;\r\n", true),
        ("content-type: text/event-stream; charset=utf-8\r\n", true),
        ("content-type: text/event-stream ; charset=foo\r\n", true),
        ("content-type: text/event-stream-x\r\n", false),
        ("content-type: text/html\r\n", false),
        ("", false),
    ] {
        let server = Server::start().await;
        let given = collect(source(&server));
        server.answer(format!("HTTP/1.1 200 OK\r\n{lines}connection: close\r\n\r\ndata: x\n\n")).await;
        if is_stream {
            server.answer(GONE).await;
            assert_eq!(given.await.unwrap(), ["x"], "{lines}");
        } else {
            assert!(given.await.unwrap()[0].ends_with("is not an event stream"), "{lines}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_out_for_whole_answers_does_not_end_a_stream() {
    let _ = http();
    let hurried = reqwest::Client::builder().timeout(super::secs(5)).build().unwrap();
    let server = Server::start().await;
    let given = collect(EventSource::builder(hurried.get(server.url("/"))).read_timeout(None));
    let mut request = server.request().await;
    request.open("").await;
    tokio::time::sleep(super::secs(60)).await;
    request.send("data: late\n\n").await;
    drop(request);
    server.answer(GONE).await;
    assert_eq!(given.await.unwrap(), ["late"]);
}

#[tokio::test]
async fn an_address_of_another_kind_is_the_end_and_is_not_told() {
    let mut events = EventSource::builder(http().get("ftp://127.0.0.1/?ticket=secret")).open().unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert!(matches!(error, EventSourceError::Request(_)), "{error:?}");
    assert!(!format!("{error:?} {}", super::chain(&error)).contains("secret"));
    assert!(events.next().await.is_none());
}
