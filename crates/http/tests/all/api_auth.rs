//! Who may use the application's API.

use crate::support::{Answer, App, KEY, mint, scoped, token};
use axum::body::Body;
use campanile_core::{Engine, store::MemoryStore};
use campanile_http::{HttpOptions, JwtOptions, TokenOptions};
use http::Request;
use std::sync::Arc;

const BODY: &str = r#"{"type":"t","to":{"users":["u1"]}}"#;

async fn publish(app: &App, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.call(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn with(app: &App, headers: &[(&str, &str)]) -> Answer {
    publish(app, "/api/notifications", headers, BODY).await
}

#[tokio::test]
async fn a_key_counts_as_a_bearer_token_and_in_its_own_header() {
    let app = App::new();
    assert_eq!(with(&app, &[("authorization", &format!("Bearer {KEY}"))]).await.status, 202);
    assert_eq!(with(&app, &[("authorization", &format!("bearer {KEY}"))]).await.status, 202);
    assert_eq!(with(&app, &[("x-api-key", KEY)]).await.status, 202);
    let missing = with(&app, &[]).await;
    missing.problem(401, "credentials-missing");
    assert_eq!(missing.header("www-authenticate"), Some(r#"Bearer realm="campanile""#));
    for bad in [
        &[("x-api-key", "nonsense")][..],
        &[("x-api-key", "")],
        &[("x-api-key", KEY), ("x-api-key", KEY)],
        &[("authorization", "Bearer nonsense"), ("x-api-key", KEY)],
        &[("authorization", "Basic nonsense"), ("x-api-key", KEY)],
    ] {
        let answer = with(&app, bad).await;
        answer.problem(401, "credentials-invalid");
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{bad:?}");
    }
}

#[tokio::test]
async fn a_token_needs_the_scope() {
    let app = App::new();
    for (scope, status) in [
        ("notifications:publish", 202),
        ("notifications:admin", 202),
        ("openid notifications:publish email", 202),
        ("notifications", 403),
        ("notifications:publish:x", 403),
        ("", 403),
    ] {
        let answer = with(&app, &[("authorization", &format!("Bearer {}", scoped(scope)))]).await;
        assert_eq!(answer.status, status, "{scope}");
        if status == 403 {
            answer.problem(403, "insufficient-scope");
            assert_eq!(
                answer.header("www-authenticate"),
                Some(r#"Bearer realm="campanile", error="insufficient_scope", scope="notifications:publish""#)
            );
        }
    }
    let user = with(&app, &[("authorization", &format!("Bearer {}", token("u1")))]).await;
    user.problem(403, "insufficient-scope");
    let publisher = format!("Bearer {}", scoped("notifications:publish"));
    let admin_only = Request::delete("/api/users/u1").header("authorization", publisher).body(Body::empty()).unwrap();
    app.call(admin_only).await.problem(403, "insufficient-scope");
}

#[tokio::test]
async fn a_key_acts_on_the_tenant_it_names() {
    let app = App::new();
    let key = [("x-api-key", KEY)];
    let unread = async |tenant: &str| {
        let who = campanile_core::Recipient::new(
            campanile_core::Tenant::new(tenant).unwrap(),
            campanile_core::UserId::new("u1").unwrap(),
        );
        app.http.engine().head(&who).await.unwrap().counts.unread
    };
    let named = r#"{"type":"t","to":{"users":["u1"]},"tenant":"acme"}"#;
    assert_eq!(publish(&app, "/api/notifications", &key, named).await.status, 202);
    assert_eq!(publish(&app, "/api/notifications?tenant=acme", &key, BODY).await.status, 202);
    assert_eq!(publish(&app, "/api/notifications?tenant=acme", &key, named).await.status, 202);
    assert_eq!(publish(&app, "/api/notifications", &key, BODY).await.status, 202);
    assert_eq!((unread("acme").await, unread("default").await), (3, 1));
    assert_eq!(publish(&app, "/api/notifications?tenant=other", &key, named).await.pointers(), ["/tenant"]);
    assert_eq!(publish(&app, "/api/notifications?tenant=", &key, BODY).await.pointers(), ["/query/tenant"]);
    assert_eq!(publish(&app, "/api/notifications?tenant=%FF", &key, BODY).await.pointers(), ["/query/tenant"]);
    let empty = r#"{"type":"t","to":{"users":["u1"]},"tenant":""}"#;
    assert_eq!(publish(&app, "/api/notifications", &key, empty).await.pointers(), ["/tenant"]);
    let number = r#"{"type":"t","to":{"users":["u1"]},"tenant":5}"#;
    assert_eq!(publish(&app, "/api/notifications", &key, number).await.pointers(), ["/tenant"]);
}

#[tokio::test]
async fn a_token_acts_on_its_own_tenant_only() {
    let options = JwtOptions { tenant_claim: Some("org".into()), ..JwtOptions::default() };
    let engine = Engine::builder(Arc::new(MemoryStore::default()));
    let app = App::over(engine, crate::support::credentials(options), HttpOptions::default());
    let token = mint(&TokenOptions {
        scope: Some("notifications:publish".into()),
        tenant: Some(("org".into(), "acme".into())),
        ..TokenOptions::default()
    });
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    let of = |tenant: &str| format!(r#"{{"type":"t","to":{{"users":["u1"]}},"tenant":"{tenant}"}}"#);
    assert_eq!(publish(&app, "/api/notifications", &headers, BODY).await.status, 202);
    assert_eq!(publish(&app, "/api/notifications", &headers, &of("acme")).await.status, 202);
    assert_eq!(publish(&app, "/api/notifications?tenant=acme", &headers, BODY).await.status, 202);
    publish(&app, "/api/notifications", &headers, &of("other")).await.problem(403, "foreign-tenant");
    publish(&app, "/api/notifications?tenant=other", &headers, BODY).await.problem(403, "foreign-tenant");
    publish(&app, "/api/notifications?tenant=default", &headers, BODY).await.problem(403, "foreign-tenant");
}
