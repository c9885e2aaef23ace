//! Section 1 over HTTP/2: the rows whose answer could differ from the one over HTTP/1.1, and must not.

use crate::{
    http2::{connect, open, read_until},
    support::{builder, notify_many, position, start, start_with},
};
use bytes::Bytes;
use campanile_testkit::{TestNode, soon, token};
use h2::{RecvStream, client::SendRequest};
use http::{Method, Request, Response, request::Builder};
use serde_json::{Value, json};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

fn stream(node: &TestNode) -> Builder {
    Request::get(format!("http://{}/notifications/stream", node.address()))
}

fn stream_with(node: &TestNode, query: &str) -> Builder {
    Request::get(format!("http://{}/notifications/stream?{query}", node.address()))
}

fn of(request: Builder, node: &TestNode, user: &str) -> Builder {
    request.header("authorization", format!("Bearer {}", node.token(user)))
}

async fn send(client: &SendRequest<Bytes>, request: Builder) -> Response<RecvStream> {
    let mut client = client.clone().ready().await.unwrap();
    let (response, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
    soon("a head", response).await.unwrap()
}

async fn rest(mut body: RecvStream) -> String {
    let mut text = Vec::new();
    while let Some(piece) = soon("the end of a body", body.data()).await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text).unwrap()
}

/// Lets go of a connection and its streams. The test's own task must not block while they go: it is what drives them.
async fn leave<T>(node: &TestNode, held: T) {
    drop(held);
    node.has_streams(0).await;
}

