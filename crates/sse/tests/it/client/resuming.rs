//! Going on where the stream broke off.

use campanile_sse::client::{EventSource, RequestError};

use super::{GONE, Server, collect, http, source};

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_behind_the_last_whole_event() {
    let server = Server::start().await;
    let given = collect(source(&server));
    let first = server.stream("id: a-1\ndata: one\n\nid: a-2\ndata: two\n\nid: a-3\ndata: thr").await;
    let second = server.stream("id: a-3\ndata: three\n\n:\n\n").await;
    let third = server.answer(GONE).await;
    assert_eq!(given.await.unwrap(), ["one", "two", "three"]);
    assert_eq!(
        [first, second, third].map(|request| request.header("last-event-id").map(str::to_owned)),
        [None, Some("a-2".to_owned()), Some("a-3".to_owned()),]
    );
}

#[tokio::test(start_paused = true)]
async fn an_id_comes_back_byte_by_byte() {
    let server = Server::start().await;
    let given = collect(source(&server));
    server.stream("id: größe…😀 \u{85}\ndata:\n\n").await;
    assert_eq!(server.answer(GONE).await.raw("last-event-id"), Some("größe…😀 \u{85}".as_bytes()));
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_id_that_no_header_can_carry_is_left_out() {
    for id in ["\u{1}", "a\u{7f}", "a\u{b}b"] {
        let server = Server::start().await;
        let given = collect(source(&server));
        server.stream(format!("id: {id}\ndata: x\n\n")).await;
        assert_eq!(server.answer(GONE).await.raw("last-event-id"), None, "{id:?}");
        assert_eq!(given.await.unwrap(), ["x"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_id_resets_the_position() {
    let server = Server::start().await;
    let given = collect(source(&server).last_event_id("a-1"));
    assert_eq!(server.stream("id\ndata: x\n\n").await.header("last-event-id"), Some("a-1"));
    assert_eq!(server.answer(GONE).await.raw("last-event-id"), None);
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn method_headers_and_body_are_sent_again() {
    let server = Server::start().await;
    let request = http().post(server.url("/ask?q=1")).header("x-mine", "yes").body("the question");
    let given = collect(EventSource::builder(request).read_timeout(None));
    for request in [server.stream("").await, server.answer(GONE).await] {
        assert_eq!(request.line(), "POST /ask?q=1");
        assert_eq!(request.body, b"the question");
        assert_eq!(request.header("x-mine"), Some("yes"));
        assert_eq!(request.header("accept"), Some("text/event-stream"));
        assert_eq!(request.header("cache-control"), Some("no-store"));
    }
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_request_says_itself_is_not_overruled() {
    let server = Server::start().await;
    let request = http().get(server.url("/")).header("accept", "*/*").header("cache-control", "no-cache");
    let given = collect(EventSource::builder(request).read_timeout(None));
    let request = server.answer(GONE).await;
    assert_eq!((request.header("accept"), request.header("cache-control")), (Some("*/*"), Some("no-cache")));
    given.await.unwrap();
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_again_is_refused_at_once() {
    let body = reqwest::Body::wrap(http_body_util::Full::new(bytes::Bytes::from("x")));
    let unrepeatable = EventSource::builder(http().post("http://127.0.0.1/").body(body)).open();
    assert!(matches!(unrepeatable, Err(RequestError::Body)), "{unrepeatable:?}");
    let invalid = EventSource::builder(http().get("not an address")).open();
    assert!(matches!(invalid, Err(RequestError::Invalid(_))), "{invalid:?}");
}
