//! `docs/errors.md`, row by row: each code can be provoked from outside, has the status of its row, and leads to it.

use crate::support::{draft, start, start_with};
use campanile_testkit::{Answer, Request, Socket, TestNode, token};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt};

/// What takes too long, or an accident, to be provoked here: where it is.
const ELSEWHERE: [(&str, &str); 7] = [
    ("auth-unavailable", "tests/contract/keys/url.rs"),
    ("body-timeout", "tests/contract/deadlines.rs"),
    ("draining", "tests/contract/drain.rs"),
    ("head-timeout", "tests/contract/deadlines.rs"),
    ("idempotency-in-progress", "tests/contract/idempotency.rs"),
    ("internal", "../http/tests/all/contract.rs"),
    ("store-busy", "../http/src/failure.rs"),
];

/// The rows of the page: code and status.
fn rows() -> Vec<(&'static str, u16)> {
    let page = include_str!("../../../../docs/errors.md");
    let row = |line: &'static str| {
        let (code, rest) = line.strip_prefix("| <a id=\"")?.split_once('"')?;
        Some((code, rest.split('|').nth(1)?.trim().parse().ok()?))
    };
    page.lines().filter_map(row).collect()
}

#[tokio::test]
async fn every_code_of_the_page_can_be_provoked() {
    assert!(rows().len() > 25);
    for (code, status) in rows().into_iter().filter(|(code, _)| !ELSEWHERE.iter().any(|(there, _)| there == code)) {
        let answer = provoke(code).await;
        let problem = answer.problem(status);
        assert_eq!(problem["code"], code, "{answer}");
        let page = problem["type"].as_str().unwrap();
        assert!(page.starts_with("https://") && page.ends_with(&format!("/docs/errors.md#{code}")), "{answer}");
    }
}

#[test]
fn the_others_are_where_they_are_said_to_be() {
    for (code, file) in ELSEWHERE {
        assert!(rows().iter().any(|(row, _)| *row == code), "{code} is not on the page");
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains(code), "{file} does not provoke {code}");
    }
}

async fn provoke(code: &str) -> Answer {
    match code {
        "malformed" => publish_raw(&start().await, "{").await,
        "no-host" => bytes(&start().await, b"GET /health/live HTTP/1.1\r\n\r\n").await,
        "credentials-missing" => start().await.send(Request::get("/notifications")).await,
        "credentials-invalid" => start().await.send(Request::get("/notifications").bearer("stale")).await,
        "user-claim-missing" => with_claims(&start().await, json!({"exp": token::now() + 60})).await,
        "tenant-claim-missing" => start_with("AUTH__TENANT_CLAIM", "org").await.get_as("u", "/notifications").await,
        "foreign-origin" => from_a_foreign_page(&start().await).await,
        "insufficient-scope" => start().await.send_as("u", publish(draft(&["u"]))).await,
        "foreign-tenant" => for_another_tenant(&start().await).await,
        "not-found" => start().await.get_as("u", "/nowhere").await,
        "method-not-allowed" => start().await.post_as("u", "/notifications").await,
        "not-acceptable" => without_streams(&start().await).await,
        "foreign-cursor" => with_anothers_cursor(&start().await).await,
        _ => provoke_more(code).await,
    }
}

async fn provoke_more(code: &str) -> Answer {
    match code {
        "body-too-large" => publish_raw(&start().await, &" ".repeat(65_537)).await,
        "unsupported-media-type" => as_text(&start().await).await,
        "misdirected" => start_with("ALLOWED_HOSTS", "a.example").await.send(Request::get("/notifications")).await,
        "invalid" => start().await.post_api("/api/notifications", json!({})).await,
        "idempotency-key-reused" => another_body(&start().await).await,
        "too-many-connections" => one_stream_more(&start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await, "u").await,
        "node-full" => one_stream_more(&start_with("SSE__MAX_CONNECTIONS", 1).await, "v").await,
        "too-many-connects" => one_stream_more(&start_with("LIMITS__CONNECTS_PER_MINUTE", 1).await, "u").await,
        "too-many-changes" => two_changes(&start_with("LIMITS__CHANGES_PER_MINUTE", 1).await).await,
        "too-many-tickets" => many_tickets(&start().await).await,
        "uri-too-long" => start().await.send(Request::get(format!("/{}", "x".repeat(40_000)))).await,
        "head-too-large" => start().await.send(Request::get("/").field("X-Large", "x".repeat(400_000))).await,
        "store-unavailable" => on_a_full_disk().await,
        other => panic!("{other} is on the page, and nothing here provokes it"),
    }
}

