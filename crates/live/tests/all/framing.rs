//! What an answer looks like on the wire.

use crate::support::{H2, Live, kind};

#[tokio::test]
async fn a_stream_is_undivided_and_ends_with_its_connection() {
    let live = Live::default();
    let mut wire = live.stream().await;
    live.app.send("data: HTTP/1.0 200 OK\n\n");
    wire.until("200 OK\n\n").await;
    live.app.end_streams();
    let answer = wire.fin().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "data: first\n\ndata: HTTP/1.0 200 OK\n\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("\r\nconnection: close") && head.contains("\r\ndate: "), "{head}");
    assert!(!head.contains("transfer-encoding") && !head.contains("content-length"), "{head}");
    live.all_closed().await;
}

#[tokio::test]
async fn an_old_client_gets_its_stream_as_http_1_0() {
    let live = Live::default();
    let mut wire = live.send("GET /stream HTTP/1.0\r\n\r\n").await;
    let answer = wire.until("data: first").await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_stream_behind_other_answers_says_http_1_1_too() {
    let live = Live::default();
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(20) + "GET /stream HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = live.send(request).await.until("data: first").await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 21, "{answer}");
}

#[tokio::test]
async fn a_head_request_is_answered_with_the_head() {
    let live = Live::default();
    let answer = live.send("HEAD /stream HTTP/1.1\r\nhost: a\r\n\r\n").await.fin().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    live.app.open(0).await;
}

#[tokio::test]
async fn requests_know_their_peer_and_their_version() {
    let live = Live::default();
    let mut wire = live.send("GET /who HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let here = wire.socket.local_addr().unwrap();
    wire.until(&format!("{here} HTTP/1.1 /who")).await;
    let mut old = live.send("GET /who HTTP/1.0\r\n\r\n").await;
    old.until("HTTP/1.0 /who").await;
    let mut h2 = live.http2().await;
    let here = h2.wire.socket.local_addr().unwrap();
    let stream = h2.get("/who").await;
    h2.data(stream, &format!("{here} HTTP/2.0 http://a/who")).await;
}

#[tokio::test]
async fn an_ipv4_peer_of_an_ipv6_socket_has_its_ipv4_address() {
    let live = Live::start_at("[::]:0", campanile_live::LiveOptions::default());
    let mut wire = crate::support::Wire::connect(([127, 0, 0, 1], live.address.port()).into()).await;
    wire.send("GET /who HTTP/1.1\r\nhost: a\r\n\r\n").await;
    wire.until(&format!("\r\n\r\n{}", wire.socket.local_addr().unwrap())).await;
}

#[tokio::test]
async fn http2_answers_have_a_date_and_no_connection_header() {
    let live = Live::default();
    let mut h2: H2 = live.http2().await;
    let stream = h2.get("/stream").await;
    let head = h2.until("a head", |frame| frame.is(kind::HEADERS, stream)).await;
    // `date` is entry 33 of the static table (RFC 7541, A): a literal with an indexed name, to be kept.
    assert!(head.payload.contains(&(0x40 | 33)), "{:?}", head.payload);
    h2.data(stream, "data: first\n\n").await;
}

#[tokio::test]
async fn a_request_in_single_bytes_and_one_with_its_successors_are_the_same() {
    let live = Live::default();
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    let mut wire = live.connect().await;
    for byte in request.as_bytes() {
        wire.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    wire.until("\r\n\r\n3").await;
    let mut wire = live.send(request.repeat(50)).await;
    wire.until_times("\r\n\r\n3", 50).await;
}
