//! Section 2 and SSE-RULES 2.6: CORS.

use crate::support::{start, start_with};
use campanile_testkit::{Answer, Request, TestNode};

const APP: &str = "https://app.example";

fn words(answer: &Answer, name: &str) -> Vec<String> {
    let all: Vec<_> =
        answer.head.all(name).flat_map(|value| value.split(',')).map(|word| word.trim().to_lowercase()).collect();
    all
}

async fn preflight(node: &TestNode, path: &str, origin: &str, method: &str) -> Answer {
    let request = Request::new("OPTIONS", path).field("Origin", origin).field("Access-Control-Request-Method", method);
    node.send(request.field("Access-Control-Request-Headers", "authorization,last-event-id")).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.field("access-control-allow-origin")
}

#[tokio::test]
async fn a_preflight_of_a_listed_origin_is_told_what_is_allowed() {
    let node = start_with("CORS__ORIGINS", format!("https://other.example,{APP}")).await;
    for path in ["/notifications/stream", "/notifications", "/notifications/read-all", "/api/notifications"] {
        let answer = preflight(&node, path, APP, "POST").await;
        assert!([200, 204].contains(&answer.status()), "{answer}");
        assert_eq!(allowed(&answer), Some(APP));
        assert_eq!(answer.field("access-control-allow-credentials"), Some("true"));
        for header in ["authorization", "last-event-id", "cache-control", "content-type", "idempotency-key"] {
            assert!(words(&answer, "access-control-allow-headers").contains(&header.into()), "{header}: {answer}");
        }
        for method in ["get", "head", "post", "put", "delete"] {
            assert!(words(&answer, "access-control-allow-methods").contains(&method.into()), "{method}: {answer}");
        }
        assert!(words(&answer, "vary").contains(&"origin".into()), "{answer}");
    }
}

#[tokio::test]
async fn a_preflight_of_any_other_origin_is_allowed_nothing() {
    let node = start_with("CORS__ORIGINS", APP).await;
    for origin in [
        "null",
        "*",
        "https://evil.example",
        "https://app.example.evil.com",
        "http://app.example",
        "https://app.example:8443",
    ] {
        let answer = preflight(&node, "/notifications/stream", origin, "GET").await;
        assert_eq!(allowed(&answer), None, "{answer}");
        assert_eq!(answer.field("access-control-allow-credentials"), None, "{answer}");
        assert!(words(&answer, "vary").contains(&"origin".into()), "{answer}");
    }
}

#[tokio::test]
async fn every_answer_says_so_errors_included() {
    let node = start_with("CORS__ORIGINS", APP).await;
    let requests = [
        (Request::get("/notifications").bearer(&node.token("u")), 200),
        (Request::get("/notifications"), 401),
        (Request::get("/notifications?limit=0").bearer(&node.token("u")), 422),
        (Request::get("/notifications/x").bearer(&node.token("u")), 404),
        (Request::get("/nowhere"), 404),
        (Request::new("PATCH", "/notifications").bearer(&node.token("u")), 405),
        (Request::post("/notifications/seen").bearer(&node.token("u")), 204),
        (Request::post("/api/notifications"), 401),
        (Request::get("/notifications/stream").field("Accept", "text/html").bearer(&node.token("u")), 406),
    ];
    for (request, status) in requests {
        let answer = node.send(request.clone().field("Origin", APP)).await.expect(status);
        assert_eq!(allowed(&answer), Some(APP), "{answer}");
        assert_eq!(answer.field("access-control-allow-credentials"), Some("true"), "{answer}");
        let exposed = words(&answer, "access-control-expose-headers");
        assert!(
            ["retry-after", "location", "www-authenticate"].iter().all(|name| exposed.contains(&(*name).to_owned())),
            "{answer}"
        );
        assert!(words(&answer, "vary").contains(&"origin".into()), "{answer}");
        let foreign = node.send(request.clone().field("Origin", "https://evil.example")).await.expect(status);
        assert_eq!(allowed(&foreign), None, "{foreign}");
        let without = node.send(request).await.expect(status);
        assert_eq!(allowed(&without), None, "{without}");
        assert!(words(&without, "vary").contains(&"origin".into()), "{without}");
    }
}

#[tokio::test]
async fn a_stream_of_a_listed_origin_says_so() {
    let node = start_with("CORS__ORIGINS", APP).await;
    let mut stream =
        node.anonymous_stream().cookie("campanile_token", &node.token("u")).field("Origin", APP).open().await;
    stream.ready().await;
    assert_eq!(stream.head().get("access-control-allow-origin"), Some(APP));
    assert_eq!(stream.head().get("access-control-allow-credentials"), Some("true"));
}

#[tokio::test]
async fn without_origins_no_page_elsewhere_may_read_anything() {
    let node = start().await;
    let answer = preflight(&node, "/notifications/stream", APP, "GET").await;
    assert_eq!(allowed(&answer), None, "{answer}");
    let answer = node.send_as("u", Request::get("/notifications").field("Origin", APP)).await.expect(200);
    assert_eq!(allowed(&answer), None, "{answer}");
}
