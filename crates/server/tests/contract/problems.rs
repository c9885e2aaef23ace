//! What goes wrong, and how it is told.

use crate::support::{draft, start};
use campanile_testkit::{Answer, Request};
use serde_json::json;

#[tokio::test]
async fn what_is_not_there_is_404_in_the_same_form_everywhere() {
    let node = start().await;
    for path in [
        "/nowhere",
        "/notifications/x/y/z",
        "/api",
        "/api/nowhere",
        "/notifications/stream/x",
        "/.env",
        "/console",
        "/metrics",
    ] {
        let _ = node.send(Request::get(path).bearer(node.api_key())).await.problem(404);
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let node = start().await;
    for (method, path, allowed) in [
        ("POST", "/notifications", "GET"),
        ("DELETE", "/notifications/counts", "GET"),
        ("GET", "/notifications/read-all", "POST"),
        ("GET", "/api/notifications", "POST"),
        ("PUT", "/api/signals", "POST"),
        ("POST", "/health/live", "GET"),
    ] {
        let answer = node.send(Request::new(method, path).bearer(node.api_key())).await;
        let _ = answer.problem(405);
        assert!(answer.field("allow").is_some_and(|allow| allow.contains(allowed)), "{answer}");
    }
}

#[tokio::test]
async fn every_answer_forbids_sniffing() {
    let node = start().await;
    let requests = [
        Request::get("/notifications").bearer(&node.token("u")),
        Request::get("/notifications"),
        Request::get("/nowhere"),
        Request::post("/notifications/seen").bearer(&node.token("u")),
        Request::new("OPTIONS", "/notifications"),
        Request::get("/health/live"),
        Request::get("/health/ready"),
        Request::post("/api/notifications").bearer(node.api_key()).json(json!({})),
        Request::post("/api/notifications").bearer(node.api_key()).json(draft(&["u"])),
    ];
    for request in requests {
        let answer = node.send(request).await;
        assert_eq!(answer.field("x-content-type-options"), Some("nosniff"), "{answer}");
    }
    let metrics = Request::get("/metrics").send(node.admin_address()).await;
    assert_eq!(metrics.field("x-content-type-options"), Some("nosniff"), "{metrics}");
}

#[tokio::test]
async fn codes_are_stable_words_and_titles_belong_to_them() {
    let node = start().await;
    let code = |answer: &Answer| {
        let problem = answer.json();
        let code = problem["code"].as_str().unwrap().to_owned();
        let plain = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(plain && problem["type"].as_str().unwrap().ends_with(&code), "{answer}");
        (code, problem["title"].as_str().unwrap().to_owned())
    };
    let missing = code(&node.send(Request::get("/notifications")).await);
    let bad = code(&node.send(Request::get("/notifications").bearer("x")).await);
    assert_ne!(missing, bad);
    let again = code(&node.send(Request::get("/notifications/counts").bearer("y")).await);
    assert_eq!(bad, again);
}

#[tokio::test]
async fn no_error_repeats_what_was_sent() {
    let node = start().await;
    let token = "SECRET-TOKEN-0123456789";
    let answers = [
        node.send(Request::get("/notifications").bearer(token)).await,
        node.send(Request::get(format!("/{token}"))).await,
        node.get_as("u", &format!("/notifications?limit={token}&{token}=1")).await,
        node.get_as("u", &format!("/notifications/{token}")).await,
        node.post_api(
            "/api/notifications",
            json!({"type": format!("{token} <script>"), "to": {"users": [token]}, "link": token}),
        )
        .await,
        node.send(Request::post("/api/notifications").bearer(node.api_key()).body("application/json", token)).await,
    ];
    for answer in &answers[..1] {
        assert!(!answer.to_string().contains(token), "{answer}");
    }
    for answer in answers {
        assert!((400..500).contains(&answer.status()), "{answer}");
        let text = answer.text();
        assert!(!text.contains("<script>"), "{answer}");
        assert!(!answer.json()["detail"].as_str().unwrap().contains(token), "{answer}");
    }
}

#[tokio::test]
async fn answers_are_json_and_say_so() {
    let node = start().await;
    for answer in [
        node.get_as("u", "/notifications").await,
        node.get_as("u", "/notifications/counts").await,
        node.post_api("/api/notifications", draft(&["u"])).await,
        node.post_as("u", "/notifications/stream/tickets").await,
    ] {
        assert_eq!(answer.field("content-type"), Some("application/json"), "{answer}");
        assert_eq!(answer.field("cache-control"), Some("no-store"), "{answer}");
        let _ = answer.json();
    }
}