/// The data of `ready`.
async fn ready(client: &SendRequest<Bytes>, request: Builder) -> Value {
    let response = send(client, request).await;
    assert_eq!(response.status(), 200);
    let text = read_until(&mut response.into_body(), "\n\n").await;
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

/// A problem with this status, which over HTTP/2 names no connection and no coding.
async fn problem(response: Response<RecvStream>, status: u16) -> Value {
    assert_eq!(response.status(), status);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    for name in ["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"] {
        assert!(!headers.contains_key(name), "{name} is malformed here: {headers:?}");
    }
    serde_json::from_str(&rest(response.into_body()).await).unwrap()
}

#[tokio::test]
async fn each_refusal_is_the_one_of_http_1_1() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let client = connect(&node).await;
    let missing = send(&client, stream(&node)).await;
    assert_eq!(missing.headers()["www-authenticate"], r#"Bearer realm="campanile""#);
    assert_eq!(problem(missing, 401).await["code"], "credentials-missing");
    let nobody = node.sign(json!({"exp": token::now() + 60}));
    let nobody = send(&client, stream(&node).header("authorization", format!("Bearer {nobody}"))).await;
    assert_eq!(problem(nobody, 401).await["detail"], "User identifier claim not found.");
    let twice = of(of(stream(&node), &node, "u"), &node, "u");
    problem(send(&client, twice).await, 401).await;
    let foreign = stream(&node).header("cookie", format!("campanile_token={}", node.token("u")));
    problem(send(&client, foreign.header("origin", "https://evil.example")).await, 403).await;
    let html = of(stream(&node), &node, "u").header("accept", "text/html");
    problem(send(&client, html).await, 406).await;
    let held = open(&client, &node, "u").await;
    let limit = open(&client, &node, "u").await;
    assert!(limit.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(problem(limit, 429).await["detail"], "Too many concurrent SSE connections.");
    let post = of(Request::post(format!("http://{}/notifications/stream", node.address())), &node, "u");
    problem(send(&client, post).await, 405).await;
    leave(&node, (client, held)).await;
}

#[tokio::test]
async fn an_event_source_is_asked_to_come_back_and_its_stream_ends() {
    let node = start_with("SSE__MAX_CONNECTIONS", 1).await;
    let client = connect(&node).await;
    let held = open(&client, &node, "u").await;
    problem(send(&client, of(stream(&node), &node, "late")).await, 503).await;
    let polite = send(&client, of(stream_with(&node, "eventsource=1"), &node, "late")).await;
    assert_eq!(
        (polite.status(), &polite.headers()["content-type"]),
        (http::StatusCode::OK, &"text/event-stream; charset=utf-8".parse().unwrap())
    );
    let text = rest(polite.into_body()).await;
    let millis: u64 = text.strip_prefix("retry: ").unwrap().split('\n').next().unwrap().parse().unwrap();
    assert!((5_000..=60_000).contains(&millis), "{text}");
    let expected = format!("retry: {millis}\nevent: reconnect\ndata: {{\"reason\":\"busy\",\"retryMs\":{millis}}}\n\n");
    assert_eq!(text, expected);
    leave(&node, (client, held)).await;
}

#[tokio::test]
async fn head_answers_the_same_head_and_takes_no_place() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let client = connect(&node).await;
    let mut heads = Vec::new();
    for _ in 0..3 {
        let head = send(&client, of(stream(&node), &node, "u").method(Method::HEAD)).await;
        assert_eq!(head.status(), 200);
        heads.push(head.headers().clone());
        assert_eq!(rest(head.into_body()).await, "");
    }
    let opened = open(&client, &node, "u").await;
    for mut head in heads {
        head.insert("date", opened.headers()["date"].clone());
        assert_eq!(&head, opened.headers());
    }
    let full = send(&client, of(stream(&node), &node, "u").method(Method::HEAD)).await;
    assert_eq!(
        (full.status(), full.headers().contains_key("retry-after")),
        (http::StatusCode::TOO_MANY_REQUESTS, true)
    );
    leave(&node, (client, opened)).await;
}

/// HTTP/2 carries any byte in a header that HTTP/1.1 does.
#[tokio::test]
async fn a_position_is_bytes_here_too() {
    let node = start().await;
    let before = position(&node, "u").await;
    notify_many(&node, "u", 1..=3).await;
    let after_one = before.replace("-0", "-1");
    let client = connect(&node).await;
    let with = |value: &[u8]| of(stream(&node), &node, "u").header("last-event-id", value);
    for bad in [&b"\xff\xfe"[..], "…".as_bytes(), b"-1", b"a%0aid: 9", &b"7".repeat(8 * 1024)] {
        let ready = ready(&client, with(bad)).await;
        assert_eq!((&ready["resume"], &ready["resetReason"]), (&json!("reset"), &json!("unknown")));
    }
    let first_counts = with(after_one.as_bytes()).header("last-event-id", &before);
    assert_eq!(ready(&client, first_counts).await["cursor"], json!(after_one));
    let by_query = of(stream_with(&node, &format!("lastEventId={before}")), &node, "u");
    let mut body = send(&client, by_query).await.into_body();
    let text = read_until(&mut body, "event: counts").await;
    for seq in 1..=3 {
        assert_eq!(
            text.matches(&format!("id: {}\nevent: notification\n", before.replace("-0", &format!("-{seq}")))).count(),
            1
        );
    }
    leave(&node, (client, body)).await;
}

/// A browser may send its cookies in one header or, here, in several (RFC 9113, 8.2.3).
#[tokio::test]
async fn cookies_in_pieces_and_tickets_are_credentials() {
    let node = start().await;
    let client = connect(&node).await;
    let cookie = format!("campanile_token={}", node.token("by-cookie"));
    let in_pieces = stream(&node).header("cookie", "a=b").header("cookie", cookie).header("cookie", "c=d");
    assert_eq!(ready(&client, in_pieces).await["user"], "by-cookie");
    let own = stream(&node).header("cookie", format!("campanile_token={}", node.token("own")));
    let own = own.header("origin", format!("http://{}", node.address()));
    assert_eq!(ready(&client, own).await["user"], "own", "the own host is in :authority");
    let ticket = node.post_as("by-ticket", "/notifications/stream/tickets").await.expect(201).json();
    let by_ticket = format!("ticket={}", ticket["ticket"].as_str().unwrap());
    assert_eq!(ready(&client, stream_with(&node, &by_ticket)).await["user"], "by-ticket");
    problem(send(&client, stream_with(&node, &by_ticket)).await, 401).await;
    leave(&node, client).await;
}

#[tokio::test]
async fn a_host_that_is_not_listed_is_421() {
    let node = start_with("ALLOWED_HOSTS", "push.example").await;
    let client = connect(&node).await;
    let to = |host: &str| of(Request::get(format!("http://{host}/notifications/stream")), &node, "u");
    for bad in ["evil.example", "push.example.evil.com", "127.0.0.1"] {
        problem(send(&client, to(bad)).await, 421).await;
    }
    let contradicted = to("push.example").header("host", "evil.example");
    problem(send(&client, contradicted).await, 400).await;
    assert_eq!(send(&client, to("push.example:80")).await.status(), 200);
    leave(&node, client).await;
}

#[tokio::test]
async fn heartbeats_and_ends_are_the_same_bytes() {
    let node = start_with("SSE__HEARTBEAT_SECONDS", 1).await;
    let client = connect(&node).await;
    let until = node.sign(json!({"sub": "u", "exp": token::now() + 3}));
    let ends = stream(&node).header("authorization", format!("Bearer {until}"));
    let text = rest(send(&client, ends).await.into_body()).await;
    assert!(text.contains("\n\nevent: __heartbeat__\ndata:\n\n"), "{text}");
    let (before, farewell) = text.rsplit_once("retry: ").unwrap();
    let millis = farewell.split('\n').next().unwrap();
    assert_eq!(
        farewell,
        format!("{millis}\nevent: reconnect\ndata: {{\"reason\":\"expired\",\"retryMs\":{millis}}}\n\n")
    );
    assert_eq!(before.matches("event: expiring").count(), 1, "{text}");
}

#[tokio::test]
async fn an_evicted_and_a_revoked_stream_are_told_and_their_neighbours_go_on() {
    let node = builder()
        .env("CAMPANILE_SSE__CONNECTION_LIMIT_POLICY", "evict-oldest")
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 2)
        .start()
        .await;
    let client = connect(&node).await;
    let oldest = open(&client, &node, "u").await;
    let mut neighbour = open(&client, &node, "v").await.into_body();
    let second = open(&client, &node, "u").await;
    let third = open(&client, &node, "u").await;
    let text = rest(oldest.into_body()).await;
    assert!(
        text.ends_with("retry: 300000\nevent: reconnect\ndata: {\"reason\":\"evicted\",\"retryMs\":300000}\n\n"),
        "{text}"
    );
    let _ = node.post_api("/api/users/u/revoke", json!({"issuedBefore": "2100-01-01T00:00:00Z"})).await.expect(202);
    for stream in [second, third] {
        let text = rest(stream.into_body()).await;
        assert!(text.contains("event: reconnect\ndata: {\"reason\":\"revoked\","), "{text}");
    }
    node.notify("v", "still here").await;
    read_until(&mut neighbour, "still here").await;
    leave(&node, (client, neighbour)).await;
}

