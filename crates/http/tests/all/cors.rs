//! Cross-origin answers.

use crate::support::{Answer, App, LISTED};
use axum::body::Body;
use http::Request;

async fn preflight(app: &App, path: &str, origin: &str) -> Answer {
    let request = Request::options(path)
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "last-event-id,authorization");
    app.call(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_preflight_of_a_listed_origin_is_allowed_what_the_contract_lists() {
    for path in ["/notifications/stream", "/notifications", "/api/notifications", "/notifications/unknown/route"] {
        let answer = preflight(&App::new(), path, LISTED).await;
        assert_eq!(answer.status, 204, "{path}: {answer}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("authorization, last-event-id, cache-control, content-type, idempotency-key")
        );
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD, POST, PUT, DELETE"));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn any_other_origin_is_allowed_nothing() {
    let app = App::new();
    for origin in ["null", "*", "https://evil.example", "https://app.example.evil.example", "http://app.example"] {
        let asked = preflight(&app, "/notifications/stream", origin).await;
        let got = app.call(Request::get("/notifications").header("origin", origin).body(Body::empty()).unwrap()).await;
        for answer in [asked, got] {
            let allowed = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(allowed.count(), 0, "{origin}: {answer}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{origin}");
        }
    }
}

#[tokio::test]
async fn every_answer_says_who_may_read_it_errors_included() {
    let app = App::new();
    for (method, path, status) in [
        ("GET", "/notifications/counts", 401),
        ("GET", "/notifications/stream", 401),
        ("POST", "/api/notifications", 401),
        ("PATCH", "/notifications/counts", 405),
        ("GET", "/notifications/a/b/c", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/health/live", 200),
    ] {
        let request = Request::builder().method(method).uri(path).header("origin", LISTED);
        let answer = app.call(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED), "{method} {path}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{method} {path}");
        assert_eq!(answer.header("access-control-expose-headers"), Some("Retry-After, Location, WWW-Authenticate"));
        assert_eq!(answer.headers.get_all("vary").iter().count(), 1, "{method} {path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
    }
}

#[tokio::test]
async fn an_answer_to_nobody_in_particular_varies_too() {
    let app = App::new();
    let answer = app.user("u1", "GET", "/notifications").await;
    assert_eq!((answer.status.as_u16(), answer.header("vary")), (200, Some("Origin")));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
