//! Section 2 and SSE-RULES 2.6: cookies count only for pages that may use them.

use crate::support::{counts, start, start_with};
use campanile_testkit::{Answer, Request, TestNode};

const APP: &str = "https://app.example";

async fn with_cookie(node: &TestNode, request: Request, headers: &[(&str, &str)]) -> Answer {
    let request = request.cookie("campanile_token", &node.token("u"));
    let request = headers.iter().fold(request, |request, (name, value)| request.field(name, value));
    node.send(request).await
}

/// What each set of headers comes to: a stream, a read and a change.
async fn outcome(node: &TestNode, headers: &[(&str, &str)]) -> [u16; 3] {
    let stream = node.anonymous_stream().cookie("campanile_token", &node.token("u"));
    let stream = headers.iter().fold(stream, |stream, (name, value)| stream.field(name, *value));
    let read = with_cookie(node, Request::get("/notifications"), headers).await;
    let change = with_cookie(node, Request::post("/notifications/seen"), headers).await;
    [stream.open().await.status(), read.status(), change.status()]
}

#[tokio::test]
async fn cookies_count_for_the_own_host_and_for_listed_origins() {
    let node = start_with("CORS__ORIGINS", APP).await;
    let own = format!("http://{}", node.address());
    for headers in [
        &[("Origin", own.as_str())][..],
        &[("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")],
        &[("Origin", APP)],
        &[("Origin", APP), ("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "same-origin")],
    ] {
        assert_eq!(outcome(&node, headers).await, [200, 200, 204], "{headers:?}");
    }
}

#[tokio::test]
async fn cookies_from_a_foreign_origin_are_403_the_stream_included() {
    let node = start_with("CORS__ORIGINS", APP).await;
    let port = node.address().port();
    let other_port = format!("http://127.0.0.1:{}", port ^ 1);
    let prefixed = format!("http://127.0.0.1:{port}.evil.example");
    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.evil.com",
        "https://evil-app.example",
        "http://app.example",
        "https://app.example:444",
        "https://app.example/",
        other_port.as_str(),
        prefixed.as_str(),
        "",
        "file://",
    ] {
        assert_eq!(outcome(&node, &[("Origin", origin)]).await, [403; 3], "{origin:?}");
    }
}

#[tokio::test]
async fn a_cross_site_request_with_a_cookie_is_403() {
    let node = start_with("CORS__ORIGINS", APP).await;
    assert_eq!(outcome(&node, &[("Sec-Fetch-Site", "cross-site")]).await, [403; 3]);
    assert_eq!(outcome(&node, &[("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")]).await, [403; 3]);
}

/// A ticket was given to a page that had credentials; a cookie beside it still is one, and comes first.
#[tokio::test]
async fn a_ticket_counts_for_any_page_and_helps_no_cookie() {
    let node = start().await;
    let ticket = node.post_as("u", "/notifications/stream/tickets").await.expect(201).json();
    let request = node.anonymous_stream().ticket(ticket["ticket"].as_str().unwrap());
    let request = request.field("Origin", "https://evil.example").field("Sec-Fetch-Site", "cross-site");
    let with_cookie = request.clone().cookie("campanile_token", &node.token("v"));
    let _ = with_cookie.refused().await.problem(403);
    assert_eq!(request.open().await.ready().await.json["user"], "u");
}

/// No page can send these; whoever does is not given the benefit of the doubt.
#[tokio::test]
async fn two_origins_are_a_foreign_one() {
    let node = start_with("CORS__ORIGINS", APP).await;
    assert_eq!(outcome(&node, &[("Origin", APP), ("Origin", APP)]).await, [403; 3]);
    let own = format!("http://{}", node.address());
    assert_eq!(outcome(&node, &[("Origin", APP), ("Origin", &own)]).await, [403; 3]);
    assert_eq!(outcome(&node, &[("Origin", &format!("{APP}, {APP}"))]).await, [403; 3]);
}

#[tokio::test]
async fn a_change_with_a_cookie_must_say_where_it_comes_from() {
    let node = start().await;
    assert_eq!(outcome(&node, &[]).await, [200, 200, 403], "no Origin is no browser, or a browser that only reads");
    let id = node.notify("u", "x").await;
    for (method, path) in [
        ("POST", format!("/notifications/{id}/read")),
        ("POST", format!("/notifications/{id}/archive")),
        ("POST", format!("/notifications/{id}/unread")),
        ("POST", format!("/notifications/{id}/unarchive")),
        ("DELETE", format!("/notifications/{id}")),
        ("POST", "/notifications/read-all".into()),
        ("POST", "/notifications/seen".into()),
        ("POST", "/notifications/bulk".into()),
        ("POST", "/notifications/stream/tickets".into()),
    ] {
        let _ = with_cookie(&node, Request::new(method, &path), &[]).await.problem(403);
        let foreign = [("Origin", "https://evil.example")];
        let _ = with_cookie(&node, Request::new(method, &path), &foreign).await.problem(403);
    }
    assert_eq!(counts(&node, "u").await, (1, 1, 1), "nothing happened");
}

#[tokio::test]
async fn every_change_counts_with_a_cookie_of_the_own_page() {
    let node = start().await;
    let own = format!("http://{}", node.address());
    let id = node.notify("u", "x").await;
    let bulk = serde_json::json!({"notificationIds": [id], "state": {"seen": true}});
    for (request, status) in [
        (Request::post(format!("/notifications/{id}/read")), 204),
        (Request::post("/notifications/bulk").json(bulk), 200),
        (Request::post("/notifications/stream/tickets"), 201),
        (Request::get("/notifications/changes"), 200),
        (Request::new("HEAD", "/notifications/stream"), 200),
        (Request::new("DELETE", format!("/notifications/{id}")), 204),
    ] {
        let answer = with_cookie(&node, request.clone(), &[("Origin", "https://evil.example")]).await;
        assert_eq!(answer.status(), 403, "{answer}");
        let answer = with_cookie(&node, request, &[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]).await;
        assert_eq!(answer.status(), status, "{answer}");
    }
}

#[tokio::test]
async fn a_refusal_for_a_foreign_origin_has_no_event_and_no_place() {
    let node = start().await;
    let stream =
        node.anonymous_stream().cookie("campanile_token", &node.token("u")).field("Origin", "https://evil.example");
    let answer = stream.query("eventsource", "1").refused().await;
    let _ = answer.problem(403);
    node.has_streams(0).await;
}

#[tokio::test]
async fn a_token_in_a_header_counts_for_any_origin() {
    let node = start().await;
    let foreign =
        |request: Request| request.field("Origin", "https://evil.example").field("Sec-Fetch-Site", "cross-site");
    let _ = node.send_as("u", foreign(Request::get("/notifications"))).await.expect(200);
    let _ = node.send_as("u", foreign(Request::post("/notifications/seen"))).await.expect(204);
    let with_cookie_too = foreign(Request::post("/notifications/seen")).cookie("campanile_token", &node.token("v"));
    let _ = node.send_as("u", with_cookie_too).await.expect(204);
}

#[tokio::test]
async fn the_media_types_of_forms_do_not_reach_a_handler() {
    let node = start().await;
    let own = format!("http://{}", node.address());
    for media_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"] {
        let request = Request::post("/notifications/read-all").body(media_type, "{}");
        let _ = with_cookie(&node, request, &[("Origin", &own)]).await.problem(415);
    }
}