#[tokio::test]
async fn a_drain_ends_each_stream_of_a_connection_with_its_own_farewell() {
    let mut node = builder().env("CAMPANILE_SSE__DRAIN_SECONDS", 1).start().await;
    let client = connect(&node).await;
    let mut streams = Vec::new();
    for user in ["a", "b", "c", "d"] {
        streams.push(open(&client, &node, user).await.into_body());
    }
    node.terminate();
    for stream in streams {
        let text = rest(stream).await;
        assert!(text.contains("event: reconnect\ndata: {\"reason\":\"draining\","), "{text}");
        assert_eq!(text.matches("retry: ").count(), 2, "{text}");
    }
    drop(client);
    assert_eq!(node.ended().await.code(), Some(0));
}

/// A socket that notes what each read brought.
struct Noting {
    socket: TcpStream,
    reads: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl AsyncRead for Noting {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        let new = buf.filled()[before..].to_vec();
        self.reads.lock().unwrap().push(new);
        read
    }
}

impl AsyncWrite for Noting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// One write is one segment here, and one segment is one read: what holds the head's frame holds `ready`, too.
#[tokio::test]
async fn head_and_first_events_leave_in_one_write() {
    const HEADERS: u8 = 1;
    let node = start().await;
    let reads = Arc::new(Mutex::new(Vec::new()));
    let socket = TcpStream::connect(node.address()).await.unwrap();
    let (client, connection) = h2::client::handshake(Noting { socket, reads: Arc::clone(&reads) }).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..5 {
        let mut body = open(&client, &node, "u").await.into_body();
        read_until(&mut body, "\n\n").await;
    }
    let reads = reads.lock().unwrap().clone();
    let with_a_head: Vec<_> = reads.iter().filter(|read| frames(read).contains(&HEADERS)).collect();
    assert_eq!(with_a_head.len(), 5);
    for read in with_a_head {
        assert!(read.windows(12).any(|part| part == b"event: ready") && read.ends_with(b"\n\n"), "{read:?}");
    }
    leave(&node, client).await;
}

/// The types of the frames in what one read brought (RFC 9113, 4.1).
fn frames(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [a, b, c, kind, ..] = *bytes {
        types.push(kind);
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        bytes = bytes.get(9 + length..).unwrap_or_default();
    }
    types
}
