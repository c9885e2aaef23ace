//! What every answer has, whatever its status: `nosniff`, no caching, CORS for listed origins; and its one media type.

use crate::support::{builder, draft, start_with};
use campanile_testkit::{Answer, Request, Socket, TestNode, soon};
use serde_json::json;

const APP: &str = "https://app.example";

/// A node with little room, and a request for each status that it answers with.
async fn of_every_status() -> (TestNode, Vec<(Request, u16)>) {
    let node = builder()
        .env("CAMPANILE_CORS__ORIGINS", APP)
        .env("CAMPANILE_ALLOWED_HOSTS", "127.0.0.1")
        .env("CAMPANILE_LIMITS__CHANGES_PER_MINUTE", 3)
        .env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 1)
        .start()
        .await;
    let id = node.notify("u", "x").await;
    let (user, key) = (node.token("u"), node.api_key().to_owned());
    let api = |method: &str, path: &str| Request::new(method, format!("/api{path}")).bearer(&key);
    let own = |method: &str, path: &str| Request::new(method, format!("/notifications{path}")).bearer(&user);
    let keyed = |body: serde_json::Value| api("POST", "/notifications").field("Idempotency-Key", "k").json(body);
    let requests = vec![
        (own("GET", ""), 200),
        (api("GET", "/connections"), 200),
        (own("POST", "/stream/tickets"), 201),
        (keyed(draft(&["u"])), 202),
        (api("DELETE", "/users/nobody"), 202),
        (own("POST", &format!("/{id}/read")), 204),
        (api("PUT", "/topics/t/members/u"), 204),
        (api("POST", "/notifications").body("application/json", "{"), 400),
        (own("GET", "").field("Authorization", "Bearer x"), 401),
        (Request::get("/notifications"), 401),
        (Request::get("/api/connections").bearer(&user), 403),
        (Request::get("/notifications").cookie("campanile_token", &user).field("Sec-Fetch-Site", "cross-site"), 403),
        (Request::get("/nowhere"), 404),
        (own("GET", "/nothing"), 404),
        (own("PATCH", ""), 405),
        (own("GET", "/stream").field("Accept", "text/html"), 406),
        (own("POST", "/seen").json(json!({"upTo": "0000000000000000-1"})), 409),
        (api("POST", "/notifications").body("application/json", " ".repeat(70_000)), 413),
        (api("POST", "/notifications").body("text/plain", "{}"), 415),
        (Request::get("/notifications").field("Host", "evil.example"), 421),
        (own("GET", "?limit=0"), 422),
        (keyed(json!({})), 422),
        (own("GET", "/changes"), 200),
        (own("GET", "/changes"), 429),
        (own("POST", "/seen"), 204),
        (own("POST", "/seen"), 429),
        (Request::get("/health/ready"), 200),
    ];
    (node, requests)
}

fn has_what_every_answer_has(answer: &Answer) {
    assert_eq!(answer.field("x-content-type-options"), Some("nosniff"), "{answer}");
    assert_eq!(answer.field("cache-control"), Some("no-store"), "{answer}");
    assert_eq!(answer.field("vary"), Some("Origin"), "{answer}");
    let date = answer.field("date").unwrap_or_else(|| panic!("no date: {answer}"));
    assert!(date.ends_with(" GMT") && date.len() == 29, "{answer}");
    let media_type = if answer.status() < 400 { "application/json" } else { "application/problem+json" };
    assert_eq!(answer.field("content-type"), (!answer.body.is_empty()).then_some(media_type), "{answer}");
    assert_eq!(answer.field("content-encoding"), None, "{answer}");
}

