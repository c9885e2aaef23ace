//! SSE-RULES 2.1, as far as it is about requests: HTTP/1.1 that is not what it should be.

use crate::support::start;
use campanile_testkit::{Request, Socket, TestNode, soon};

/// Sends bytes and answers everything that comes back up to the close.
async fn raw(node: &TestNode, bytes: &[u8]) -> String {
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    let _ = socket.send(bytes).await; // The server may have closed before it has taken everything.
    let all = soon("the end of the connection", socket.raw_to_end()).await.unwrap_or_default();
    String::from_utf8_lossy(&all).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn malformed_heads_are_400() {
    let node = start().await;
    for bad in [
        "GET /notifications HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /notifications HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n",
        "GET /notifications HTTP/1.1\r\nHost: x\r\nA\rB: c\r\n\r\n",
        "GET /notifications HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
        "GET /notifications HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /noti fications HTTP/1.1\r\nHost: x\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let answer = raw(&node, bad.as_bytes()).await;
        assert_eq!(status(&answer), "400", "{bad:?}: {answer}");
    }
}

#[tokio::test]
async fn a_head_flood_is_refused() {
    let node = start().await;
    let many: String = (0..200).map(|number| format!("X-{number}: y\r\n")).collect();
    let answer = raw(&node, format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n").as_bytes()).await;
    assert_eq!(status(&answer), "431", "{answer}");
    let large = "y".repeat(500_000);
    let answer = raw(&node, format!("GET / HTTP/1.1\r\nHost: x\r\nX: {large}\r\n\r\n").as_bytes()).await;
    assert!(["431", "400", ""].contains(&status(&answer)), "{}", &answer[..answer.len().min(200)]);
    let _ = node.send(Request::get("/health/live")).await.expect(200);
}

#[tokio::test]
async fn a_length_and_a_coding_together_smuggle_nothing() {
    let node = start().await;
    let smuggled = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let head = "POST /notifications/seen HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let answer = raw(&node, format!("{head}{smuggled}").as_bytes()).await;
    let answers = answer.matches("HTTP/1.1 ").count();
    assert!(status(&answer) == "400" || answers == 1, "the connection must end after it: {answer}");
}

#[tokio::test]
async fn a_request_behind_a_stream_is_no_second_stream() {
    let node = start().await;
    let request = Request::get("/notifications/stream").bearer(&node.token("u")).field("Connection", "keep-alive");
    let one = request.encode(node.address());
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    socket.send(&[one.clone(), one].concat()).await.unwrap();
    let head = soon("a head", socket.head()).await.unwrap().unwrap();
    assert_eq!(head.status(), 200);
    node.has_streams(1).await;
    node.notify("u", "x").await;
    let mut body = Vec::new();
    while !body.windows(12).any(|part| part == b"notification") {
        body.extend(soon("the event", socket.body_piece()).await.unwrap().unwrap());
    }
    let text = String::from_utf8(body).unwrap();
    assert!(!text.contains("HTTP/1.1") && text.matches("event: ready").count() == 1, "{text}");
    assert!(node.metric("campanile_connections", "").await < 1.5);
    drop(socket);
    node.has_streams(0).await;
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let node = start().await;
    let request = Request::get("/notifications/counts").bearer(&node.token("u")).field("Connection", "keep-alive");
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    for _ in 0..3 {
        socket.send(&request.encode(node.address())).await.unwrap();
        let head = soon("a head", socket.head()).await.unwrap().unwrap();
        assert_eq!(head.status(), 200);
        assert!(!soon("a body", socket.body()).await.unwrap().is_empty());
    }
    let stream = Request::get("/notifications/stream").bearer(&node.token("u")).field("Connection", "keep-alive");
    socket.send(&stream.encode(node.address())).await.unwrap();
    let head = soon("a head", socket.head()).await.unwrap().unwrap();
    assert_eq!((head.status(), head.get("connection")), (200, Some("close")));
}

#[tokio::test]
async fn http_1_0_gets_a_stream_too() {
    let node = start().await;
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    let token = node.token("u");
    let request = format!("GET /notifications/stream HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    socket.send(request.as_bytes()).await.unwrap();
    let head = soon("a head", socket.head()).await.unwrap().unwrap();
    assert_eq!((head.status(), head.get("transfer-encoding")), (200, None));
    let mut body = Vec::new();
    while !body.ends_with(b"\n\n") {
        body.extend(soon("ready", socket.body_piece()).await.unwrap().unwrap());
    }
    assert!(body.starts_with(b"retry: "), "{body:?}");
}