fn publish(draft: Value) -> Request {
    Request::post("/api/notifications").json(draft)
}

async fn publish_raw(node: &TestNode, body: &str) -> Answer {
    let request = Request::post("/api/notifications").bearer(node.api_key());
    node.send(request.body("application/json", body)).await
}

async fn as_text(node: &TestNode) -> Answer {
    node.send(Request::post("/api/notifications").bearer(node.api_key()).body("text/plain", "{}")).await
}

/// A request as these bytes.
async fn bytes(node: &TestNode, request: &[u8]) -> Answer {
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    socket.send(request).await.unwrap();
    let head = socket.head().await.unwrap().unwrap();
    Answer { head, body: socket.body().await.unwrap() }
}

async fn with_claims(node: &TestNode, claims: Value) -> Answer {
    node.send(Request::get("/notifications").bearer(&node.sign(claims))).await
}

async fn without_streams(node: &TestNode) -> Answer {
    node.send_as("u", Request::get("/notifications/stream").field("Accept", "text/html")).await
}

async fn from_a_foreign_page(node: &TestNode) -> Answer {
    let request = Request::get("/notifications").cookie("campanile_token", &node.token("u"));
    node.send(request.field("Origin", "https://evil.example")).await
}

async fn for_another_tenant(node: &TestNode) -> Answer {
    let token = node.sign(json!({"sub": "a", "scope": "notifications:publish", "exp": token::now() + 60}));
    let mut draft = draft(&["u"]);
    draft["tenant"] = "acme".into();
    node.send(publish(draft).bearer(&token)).await
}

async fn with_anothers_cursor(node: &TestNode) -> Answer {
    for title in ["1", "2"] {
        node.notify("u", title).await;
        node.notify("v", title).await;
    }
    let page = node.get_as("u", "/notifications?limit=1").await.expect(200).json();
    node.get_as("v", &format!("/notifications?cursor={}", page["nextCursor"].as_str().unwrap())).await
}

async fn another_body(node: &TestNode) -> Answer {
    let with_key = |user| publish(draft(&[user])).bearer(node.api_key()).field("Idempotency-Key", "k");
    let _ = node.send(with_key("u")).await.expect(202);
    node.send(with_key("v")).await
}

async fn one_stream_more(node: &TestNode, user: &str) -> Answer {
    let mut first = node.stream("u").open().await;
    first.ready().await;
    node.stream(user).refused().await
}

async fn two_changes(node: &TestNode) -> Answer {
    let id = node.notify("u", "1").await;
    let _ = node.post_as("u", &format!("/notifications/{id}/read")).await.expect(204);
    node.post_as("u", &format!("/notifications/{id}/unread")).await
}

async fn many_tickets(node: &TestNode) -> Answer {
    for _ in 0..1000 {
        let _ = node.post_as("u", "/notifications/stream/tickets").await.expect(201);
    }
    node.post_as("u", "/notifications/stream/tickets").await
}

/// A file cannot grow beyond a limit: to the store that is a full disk. Smaller ones may fit where a large one did not, and a checkpoint may
/// make room once more, so it is filled until the store itself finds none.
async fn on_a_full_disk() -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let limited = folder.path().join("campanile");
    let script = "#!/bin/sh\nulimit -f 2048\ntrap '' XFSZ\nexec ";
    fs::write(&limited, format!("{script}'{}' \"$@\"\n", env!("CARGO_BIN_EXE_campanile"))).unwrap();
    fs::set_permissions(&limited, fs::Permissions::from_mode(0o700)).unwrap();
    let node = TestNode::builder(&limited).start().await;
    let (mut large, mut size, mut acknowledged) = (draft(&["u"]), 60_000, 0);
    for _ in 0..2000 {
        large["data"] = "x".repeat(size).into();
        let answer = node.post_api("/api/notifications", large.clone()).await;
        if answer.status() == 202 {
            acknowledged += 1;
            continue;
        }
        assert_eq!(answer.problem(503)["code"], "store-unavailable", "{answer}");
        size /= 2;
        let ready = node.send(Request::get("/health/ready")).await;
        if ready.status() != 200 {
            let _ = ready.problem(503);
            let kept = node.get_as("u", "/notifications/counts").await.expect(200).json();
            assert_eq!(kept["unread"], acknowledged, "what was acknowledged is there, and nothing else");
            return answer;
        }
    }
    panic!("after 2000 publishes into 1 MB, {acknowledged} of them acknowledged, the store still finds room")
}
