//! SSE-RULES 2.4: bodies that mean no good.

use crate::support::{draft_with, items, start, start_with};
use campanile_testkit::{Answer, Request, Socket, TestNode, soon};
use serde_json::json;

async fn post(node: &TestNode, body: impl AsRef<[u8]>) -> Answer {
    let request = Request::post("/api/notifications").bearer(node.api_key()).body("application/json", body);
    node.send(request).await
}

/// A draft as text, with raw JSON as its `data`.
fn with_data(data: &str) -> String {
    format!(r#"{{"type":"t","to":{{"users":["u"]}},"data":{data}}}"#)
}

#[tokio::test]
async fn what_cannot_be_parsed_is_400_and_the_parser_stays_unseen() {
    let node = start().await;
    let deep = "[".repeat(20_000);
    let closed = with_data(&format!("{}{}", "[".repeat(5000), "]".repeat(5000)));
    for bad in [
        "",
        "{",
        "nul",
        "{}x",
        "'a'",
        "{\"type\":}",
        "[1,]",
        &deep,
        &closed,
        &with_data("1e400"),
        &with_data("\"\\ud800\""),
        &with_data("\"a\nb\""),
        &with_data("NaN"),
        &with_data("01"),
        &with_data("{\"a\":\"\\udc00\"}"),
        "\u{feff}{}",
    ] {
        let answer = post(&node, bad).await;
        let problem = answer.problem(400);
        let text = problem["detail"].as_str().unwrap().to_lowercase();
        let leaks = ["line", "column", "recursion", "expected", "serde", "eof", "trailing"];
        assert!(!leaks.iter().any(|word| text.contains(word)), "{text:?} shows the parser");
    }
    let _ = post(&node, b"{\"type\":\"\xff\"}").await.problem(400);
    let _ = post(&node, b"\xff\xfe{\0}\0").await.problem(400);
}

#[tokio::test]
async fn what_is_json_but_no_object_is_422() {
    let node = start().await;
    for bad in ["null", "[]", "\"x\"", "1", "true"] {
        let _ = post(&node, bad).await.problem(422);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_by_length_and_by_chunks() {
    let node = start().await;
    let big = draft_with("data", json!("x".repeat(64 * 1024)));
    let _ = node.post_api("/api/notifications", big).await.problem(413);
    let just = draft_with("data", json!("x".repeat(64 * 1024 - 200)));
    node.publish(just).await;
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    let head = Request::post("/api/notifications").bearer(node.api_key()).field("Content-Type", "application/json");
    socket.send(&head.field("Transfer-Encoding", "chunked").encode(node.address())).await.unwrap();
    let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
    for _ in 0..6 {
        // The server may have answered and closed already.
        let _ = socket.send(&chunk).await;
    }
    let answer = soon("413", socket.head()).await.unwrap().unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn a_length_that_is_too_large_is_refused_before_the_body() {
    let node = start().await;
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    let head = Request::post("/api/notifications").bearer(node.api_key()).field("Content-Type", "application/json");
    socket.send(&head.field("Content-Length", "1000000000").encode(node.address())).await.unwrap();
    let answer = soon("413 without a body", socket.head()).await.unwrap().unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn the_limit_is_configurable() {
    let node = start_with("LIMITS__BODY_BYTES", 2000).await;
    node.publish(draft_with("data", json!("x".repeat(1800)))).await;
    let _ = node.post_api("/api/notifications", draft_with("data", json!("x".repeat(2000)))).await.problem(413);
    let seen = Request::post("/notifications/seen").body("application/json", " ".repeat(3000));
    let _ = node.send_as("u", seen).await.problem(413);
}

#[tokio::test]
async fn the_media_type_must_be_json() {
    let node = start().await;
    let body = crate::support::draft(&["u"]).to_string();
    let request = || Request::post("/api/notifications").bearer(node.api_key());
    for good in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"] {
        let _ = node.send(request().body(good, &body)).await.expect(202);
    }
    for bad in ["text/plain", "application/x-www-form-urlencoded", "application/json-seq", "text/json", "x", ""] {
        let _ = node.send(request().body(bad, &body)).await.problem(415);
    }
    let without = request().field("Content-Length", body.len().to_string());
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    socket.send(&[without.encode(node.address()), body.into_bytes()].concat()).await.unwrap();
    assert_eq!(soon("415", socket.head()).await.unwrap().unwrap().status(), 415);
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let node = start().await;
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    let request = Request::post("/api/notifications").bearer(node.api_key()).field("Content-Encoding", "gzip");
    let status = node.send(request.body("application/json", gzip)).await.status();
    assert!([400, 415].contains(&status), "{status}");
}

#[tokio::test]
async fn nul_is_fine_in_text_and_data_and_nowhere_else() {
    let node = start().await;
    node.publish(json!({"type": "t", "to": {"users": ["u"]}, "title": "a\0b", "body": "\0", "data": {"\0": "\0"}}))
        .await;
    let item = items(&node, "u", "").await.remove(0);
    assert_eq!((item["title"].as_str(), item["data"]["\0"].as_str()), (Some("a\0b"), Some("\0")));
    for member in ["type", "link", "actorId"] {
        let _ = node.post_api("/api/notifications", draft_with(member, json!("/a\0b"))).await.problem(422);
    }
}

#[tokio::test]
async fn deep_data_within_reason_is_kept() {
    let node = start().await;
    let data = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let _ = post(&node, with_data(&data)).await.expect(202);
    assert_eq!(items(&node, "u", "").await[0]["data"].to_string(), data);
}
