//! Section 1, head and first bytes: what is on the wire before anything happens.

use crate::support::{notify_many, position, start, start_with};
use campanile_testkit::{Request, soon};
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn the_head_of_a_stream_is_the_contracts() {
    let node = start().await;
    let mut stream = node.stream("u").http1().field("Accept-Encoding", "gzip, br, zstd").open().await;
    stream.ready().await;
    let head = stream.head();
    assert!(head.raw().starts_with(b"HTTP/1.1 200 OK\r\n"));
    let expected = [
        "cache-control: no-store, no-cache, no-transform, private",
        "connection: close",
        "content-type: text/event-stream; charset=utf-8",
        "vary: Origin",
        "x-accel-buffering: no",
        "x-content-type-options: nosniff",
    ];
    assert_eq!(head.sorted(), expected);
    assert!(head.get("date").is_some_and(|date| date.ends_with(" GMT")), "{head:?}");
}

#[tokio::test]
async fn the_body_has_no_framing_but_the_end_of_the_connection() {
    let node = start().await;
    let mut stream = node.stream("u").http1().open().await;
    stream.ready().await;
    for absent in ["content-length", "content-encoding", "transfer-encoding", "keep-alive"] {
        assert_eq!(stream.head().get(absent), None, "{absent}");
    }
    assert!(stream.body().starts_with(b"retry: "), "raw bytes, no chunk sizes: {stream}");
}

#[tokio::test]
async fn an_old_client_that_asks_to_keep_the_connection_gets_a_close_too() {
    let node = start().await;
    let stream = node.stream("u").http1().field("Connection", "keep-alive").open().await;
    assert_eq!(stream.head().get("connection"), Some("close"));
}

#[tokio::test]
async fn the_first_bytes_are_a_retry_line_and_ready() {
    let node = start().await;
    let mut stream = node.stream("u1").open().await;
    let ready = stream.ready().await;
    let body = std::str::from_utf8(stream.body()).unwrap();
    let (retry, rest) = body.strip_prefix("retry: ").unwrap().split_once('\n').unwrap();
    assert!((1000..=5000).contains(&retry.parse::<u64>().unwrap()), "{body}");
    let connection = ready.json["connectionId"].as_str().unwrap();
    let expected = format!(
        "event: ready\nid: {0}\ndata: {{\"connectionId\":\"{connection}\",\"user\":\"u1\",\"resume\":\"fresh\",\"cursor\":\"{0}\",\
         \"counts\":{{\"unread\":0,\"unseen\":0,\"version\":0}},\"heartbeatSeconds\":30}}\n\n",
        ready.cursor
    );
    assert_eq!(rest, expected);
    let version = connection.as_bytes()[14];
    assert!(connection.len() == 36 && version == b'7', "a UUIDv7: {connection}");
}

/// What is not said is not there: no null, and no member that the contract does not name.
#[tokio::test]
async fn ready_has_the_contracts_members_for_each_way_to_resume() {
    let node = start_with("SSE__REPLAY_LIMIT", 1).await;
    let begin = position(&node, "u").await;
    notify_many(&node, "u", 1..=2).await;
    let head = position(&node, "u").await;
    let common = ["connectionId", "counts", "cursor", "heartbeatSeconds", "resume", "user"];
    let with_reason = ["connectionId", "counts", "cursor", "heartbeatSeconds", "resetReason", "resume", "user"];
    for (request, resume, members) in [
        (node.stream("u"), "fresh", &common[..]),
        (node.stream("u").position(&head), "exact", &common),
        (node.stream("u").position("nonsense"), "reset", &with_reason),
        (node.stream("u").position(&begin), "reset", &with_reason),
    ] {
        let ready = request.open().await.ready().await;
        let mut found: Vec<_> = ready.json.as_object().unwrap().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!((ready.resume.as_str(), found.as_slice(), &ready.cursor), (resume, members, &head), "{ready:?}");
        assert_eq!(ready.json["counts"], json!({"unread": 2, "unseen": 2, "version": 2}));
    }
}