#[tokio::test]
async fn every_answer_forbids_sniffing_and_caching_and_varies_by_origin() {
    let (node, requests) = of_every_status().await;
    for (request, status) in requests {
        let answer = node.send(request).await.expect(status);
        has_what_every_answer_has(&answer);
        assert_eq!(answer.field("access-control-allow-origin"), None, "nobody asked: {answer}");
        if status == 429 {
            assert!(
                answer.field("retry-after").is_some_and(|value| value.parse::<u32>().is_ok_and(|wait| wait > 0)),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn every_answer_may_be_read_by_pages_of_listed_origins() {
    let (node, requests) = of_every_status().await;
    for (request, status) in requests {
        let answer = node.send(request.field("Origin", APP)).await.expect(status);
        has_what_every_answer_has(&answer);
        assert_eq!(answer.field("access-control-allow-origin"), Some(APP), "{answer}");
        assert_eq!(answer.field("access-control-allow-credentials"), Some("true"), "{answer}");
        let exposed =
            answer.field("access-control-expose-headers").unwrap_or_else(|| panic!("nothing exposed: {answer}"));
        let mut exposed: Vec<_> = exposed.split(',').map(|name| name.trim().to_lowercase()).collect();
        exposed.sort();
        assert_eq!(exposed, ["location", "retry-after", "www-authenticate"], "{answer}");
    }
}

#[tokio::test]
async fn no_answer_may_be_read_by_pages_of_other_origins() {
    for origin in ["https://evil.example", "null", "*", "https://app.example.evil.example", "HTTPS://APP.EXAMPLE"] {
        let (node, requests) = of_every_status().await;
        for (request, _) in requests {
            let answer = node.send(request.field("Origin", origin)).await;
            has_what_every_answer_has(&answer);
            let told = std::str::from_utf8(answer.head.raw()).unwrap().to_lowercase();
            assert!(!told.contains("access-control-"), "{origin}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_preflight_is_answered_for_every_path_and_without_credentials() {
    let node = start_with("CORS__ORIGINS", APP).await;
    for path in ["/notifications/stream", "/notifications/bulk", "/api/topics/t/members/u", "/api/users/u", "/nowhere"]
    {
        let request = Request::new("OPTIONS", path).field("Origin", APP);
        let answer = node.send(request.clone().field("Access-Control-Request-Method", "DELETE")).await.expect(204);
        assert!(answer.body.is_empty(), "{answer}");
        assert_eq!(answer.field("access-control-allow-origin"), Some(APP), "{answer}");
        let list = |name: &str| {
            let mut words: Vec<_> =
                answer.field(name).unwrap().split(',').map(|word| word.trim().to_lowercase()).collect();
            words.sort();
            words.join(" ")
        };
        assert_eq!(list("access-control-allow-methods"), "delete get head post put");
        let headers = "authorization cache-control content-type idempotency-key last-event-id";
        assert_eq!(list("access-control-allow-headers"), headers);
        assert_eq!(answer.field("vary"), Some("Origin"), "{answer}");
        assert!(node.send(request).await.status() >= 400, "without a method it is no preflight");
    }
}

#[tokio::test]
async fn every_body_that_is_taken_wants_json_in_utf_8() {
    let node = start_with("CORS__ORIGINS", APP).await;
    let id = node.notify("u", "x").await;
    let cursor = json!({"issuedBefore": "2020-01-01T00:00:00Z"}).to_string();
    let bulk = json!({"notificationIds": [id], "state": {"read": true}}).to_string();
    let (user, key) = (node.token("u"), node.api_key().to_owned());
    for (path, token, body) in [
        ("/notifications/seen".to_owned(), &user, "{}".to_owned()),
        ("/notifications/read-all".into(), &user, "{}".into()),
        ("/notifications/bulk".into(), &user, bulk),
        (format!("/notifications/{id}/read"), &user, "{}".into()),
        ("/notifications/stream/tickets".into(), &user, "{}".into()),
        ("/api/notifications".into(), &key, draft(&["u"]).to_string()),
        ("/api/notifications/batch".into(), &key, "[]".into()),
        ("/api/signals".into(), &key, json!({"to": {"users": ["u"]}, "event": "e"}).to_string()),
        ("/api/users/nobody/revoke".into(), &key, cursor),
    ] {
        let post = |media_type: &str| node.send(Request::post(&path).bearer(token).body(media_type, &body));
        for good in [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "APPLICATION/JSON",
        ] {
            let status = post(good).await.status();
            assert!((200..300).contains(&status), "{path} {good}: {status}");
        }
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=iso-8859-1",
            "application/json; charset=utf-16",
            "application/problem+json",
            "text/json",
            "",
        ] {
            assert_eq!(post(bad).await.problem(415)["code"], "unsupported-media-type", "{path} {bad}");
        }
        let packed =
            Request::post(&path).bearer(token).field("Content-Encoding", "gzip").body("application/json", &body);
        let _ = node.send(packed).await.problem(415);
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() {
    const LIMIT: usize = 64 * 1024;
    let node = start_with("CORS__ORIGINS", APP).await;
    let (user, key) = (node.token("u"), node.api_key().to_owned());
    for (path, token, body) in [
        ("/api/notifications", &key, draft(&["u"]).to_string()),
        ("/api/signals", &key, json!({"to": {"users": ["u"]}, "event": "e"}).to_string()),
        ("/notifications/seen", &user, "{}".to_owned()),
    ] {
        let padded = |length: usize| body.clone() + &" ".repeat(length - body.len());
        let post = |body: String| Request::post(path).bearer(token).body("application/json", body);
        let status = node.send(post(padded(LIMIT))).await.status();
        assert!((200..300).contains(&status), "{path}: {status}");
        let refused = node.send(post(padded(LIMIT + 1)).field("Origin", APP)).await;
        assert_eq!(refused.problem(413)["code"], "body-too-large");
        has_what_every_answer_has(&refused);
        assert_eq!(refused.field("access-control-allow-origin"), Some(APP), "{refused}");
    }
}

#[tokio::test]
async fn a_connection_whose_body_was_refused_can_go_on_or_is_closed_cleanly() {
    let node = start_with("LIMITS__BODY_BYTES", 1024).await;
    let mut socket = Socket::connect(node.address(), None).await.unwrap();
    let request = Request::post("/api/notifications").bearer(node.api_key()).field("Connection", "keep-alive");
    socket.send(&request.body("application/json", " ".repeat(2000)).encode(node.address())).await.unwrap();
    assert_eq!(soon("413", socket.head()).await.unwrap().unwrap().status(), 413);
    socket.body().await.unwrap();
    let again = Request::get("/health/live").encode(node.address());
    if socket.send(&again).await.is_ok() {
        let next = soon("an answer or an end", socket.head()).await.unwrap_or_default();
        assert!(next.is_none_or(|head| head.status() == 200), "the rest of a body is no request");
    }
}
