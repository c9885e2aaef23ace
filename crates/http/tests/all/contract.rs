//! What holds for all routes: unknown ones, wrong methods, the table of errors.

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
async fn every_route_of_the_application_asks_for_its_scope() {
    let app = App::new();
    let id = "00000000-0000-7000-8000-000000000000";
    for (method, path, scope) in [
        ("POST", "/api/notifications".into(), "notifications:publish"),
        ("POST", "/api/notifications/batch".into(), "notifications:publish"),
        ("POST", "/api/signals".into(), "notifications:publish"),
        ("GET", format!("/api/notifications/{id}"), "notifications:publish"),
        ("GET", format!("/api/notifications/{id}/recipients"), "notifications:publish"),
        ("DELETE", format!("/api/notifications/{id}"), "notifications:admin"),
        ("PUT", "/api/topics/t/members/u".into(), "notifications:admin"),
        ("DELETE", "/api/topics/t/members/u".into(), "notifications:admin"),
        ("GET", "/api/topics/t/members".into(), "notifications:admin"),
        ("GET", "/api/connections".into(), "notifications:admin"),
        ("DELETE", format!("/api/connections/{id}"), "notifications:admin"),
        ("DELETE", "/api/users/u/connections".into(), "notifications:admin"),
        ("POST", "/api/users/u/revoke".into(), "notifications:admin"),
        ("DELETE", "/api/users/u".into(), "notifications:admin"),
    ] {
        call(&app, method, &path, "nonsense").await.problem(401, "credentials-invalid");
        let answer = call(&app, method, &path, &scoped("other")).await;
        answer.problem(403, "insufficient-scope");
        assert!(answer.header("www-authenticate").unwrap().contains(scope), "{method} {path}");
        let publisher = call(&app, method, &path, &scoped("notifications:publish")).await.status;
        assert_eq!(publisher == 403, scope == "notifications:admin", "{method} {path}");
        for all in [KEY.to_owned(), scoped("notifications:admin")] {
            let status = call(&app, method, &path, &all).await.status;
            assert!(![401, 403, 405].contains(&status.as_u16()), "{method} {path}: {status}");
        }
        let ambient = Request::builder().method(method).uri(&path).header("cookie", format!("campanile_token={KEY}"));
        app.call(ambient.body(Body::empty()).unwrap()).await.problem(401, "credentials-missing");
    }
}

#[tokio::test]
async fn a_token_acts_on_its_own_tenant_and_a_key_on_the_one_it_names() {
    let app = App::new();
    let id = "00000000-0000-7000-8000-000000000000";
    for (method, path, status) in [
        ("GET", format!("/api/notifications/{id}"), 404),
        ("GET", format!("/api/notifications/{id}/recipients"), 404),
        ("DELETE", format!("/api/notifications/{id}"), 404),
        ("PUT", "/api/topics/t/members/u".into(), 204),
        ("GET", "/api/topics/t/members".into(), 200),
        ("GET", "/api/connections".into(), 200),
        ("DELETE", "/api/users/u/connections".into(), 202),
        ("DELETE", "/api/users/u".into(), 202),
    ] {
        let admin = scoped("notifications:admin");
        let foreign = format!("{path}?tenant=acme");
        call(&app, method, &foreign, &admin).await.problem(403, "foreign-tenant");
        assert_eq!(call(&app, method, &format!("{path}?tenant=default"), &admin).await.status, status, "{path}");
        assert_eq!(call(&app, method, &foreign, KEY).await.status, status, "{path}");
        assert_eq!(call(&app, method, &format!("{path}?tenant="), KEY).await.pointers(), ["/query/tenant"]);
    }
}

#[tokio::test]
async fn every_answer_forbids_sniffing_and_varies_by_origin() {
    let app = App::new();
    for (method, path, bearer, status) in [
        ("GET", "/nothing", "", 404),
        ("PUT", "/notifications", "", 405),
        ("GET", "/notifications", "", 401),
        ("GET", "/api/connections", KEY, 200),
        ("POST", "/api/notifications", KEY, 415),
        ("DELETE", "/api/users/u", KEY, 202),
        ("PUT", "/api/topics/t/members/u", KEY, 204),
        ("GET", "/health/live", "", 200),
        ("GET", "/openapi.json", "", 200),
    ] {
        let answer = call(&app, method, path, bearer).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
        assert_eq!(answer.header("vary"), Some("Origin"), "{method} {path}");
    }
}

#[tokio::test]
async fn the_type_of_a_problem_is_a_link_to_its_row() {
    let answer = call(&App::new(), "GET", "/nothing", "").await;
    let kind = answer.problem(404, "not-found")["type"].as_str().unwrap().to_owned();
    let (page, row) = kind.split_once('#').unwrap();
    assert!(page.starts_with("https://") && page.ends_with("/docs/errors.md"), "{page}");
    assert!(include_str!("../../../../docs/errors.md").contains(&format!("<a id=\"{row}\">")));
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
async fn the_location_of_a_notification_is_where_the_router_is_mounted_and_in_its_tenant() {
    let app = App::new();
    let router = Router::new().nest("/base", Router::new().nest("/api", app.http.api_router()));
    let app = App { router, ..app };
    let request = as_key().method("POST").uri("/base/api/notifications?tenant=acme");
    let request = request.header("content-type", "application/json");
    let answer = app.call(request.body(Body::from(r#"{"type":"t","to":{"users":["u"]}}"#)).unwrap()).await;
    let expected = format!("/base/api/notifications/{}?tenant=acme", answer.json()["notificationId"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(expected.as_str()));
}

#[test]
fn the_documentation_lists_exactly_the_codes_there_are() {
    // Below that heading are the accept loop's.
    let (docs, _) = include_str!("../../../../docs/errors.md").split_once("\n## ").unwrap();
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
