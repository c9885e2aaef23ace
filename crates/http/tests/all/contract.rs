//! What holds for all routes: unknown ones, wrong methods, parts that are not built, the table of errors.

use crate::support::{App, KEY, as_key, scoped, token};
use axum::{Router, body::Body, routing::get};
use campanile_http::Code;
use http::Request;

async fn call(app: &App, method: &str, path: &str, bearer: &str) -> crate::support::Answer {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {bearer}"));
    app.call(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn unknown_routes_are_404() {
    let app = App::new();
    for path in ["/notifications/a/b", "/notifications/", "/api", "/api/", "/api/nothing", "/notifications/%ff"] {
        call(&app, "GET", path, &token("u1")).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn wrong_methods_are_405_and_the_right_ones_are_named() {
    let app = App::new();
    for (method, path, allow) in [
        ("PUT", "/notifications", "GET,HEAD"),
        ("POST", "/notifications/stream", "GET,HEAD"),
        ("GET", "/notifications/stream/tickets", "POST"),
        ("GET", "/notifications/seen", "POST"),
        ("PATCH", "/notifications/00000000-0000-7000-8000-000000000000", "GET,HEAD,DELETE"),
        ("GET", "/api/signals", "POST"),
        ("DELETE", "/api/notifications", "POST"),
        ("POST", "/health/ready", "GET,HEAD"),
        ("DELETE", "/metrics", "GET,HEAD"),
        ("OPTIONS", "/notifications/stream", "GET,HEAD"),
    ] {
        let answer = call(&app, method, path, &token("u1")).await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_not_built_says_so_to_whoever_may_ask() {
    let app = App::new();
    let user = token("u1");
    for (method, path) in [("POST", "/notifications/bulk"), ("GET", "/notifications/changes")] {
        call(&app, method, path, &user).await.problem(501, "not-in-this-build");
        call(&app, method, path, "nonsense").await.problem(401, "credentials-invalid");
    }
    for (method, path) in [
        ("POST", "/api/notifications/batch"),
        ("GET", "/api/notifications/00000000-0000-7000-8000-000000000000"),
        ("GET", "/api/notifications/00000000-0000-7000-8000-000000000000/recipients"),
        ("DELETE", "/api/notifications/00000000-0000-7000-8000-000000000000"),
        ("PUT", "/api/topics/t/members/u"),
        ("DELETE", "/api/topics/t/members/u"),
        ("GET", "/api/topics/t/members"),
        ("GET", "/api/connections"),
        ("DELETE", "/api/connections/c"),
        ("DELETE", "/api/users/u/connections"),
        ("POST", "/api/users/u/revoke"),
        ("DELETE", "/api/users/u"),
    ] {
        call(&app, method, path, KEY).await.problem(501, "not-in-this-build");
        call(&app, method, path, "nonsense").await.problem(401, "credentials-invalid");
        call(&app, method, path, &scoped("other")).await.problem(403, "insufficient-scope");
    }
    call(&app, "GET", "/openapi.json", "").await.problem(501, "not-in-this-build");
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_request() {
    let app = App::new();
    let router = app.http.finish(Router::new().route("/boom", get(boom)));
    let app = App { router, ..app };
    let answer = app.call(Request::get("/boom?token=secret").body(Body::empty()).unwrap()).await;
    let problem = answer.problem(500, "internal");
    assert!(!problem.to_string().contains("private words"), "{problem}");
    assert_eq!(answer.header("vary"), Some("Origin"));
}

async fn boom() -> &'static str {
    panic!("private words")
}

#[tokio::test]
async fn the_location_of_a_notification_is_where_the_router_is_mounted() {
    let app = App::new();
    let router = Router::new().nest("/base", Router::new().nest("/api", app.http.api_router()));
    let app = App { router, ..app };
    let request = as_key().method("POST").uri("/base/api/notifications?tenant=acme");
    let request = request.header("content-type", "application/json");
    let answer = app.call(request.body(Body::from(r#"{"type":"t","to":{"users":["u"]}}"#)).unwrap()).await;
    let expected = format!("/base/api/notifications/{}", answer.json()["notificationId"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(expected.as_str()));
}

#[test]
fn the_documentation_lists_exactly_the_codes_there_are() {
    let docs = include_str!("../../../../docs/errors.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| <a id=\""));
    let documented: Vec<(String, String)> = rows
        .map(|row| {
            let (code, rest) = row.split_once('"').unwrap();
            let mut cells = rest.split('|').map(str::trim);
            assert_eq!(cells.next(), Some(format!("></a>`{code}`").as_str()), "{row}");
            let status = cells.next().unwrap().to_owned();
            assert!(cells.next().is_some_and(|meaning| !meaning.is_empty()), "{row}");
            assert!(cells.next().is_some_and(|remedy| !remedy.is_empty()), "{row}");
            (code.to_owned(), status)
        })
        .collect();
    let expected: Vec<_> =
        Code::ALL.iter().map(|code| (code.as_str().to_owned(), code.status().as_u16().to_string())).collect();
    assert_eq!(documented, expected);
}
