//! Cookies: credentials that browsers send by themselves.

use crate::support::{App, LISTED, token};
use axum::body::Body;
use http::Request;

async fn status(app: &App, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(path).header("host", "push.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await.status().as_u16()
}

#[tokio::test]
async fn a_cookie_counts_on_every_route_of_the_user_and_only_for_known_pages() {
    let app = App::new();
    let cookie = format!("other=1; campanile_token={}", token("u1"));
    for (method, path, good) in [
        ("GET", "/notifications/stream", 200),
        ("GET", "/notifications", 200),
        ("GET", "/notifications/counts", 200),
        ("POST", "/notifications/seen", 204),
        ("POST", "/notifications/stream/tickets", 201),
    ] {
        for origin in ["http://push.example", "https://push.example", LISTED] {
            let headers = [("cookie", cookie.as_str()), ("origin", origin)];
            assert_eq!(status(&app, method, path, &headers).await, good, "{method} {path} {origin}");
        }
        for origin in ["https://evil.example", "null", "https://app.example.evil.example"] {
            let headers = [("cookie", cookie.as_str()), ("origin", origin)];
            assert_eq!(status(&app, method, path, &headers).await, 403, "{method} {path} {origin}");
        }
        let cross = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
        assert_eq!(status(&app, method, path, &cross).await, 403, "{method} {path}");
        let silent = if method == "GET" { good } else { 403 };
        assert_eq!(status(&app, method, path, &[("cookie", &cookie)]).await, silent, "{method} {path}");
    }
}

#[tokio::test]
async fn a_token_in_a_header_needs_no_origin() {
    let app = App::new();
    let authorization = format!("Bearer {}", token("u1"));
    let headers = [("authorization", authorization.as_str()), ("origin", "https://evil.example")];
    assert_eq!(status(&app, "POST", "/notifications/seen", &headers).await, 204);
}

#[tokio::test]
async fn a_cookie_never_counts_for_the_applications_api() {
    let app = App::new();
    let cookie = format!("campanile_token={}", crate::support::scoped("notifications:admin"));
    let headers = [("cookie", cookie.as_str()), ("origin", LISTED), ("content-type", "application/json")];
    assert_eq!(status(&app, "POST", "/api/notifications", &headers).await, 401);
    assert_eq!(status(&app, "POST", "/api/signals", &headers).await, 401);
}
