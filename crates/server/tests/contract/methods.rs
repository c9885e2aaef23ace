//! Every route and every method: what there is, what there is not, and HEAD.

use crate::support::{call, notify_many, start, unknown_id};
use campanile_testkit::{Answer, Request, TestNode};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/// Every route of users and applications with the methods it has, sorted.
fn routes() -> Vec<(String, &'static str)> {
    let id = unknown_id(1);
    let fixed = [
        ("/notifications", "GET,HEAD"),
        ("/notifications/counts", "GET,HEAD"),
        ("/notifications/changes", "GET,HEAD"),
        ("/notifications/stream", "GET,HEAD"),
        ("/notifications/stream/tickets", "POST"),
        ("/notifications/read-all", "POST"),
        ("/notifications/seen", "POST"),
        ("/notifications/bulk", "POST"),
        ("/api/notifications", "POST"),
        ("/api/notifications/batch", "POST"),
        ("/api/signals", "POST"),
        ("/api/topics/t/members", "GET,HEAD"),
        ("/api/topics/t/members/u", "DELETE,PUT"),
        ("/api/connections", "GET,HEAD"),
        ("/api/users/u", "DELETE"),
        ("/api/users/u/connections", "DELETE"),
        ("/api/users/u/revoke", "POST"),
        ("/health/live", "GET,HEAD"),
        ("/health/ready", "GET,HEAD"),
    ];
    let with_ids = [
        (format!("/notifications/{id}"), "DELETE,GET,HEAD"),
        (format!("/notifications/{id}/read"), "POST"),
        (format!("/notifications/{id}/unread"), "POST"),
        (format!("/notifications/{id}/archive"), "POST"),
        (format!("/notifications/{id}/unarchive"), "POST"),
        (format!("/api/notifications/{id}"), "DELETE,GET,HEAD"),
        (format!("/api/notifications/{id}/recipients"), "GET,HEAD"),
        (format!("/api/connections/{id}"), "DELETE"),
    ];
    fixed.into_iter().map(|(path, allowed)| (path.to_owned(), allowed)).chain(with_ids).collect()
}

/// What `Allow` lists, sorted.
fn allowed(answer: &Answer) -> String {
    let listed = answer.field("allow").unwrap_or_else(|| panic!("no Allow: {answer}"));
    let mut methods: Vec<_> = listed.split(',').map(str::trim).collect();
    methods.sort_unstable();
    methods.join(",")
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_is_405_with_those_it_has() {
    let node = start().await;
    for (path, has) in routes() {
        for method in METHODS.iter().filter(|method| !has.split(',').any(|has| has == **method)) {
            let answer = call(&node, method, &path).await;
            assert_eq!((answer.status(), allowed(&answer).as_str()), (405, has), "{method} {path}: {answer}");
            if *method != "HEAD" {
                assert_eq!(answer.problem(405)["code"], "method-not-allowed");
            }
            let without = node.send(Request::new(method, &path)).await;
            assert_eq!(without.status(), 405, "whoever asks: {without}");
        }
    }
}

#[tokio::test]
async fn every_route_wants_credentials_and_says_which() {
    let node = start().await;
    for (path, has) in routes().into_iter().filter(|(path, _)| !path.starts_with("/health")) {
        for method in has.split(',') {
            let answer = node.send(Request::new(method, &path)).await;
            assert_eq!(answer.status(), 401, "{method} {path}: {answer}");
            assert_eq!(answer.field("www-authenticate"), Some(r#"Bearer realm="campanile""#), "{answer}");
        }
    }
}

#[tokio::test]
async fn the_other_sides_credentials_are_none() {
    let node = start().await;
    for (path, has) in routes().into_iter().filter(|(path, _)| !path.starts_with("/health")) {
        for method in has.split(',') {
            let of_users = path.starts_with("/notifications");
            let (wrong, status) = if of_users { (node.api_key().to_owned(), 401) } else { (node.token("u"), 403) };
            let answer = node.send(Request::new(method, &path).bearer(&wrong)).await;
            assert_eq!(answer.status(), status, "{method} {path}: {answer}");
            let error = if of_users { r#"error="invalid_token""# } else { r#"error="insufficient_scope""# };
            assert!(answer.field("www-authenticate").is_some_and(|value| value.contains(error)), "{answer}");
        }
    }
}

/// The head without what differs from one moment to the next.
fn stable(answer: &Answer) -> Vec<String> {
    let lines = std::str::from_utf8(answer.head.raw()).unwrap().lines().map(str::to_lowercase);
    lines.filter(|line| !line.starts_with("date:")).collect()
}

async fn get_and_head(node: &TestNode, request: Request) {
    let get = node.send(request.clone()).await;
    let head = node.send(request.by("HEAD")).await;
    assert_eq!(stable(&get), stable(&head), "{get}");
    assert!(head.body.is_empty() && !get.body.is_empty(), "{get}");
    let length = get.field("content-length").map(str::to_owned);
    assert_eq!(length, Some(get.body.len().to_string()), "{get}");
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let node = start().await;
    let id = notify_many(&node, "u", 1..=2).await.remove(0);
    let token = node.token("u");
    for path in ["", "/counts", "/changes", &format!("/{id}"), &format!("/{}", unknown_id(1)), "?limit=0"] {
        get_and_head(&node, Request::get(format!("/notifications{path}")).bearer(&token)).await;
    }
    for path in [format!("/notifications/{id}"), format!("/notifications/{id}/recipients"), "/connections".into()] {
        get_and_head(&node, Request::get(format!("/api{path}")).bearer(node.api_key())).await;
    }
    for path in ["/health/live", "/health/ready", "/nowhere", "/api/nowhere", "/notifications"] {
        get_and_head(&node, Request::get(path)).await;
    }
}

#[tokio::test]
async fn what_is_almost_a_route_is_none() {
    let node = start().await;
    for path in [
        "/notifications/",
        "/Notifications",
        "//notifications",
        "/notifications/stream/",
        "/api/notifications/",
        "/api/signals/x",
        "/api/topics/t",
        "/api/users",
        "/api/users/u/erase",
        "/notifications/01890000-0000-7000-8000-000000000001/delete",
        "/notifications/%2e%2e/api/connections",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            assert_eq!(call(&node, method, path).await.problem(404)["code"], "not-found", "{method} {path}");
        }
    }
}