/// Rows E3 and E4: no byte order mark, no carriage return, nothing but UTF-8, whatever goes through.
#[tokio::test]
async fn a_stream_has_no_mark_at_its_beginning_and_only_line_feeds() {
    let node = start().await;
    let mut stream = node.stream("\u{feff}u\u{2028}").open().await;
    stream.ready().await;
    for text in ["a\r\nb\rc", "\u{feff}", "\u{85}\u{2028}\u{2029}\u{b}\u{c}\0"] {
        let to = json!({"users": ["\u{feff}u\u{2028}"]});
        node.publish(json!({"type": "t", "to": to, "title": text, "data": {text: text}})).await;
        let event = stream.until("notification").await.json();
        assert_eq!((&event["title"], &event["data"][text]), (&json!(text), &json!(text)));
    }
    let body = std::str::from_utf8(stream.body()).unwrap();
    assert!(body.starts_with("retry: ") && !body.contains('\r'), "{body:?}");
    assert!(!body.contains("id:\n") && !body.contains("id: \n"), "an empty id would forget the position: {body}");
}

#[tokio::test]
async fn a_reset_says_why_in_ready() {
    let node = start().await;
    let mut stream = node.stream("u").position("nonsense").open().await;
    let ready = stream.ready().await;
    let text = ready.json.to_string();
    assert_eq!(
        (ready.json["resume"].as_str(), ready.json["resetReason"].as_str()),
        (Some("reset"), Some("unknown")),
        "{text}"
    );
}

#[tokio::test]
async fn reconnection_times_differ_between_connections() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 20).await;
    let mut times = Vec::new();
    for _ in 0..12 {
        let mut stream = node.stream("u").open().await;
        stream.ready().await;
        times.extend_from_slice(stream.retries());
    }
    assert!(times.iter().all(|time| (Duration::from_secs(1)..=Duration::from_secs(5)).contains(time)), "{times:?}");
    times.sort();
    times.dedup();
    assert!(times.len() > 6, "{times:?}");
}

#[tokio::test]
async fn ids_are_short_and_visible() {
    let node = start().await;
    let cursor = node.stream("u").open().await.ready().await.cursor;
    assert!(cursor.len() <= 64 && cursor.bytes().all(|byte| byte.is_ascii_graphic()), "{cursor}");
    let (epoch, seq) = cursor.rsplit_once('-').unwrap();
    assert!(!epoch.is_empty() && seq == "0", "{cursor}");
}

/// One write is one segment here, and one segment is one read.
#[tokio::test]
async fn head_and_first_events_leave_in_one_write() {
    let node = start().await;
    let request = Request::get("/notifications/stream").bearer(&node.token("u")).encode(node.address());
    for _ in 0..10 {
        let mut socket = TcpStream::connect(node.address()).await.unwrap();
        socket.write_all(&request).await.unwrap();
        let mut first = Vec::with_capacity(64 * 1024);
        soon("the first bytes", socket.read_buf(&mut first)).await.unwrap();
        let text = String::from_utf8(first).unwrap();
        assert!(text.starts_with("HTTP/1.1 200") && text.contains("event: ready") && text.ends_with("\n\n"), "{text}");
    }
}

#[tokio::test]
async fn head_answers_the_same_head_and_nothing_else() {
    let node = start().await;
    let head = node.stream("u").by("HEAD").await;
    assert_eq!(head.body, b"");
    let mut stream = node.stream("u").http1().open().await;
    stream.ready().await;
    assert_eq!(head.head.sorted(), stream.head().sorted());
}

#[tokio::test]
async fn head_does_the_same_checks_and_takes_no_place() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    for _ in 0..3 {
        let _ = node.stream("u").by("HEAD").await.expect(200);
    }
    node.has_streams(0).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let full = node.stream("u").by("HEAD").await.expect(429);
    assert!(full.field("retry-after").is_some() && full.body.is_empty(), "{full}");
    let _ = node.anonymous_stream().by("HEAD").await.expect(401);
    let accept = Request::new("HEAD", "/notifications/stream").bearer(&node.token("v")).field("Accept", "text/html");
    let _ = node.send(accept).await.expect(406);
}
