//! The page with a bell that an application may mount.

use super::{SECRET, campanile, get};
use axum::{Router, body::Body, http::Request};
use campanile::{AuthError, Campanile, MemoryStore};
use tower::ServiceExt;

#[tokio::test]
async fn the_demo_page_knows_where_it_is_and_where_the_routes_are() {
    let campanile = campanile().await;
    let app: Router = Router::new().nest("/bell", campanile.demo_router("/push/"));
    let (status, page) = get(&app, "/bell").await;
    assert_eq!(status, 200);
    assert!(page.contains(r#"data-notifications="/push""#) && page.contains(r#"id="panel-template""#), "{page}");
    let links: Vec<_> = page.split('"').filter(|part| part.starts_with("/bell/")).collect();
    assert_eq!(links.len(), 4, "{links:?}");
    for link in links {
        assert_eq!(get(&app, link).await.0, 200, "{link}");
    }
    assert_eq!(get(&app, "/bell/nothing.js").await.0, 404);
}

#[tokio::test]
async fn a_token_can_be_given_on_the_page_where_users_come_with_tokens_only() {
    for (application_decides, has_form) in [(false, true), (true, false)] {
        let mut building = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET);
        if application_decides {
            building = building.authenticate(async |_: &_| Err(AuthError::Missing));
        }
        let app: Router = building.build().await.unwrap().demo_router("/push");
        let page = get(&app, "/").await.1;
        assert_eq!(page.contains(r#"<form id="token" method="dialog">"#), has_form, "{page}");
        assert!(!page.contains("<!-- token"), "{page}");
    }
}

#[tokio::test]
async fn what_the_page_does_not_have_is_answered_as_by_the_other_routes() {
    let app: Router = Router::new().nest("/bell", campanile().await.demo_router("/push"));
    for (method, path, status, allow) in [
        ("POST", "/bell", 405, Some("GET,HEAD")),
        ("PUT", "/bell/bell.js", 405, Some("GET,HEAD")),
        ("GET", "/bell/a/b", 404, None),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("allow"), allow, "{path}");
        assert_eq!(header("content-type"), Some("application/problem+json"), "{path}");
        assert_eq!((header("vary"), header("x-content-type-options")), (Some("Origin"), Some("nosniff")), "{path}");
    }
}
