//! Section 1, answers: every status of the stream, and what a plain `EventSource` gets instead.

use crate::support::{polite_refusal, retry_after, start, start_with};
use campanile_testkit::{Request, SseReader, StreamRequest, TestNode};

async fn with_accept(node: &TestNode, accept: &[&str]) -> SseReader {
    let request = Request::get("/notifications/stream").bearer(&node.token("u"));
    let request = accept.iter().fold(request, |request, value| request.field("Accept", value));
    StreamRequest::of(request, node.address()).open().await
}

#[tokio::test]
async fn a_client_that_accepts_an_event_stream_in_whatever_words_gets_one() {
    let node = start().await;
    for good in [
        &[][..],
        &[""],
        &["*/*"],
        &["text/*"],
        &["TEXT/Event-Stream"],
        &["text/event-stream;q=0.1"],
        &["text/event-stream; charset=utf-8"],
        &["application/json, text/event-stream"],
        &["application/json", "text/*;q=0.5"],
        &["text/html, */*;q=0.1"],
        &["text/*;q=0, text/event-stream"],
    ] {
        assert_eq!(with_accept(&node, good).await.status(), 200, "{good:?}");
    }
}

#[tokio::test]
async fn a_client_whose_accept_rules_it_out_gets_406() {
    let node = start().await;
    for bad in [
        &["application/json"][..],
        &["text/html, application/xhtml+xml"],
        &["text/event-stream;q=0"],
        &["text/event-stream;q=0, */*"],
        &["*/*;q=0"],
        &["text/*;q=0.0, */*"],
        &["text/event-stream-x"],
        &["application/json", "text/plain"],
    ] {
        let answer = with_accept(&node, bad).await.into_answer().await;
        let _ = answer.problem(406);
    }
}

#[tokio::test]
async fn one_stream_too_many_of_a_user_is_429_in_the_contracts_words() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 2).await;
    let (mut a, mut b) = (node.stream("u").open().await, node.stream("u").open().await);
    a.ready().await;
    b.ready().await;
    let answer = node.stream("u").refused().await;
    assert_eq!(answer.problem(429)["detail"], "Too many concurrent SSE connections.");
    assert!(retry_after(&answer) >= 1);
    assert_eq!(node.stream("v").open().await.status(), 200, "another user has a limit of the own");
}

#[tokio::test]
async fn a_full_node_is_503() {
    let node = start_with("SSE__MAX_CONNECTIONS", 10).await;
    let mut streams = Vec::new();
    for user in 0..10 {
        let mut stream = node.stream(&format!("u{user}")).open().await;
        stream.ready().await;
        streams.push(stream);
    }
    let answer = node.stream("late").refused().await;
    let _ = answer.problem(503);
    assert!(retry_after(&answer) >= 1);
    streams.pop();
    node.has_streams(9).await;
    assert_eq!(node.stream("late").open().await.status(), 200);
}

#[tokio::test]
async fn an_event_source_is_asked_to_come_back_instead_of_429() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let mut times = Vec::new();
    for _ in 0..8 {
        let mut refused = node.stream("u").query("eventsource", "1").open().await;
        refused.to_end().await;
        times.extend_from_slice(refused.retries());
    }
    times.dedup();
    assert!(times.len() > 3, "jittered: {times:?}");
    polite_refusal(node.stream("u").query("eventsource", "1").open().await, "busy").await;
    node.has_streams(1).await;
}

#[tokio::test]
async fn an_event_source_is_asked_to_come_back_instead_of_503() {
    let node = start_with("SSE__MAX_CONNECTIONS", 10).await;
    let mut streams = Vec::new();
    for user in 0..10 {
        streams.push(node.stream(&format!("u{user}")).open().await);
    }
    polite_refusal(node.stream("late").query("eventsource", "1").open().await, "busy").await;
}

#[tokio::test]
async fn an_event_source_still_gets_401_and_406() {
    let node = start().await;
    let request = node.anonymous_stream().query("eventsource", "1");
    let _ = request.clone().refused().await.problem(401);
    let rejected =
        Request::get("/notifications/stream?eventsource=1").bearer(&node.token("u")).field("Accept", "text/html");
    let _ = node.send(rejected).await.problem(406);
    let mut stream = request.bearer(&node.token("u")).open().await;
    stream.ready().await;
}

#[tokio::test]
async fn only_eventsource_1_asks_for_that() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    for value in ["", "0", "true", "11"] {
        assert_eq!(node.stream("u").query("eventsource", value).open().await.status(), 429, "{value:?}");
    }
}

#[tokio::test]
async fn other_methods_on_the_stream_are_405() {
    let node = start().await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = node.stream("u").by(method).await;
        let _ = answer.problem(405);
        let allow = answer.field("allow").unwrap_or_default();
        assert!(allow.contains("GET") && allow.contains("HEAD"), "{answer}");
    }
}

/// The same head as a stream that was opened: a client that asks first learns what a GET would be told.
#[tokio::test]
async fn head_is_told_every_status_too_and_takes_nothing() {
    let node = start_with("SSE__MAX_CONNECTIONS", 1).await;
    let mut stream = node.stream("u").http1().open().await;
    stream.ready().await;
    let full = node.stream("late").by("HEAD").await.expect(503);
    assert!(full.body.is_empty() && retry_after(&full) >= 1, "{full}");
    let polite = node.stream("late").query("eventsource", "1").by("HEAD").await.expect(200);
    assert_eq!(polite.head.sorted(), stream.head().sorted());
    for (request, status) in [
        (node.anonymous_stream(), 401),
        (node.anonymous_stream().bearer("nonsense"), 401),
        (
            node.anonymous_stream().cookie("campanile_token", &node.token("u")).field("Origin", "https://evil.example"),
            403,
        ),
    ] {
        let answer = request.by("HEAD").await.expect(status);
        assert!(answer.body.is_empty(), "{answer}");
        assert_eq!(answer.field("content-type"), Some("application/problem+json"), "{answer}");
    }
    drop(stream);
    node.has_streams(0).await;
    for _ in 0..3 {
        let _ = node.stream("u").by("HEAD").await.expect(200);
    }
    assert_eq!(node.stream("u").http1().open().await.status(), 200);
}

/// Nothing of what a stream is refused with may be kept by a cache or guessed by a browser.
#[tokio::test]
async fn a_refusal_is_a_problem_that_nobody_keeps() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    for (request, status) in [(node.stream("u"), 429), (node.anonymous_stream(), 401)] {
        let answer = request.refused().await;
        let _ = answer.problem(status);
        assert_eq!(answer.field("cache-control"), Some("no-store"), "{answer}");
        assert_eq!(answer.field("x-content-type-options"), Some("nosniff"), "{answer}");
        assert_eq!(answer.field("content-length"), Some(answer.body.len().to_string().as_str()), "{answer}");
    }
}

/// The order of the checks: who it is, then what is wanted, then whether there is room.
#[tokio::test]
async fn whoever_is_nobody_is_told_that_first_and_room_is_asked_for_last() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let html = |request: Request| request.field("Accept", "text/html");
    let _ = node.send(html(Request::get("/notifications/stream"))).await.problem(401);
    let _ = node.send(html(Request::get("/notifications/stream").bearer(&node.token("u")))).await.problem(406);
}
