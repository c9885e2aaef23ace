//! SSE-RULES "Transport, HTTP/1.1": what is no request, too large, or too slow.

use crate::support::{Live, brief};
use std::time::Duration;

/// The status and code of a refusal, which ends the connection cleanly.
async fn refused(live: &Live, request: impl AsRef<[u8]>) -> (u16, String) {
    let answer = live.send(request).await.fin().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let head = head.to_ascii_lowercase();
    for header in
        ["content-type: application/problem+json", "x-content-type-options: nosniff", "connection: close", "date: "]
    {
        assert!(head.contains(header), "{header} in {head}");
    }
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["status"].to_string(), head[9..12], "{head}");
    (head[9..12].parse().unwrap(), problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn slowloris_a_silent_socket_is_closed() {
    let live = Live::with_head_timeout(100);
    let mut silent = live.connect().await;
    assert_eq!(silent.fin().await, "");
    assert!(silent.age() >= Duration::from_millis(100));
    assert_eq!(live.stats.head_timeouts(), 1);
    live.all_closed().await;
}

#[tokio::test]
async fn slowloris_a_partial_head_is_answered_408() {
    let live = Live::with_head_timeout(100);
    for partial in ["G", "GET / HTTP/1.1\r\nhost: a\r\n", "POST /echo HTTP/1.1\r\nhost: a\r\nx: "] {
        assert_eq!(refused(&live, partial).await, (408, "head-timeout".to_owned()), "{partial}");
    }
    live.all_closed().await;
}

#[tokio::test]
async fn slowloris_one_byte_at_a_time_does_not_buy_time() {
    let live = Live::with_head_timeout(200);
    let slow = live.send("GET / HTTP/1.1\r\n").await;
    let (mut reader, mut writer) = slow.socket.into_split();
    let dripping = tokio::spawn(async move {
        while tokio::io::AsyncWriteExt::write_all(&mut writer, b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = [0; 13];
    tokio::io::AsyncReadExt::read_exact(&mut reader, &mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408 ");
    assert!((Duration::from_millis(200)..Duration::from_secs(2)).contains(&slow.since.elapsed()));
    dripping.abort();
}

#[tokio::test]
async fn slowloris_after_an_answer_the_next_head_has_the_same_time() {
    let live = Live::with_head_timeout(150);
    let mut wire = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    wire.until("hello").await;
    wire.forget();
    // Silent for longer than a head may take: that is idle, and allowed.
    tokio::time::sleep(Duration::from_millis(300)).await;
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET /par").await;
    wire.until("hello").await;
    wire.send("t").await;
    assert!(wire.fin().await.contains("HTTP/1.1 408 "));
}

#[tokio::test]
async fn slowloris_half_an_http2_preface_is_closed() {
    let live = Live::with_head_timeout(100);
    for partial in ["PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n"] {
        let mut wire = live.send(partial).await;
        wire.fin().await;
        assert!(wire.age() >= Duration::from_millis(100));
    }
    assert_eq!(live.stats.head_timeouts(), 2);
}

#[tokio::test]
async fn header_flood_a_hundred_headers_are_enough() {
    let live = Live::default();
    let head = |n: usize| {
        let fields: String = (0..n).map(|n| format!("x{n}: y\r\n")).collect();
        format!("GET / HTTP/1.1\r\nhost: a\r\n{fields}\r\n")
    };
    live.send(head(99)).await.until("hello").await;
    assert_eq!(refused(&live, head(100)).await, (431, "head-too-large".to_owned()));
}

#[tokio::test]
async fn header_flood_64_kib_are_enough() {
    let live = Live::default();
    let head = |n: usize| {
        let head = "GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n";
        head.replace("x: ", &format!("x: {}", "y".repeat(n - head.len())))
    };
    live.send(head(64 * 1024)).await.until("hello").await;
    for large in [64 * 1024 + 1, 70_000, 80_000, 500_000] {
        assert_eq!(refused(&live, head(large)).await, (431, "head-too-large".to_owned()), "{large}");
    }
    live.all_closed().await;
}

#[tokio::test]
async fn header_flood_a_long_uri_is_414() {
    let live = Live::default();
    let request = |n: usize| format!("GET /?{} HTTP/1.1\r\nhost: a\r\n\r\n", "y".repeat(n - 2));
    live.send(request(8192)).await.until("hello").await;
    for long in [8193, 8300, 70_000, 500_000] {
        assert_eq!(refused(&live, request(long)).await, (414, "uri-too-long".to_owned()), "{long}");
    }
    live.all_closed().await;
}

#[tokio::test]
async fn missing_host_is_400() {
    let live = Live::default();
    for bad in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost:\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
    ] {
        assert_eq!(refused(&live, bad).await, (400, "no-host".to_owned()), "{bad}");
    }
    assert!(live.send("GET / HTTP/1.0\r\n\r\n").await.fin().await.ends_with("hello"));
    assert_eq!(live.stats.bad_requests(), 5);
}

#[tokio::test]
async fn content_length_with_transfer_encoding_is_read_as_chunks_and_ends_the_connection() {
    let live = Live::default();
    for (first, second) in
        [("content-length: 3", "transfer-encoding: chunked"), ("transfer-encoding: chunked", "content-length: 3")]
    {
        let request = format!("POST /echo HTTP/1.1\r\nhost: a\r\n{first}\r\n{second}\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
        let mut wire = live.send(request + "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let answer = wire.fin().await;
        assert!(answer.ends_with("\r\n\r\n5"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn bare_cr_or_a_folded_line_in_a_header_is_400() {
    let live = Live::default();
    for bad in [
        "GET / HTTP/1.1\r\nhost: a\r\nx: y\rz: w\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: y\0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx y: z\r\n\r\n",
        "GET / HTTP/1.1\r\nhost : a\r\n\r\n",
        "GET /\x01 HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/4.2\r\nhost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03",
    ] {
        assert_eq!(refused(&live, bad).await, (400, "malformed".to_owned()), "{bad:?}");
    }
    live.all_closed().await;
}

#[tokio::test]
async fn a_refusal_behind_an_answer_comes_after_it() {
    let live = Live::default();
    let answer = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\nnonsense\r\n\r\n").await.fin().await;
    let (first, second) = answer.split_once("hello").unwrap();
    assert!(first.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(second.starts_with("HTTP/1.1 400 Bad Request") && second.contains("\"malformed\""), "{answer}");
}

#[tokio::test]
async fn many_idle_keep_alive_connections_are_closed() {
    let live = Live::start(brief(|options| options.idle_timeout = Duration::from_millis(200)));
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut wire = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        wire.until("hello").await;
        idle.push(wire);
    }
    for wire in &mut idle {
        wire.fin().await;
        assert!(wire.age() >= Duration::from_millis(200));
    }
    live.all_closed().await;
    assert_eq!(live.stats.idle_closes(), 20);
}

#[tokio::test]
async fn an_answer_under_way_is_not_idle() {
    let live = Live::start(brief(|options| {
        options.idle_timeout = Duration::from_millis(50);
        options.head_timeout = Duration::from_millis(50);
    }));
    let mut waiting = live.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut stream = live.stream().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    live.app.let_go();
    waiting.until("done").await;
    live.app.send("data: still here\n\n");
    stream.until("still here").await;
}
