//! Who may open a stream, and in which order that is decided.

use crate::support::{Answer, App, SECRET, as_user, credentials, mint, token};
use axum::body::Body;
use campanile_core::{Engine, SseOptions, store::MemoryStore};
use campanile_http::{AuthError, Authenticate, Credentials, HttpOptions, JwtOptions, TokenOptions};
use futures_util::future::BoxFuture;
use http::{Request, request::Parts};
use std::{sync::Arc, time::Duration};

const STREAM: &str = "/notifications/stream";

async fn get(app: &App, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::head(STREAM).header("host", "push.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app.call(request.body(Body::empty()).unwrap()).await;
    assert!(response.body.is_empty(), "an answer to HEAD has no body");
    response
}

async fn refused(app: &App, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(STREAM).header("host", "push.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.call(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn without_credentials_the_challenge_names_no_error() {
    let answer = refused(&App::new(), &[]).await;
    answer.problem(401, "credentials-missing");
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="campanile""#));
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn a_bad_token_is_an_invalid_token() {
    let app = App::new();
    let long = format!("Bearer {}", "a".repeat(1_000_000));
    let good = format!("Bearer {}", token("u1"));
    for bad in ["Bearer nonsense", "Basic dTpw", "Bearer", "nonsense", &long] {
        let answer = refused(&app, &[("authorization", bad)]).await;
        answer.problem(401, "credentials-invalid");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="campanile", error="invalid_token""#));
    }
    refused(&app, &[("authorization", &good), ("authorization", &good)]).await.problem(401, "credentials-invalid");
    assert_eq!(get(&app, &[("authorization", &good.replace("Bearer", "bearer"))]).await.status, 200);
}

#[tokio::test]
async fn a_token_without_a_user_is_told_so() {
    let token = format!("Bearer {}", mint(&TokenOptions::default()));
    let problem = refused(&App::new(), &[("authorization", &token)]).await.problem(401, "user-claim-missing");
    assert_eq!(problem["detail"], "User identifier claim not found.");
    let invisible = mint(&TokenOptions { user: Some("a\nb".into()), ..TokenOptions::default() });
    let answer = refused(&App::new(), &[("authorization", &format!("Bearer {invisible}"))]).await;
    answer.problem(401, "user-claim-missing");
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
}

#[tokio::test]
async fn an_expired_token_is_401_once_the_leeway_is_over() {
    let now = campanile_core::Clock::now(&campanile_core::SystemClock);
    let options = TokenOptions { user: Some("u1".into()), ttl: Duration::from_secs(10), ..TokenOptions::default() };
    let expired = campanile_http::mint_token(SECRET, now.minus(Duration::from_secs(41)), &options).unwrap();
    let problem = refused(&App::new(), &[("authorization", &format!("Bearer {expired}"))]).await;
    assert_eq!(problem.problem(401, "credentials-invalid")["detail"], "The token has expired.");
}

#[tokio::test]
async fn the_tenant_is_a_claim_where_that_is_configured() {
    let options = JwtOptions { tenant_claim: Some("org".into()), ..JwtOptions::default() };
    let engine = Engine::builder(Arc::new(MemoryStore::default()));
    let app = App::over(engine, credentials(options), HttpOptions::default());
    refused(&app, &[("authorization", &format!("Bearer {}", token("u1")))]).await.problem(401, "tenant-claim-missing");
    let of = |tenant: &str| TokenOptions {
        user: Some("u1".into()),
        tenant: Some(("org".into(), tenant.into())),
        ..TokenOptions::default()
    };
    let publish = r#"{"type":"t","to":{"users":["u1"]},"tenant":"acme"}"#;
    assert_eq!(app.api("/api/notifications", publish).await.status, 202);
    for (tenant, unread) in [("acme", 1), ("other", 0)] {
        let token = format!("Bearer {}", mint(&of(tenant)));
        let request = Request::get("/notifications/counts").header("authorization", token).body(Body::empty()).unwrap();
        assert_eq!(app.call(request).await.json()["unread"], unread, "{tenant}");
    }
}

#[tokio::test]
async fn authorization_wins_over_a_cookie_and_a_cookie_over_a_ticket() {
    let app = App::new();
    let (good, bad) = (format!("Bearer {}", token("u1")), "Bearer nonsense");
    let (cookie, stale) = (format!("campanile_token={}", token("u2")), "campanile_token=nonsense");
    assert_eq!(get(&app, &[("authorization", &good), ("cookie", stale)]).await.status, 200);
    assert_eq!(get(&app, &[("authorization", bad), ("cookie", &cookie)]).await.status, 401);
    assert_eq!(get(&app, &[("cookie", &cookie)]).await.status, 200);
    assert_eq!(get(&app, &[("cookie", stale)]).await.status, 401);
    let ticket = app.user("u3", "POST", "/notifications/stream/tickets").await.json()["ticket"].clone();
    let uri = format!("{STREAM}?ticket={}", ticket.as_str().unwrap());
    let with_stale = Request::get(&uri).header("cookie", stale).body(Body::empty()).unwrap();
    app.call(with_stale).await.problem(401, "credentials-invalid");
}

#[tokio::test]
async fn credentials_come_before_the_origin_the_origin_before_accept_accept_before_limits() {
    let options = SseOptions { max_connections_per_user: 0, ..SseOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())).sse(options), HttpOptions::default());
    let cookie = format!("campanile_token={}", token("u1"));
    let mut headers = vec![("accept", "text/html"), ("origin", "https://evil.example")];
    refused(&app, &headers).await.problem(401, "credentials-missing");
    headers.push(("cookie", &cookie));
    refused(&app, &headers).await.problem(403, "foreign-origin");
    headers.retain(|(name, _)| *name != "origin");
    refused(&app, &headers).await.problem(406, "not-acceptable");
    headers.retain(|(name, _)| *name != "accept");
    let answer = refused(&app, &headers).await;
    assert_eq!(answer.problem(429, "too-many-connections")["detail"], "Too many concurrent SSE connections.");
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn accept_rules_the_stream_out_only_if_it_says_so() {
    let app = App::new();
    let token = format!("Bearer {}", token("u1"));
    for good in ["text/event-stream", "*/*", "text/*;q=0.1", "text/html, */*;q=0.1", ""] {
        assert_eq!(get(&app, &[("authorization", &token), ("accept", good)]).await.status, 200, "{good}");
    }
    for bad in ["application/json", "text/event-stream;q=0, */*"] {
        assert_eq!(get(&app, &[("authorization", &token), ("accept", bad)]).await.status, 406, "{bad}");
    }
}

#[tokio::test]
async fn draining_and_a_full_node_are_503_with_a_time_to_come_back() {
    let options = SseOptions { max_connections: Some(0), ..SseOptions::default() };
    let full = App::with(Engine::builder(Arc::new(MemoryStore::default())).sse(options), HttpOptions::default());
    let request = |query: &str| as_user("u1").uri(format!("{STREAM}{query}")).body(Body::empty()).unwrap();
    let answer = full.call(request("")).await;
    answer.problem(503, "node-full");
    assert!(answer.header("retry-after").is_some());
    let draining = App::new();
    draining.http.engine().drain(Duration::ZERO);
    let answer = draining.call(request("")).await;
    answer.problem(503, "draining");
    assert!(answer.header("retry-after").is_some());
    let answer = draining.call(request("?eventsource=1")).await;
    assert_eq!(answer.status, 200);
    assert!(String::from_utf8(answer.body.to_vec()).unwrap().contains(r#"{"reason":"draining","#));
    draining.call(request("?eventsource=0")).await.problem(503, "draining");
}

#[tokio::test]
async fn a_store_that_is_away_is_503() {
    let app = App::new();
    app.http.engine().shutdown().await;
    let request = |query: &str| as_user("u1").uri(format!("{STREAM}{query}")).body(Body::empty()).unwrap();
    app.call(request("")).await.problem(503, "store-unavailable");
    let answer = app.call(request("?eventsource=1")).await;
    assert!(String::from_utf8(answer.body.to_vec()).unwrap().contains(r#"{"reason":"busy","#));
    app.user("u1", "GET", "/notifications").await.problem(503, "store-unavailable");
    let answer = app.api("/api/notifications", r#"{"type":"t","to":{"users":["u1"]}}"#).await;
    answer.problem(503, "store-unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn over_http_2_the_connection_is_not_spoken_of() {
    let request = as_user("u1").uri(STREAM).version(http::Version::HTTP_2).body(Body::empty()).unwrap();
    let response = App::new().send(request).await;
    assert_eq!(response.status(), 200);
    for name in ["connection", "transfer-encoding", "content-length"] {
        assert!(!response.headers().contains_key(name), "{name}");
    }
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
}

/// Sessions as an application might have them.
struct Sessions;

impl Authenticate for Sessions {
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<campanile_core::Identity, AuthError>> {
        Box::pin(async move {
            let user = parts.headers.get("x-user").and_then(|user| user.to_str().ok()).ok_or(AuthError::Missing)?;
            match user {
                "away" => Err(AuthError::Unavailable),
                "nobody" => Err(AuthError::NoUser),
                "stale" => Err(AuthError::Invalid),
                user => {
                    let user = campanile_core::UserId::new(user).map_err(|_| AuthError::NoUser)?;
                    let recipient = campanile_core::Recipient::new(campanile_core::Tenant::default(), user);
                    Ok(campanile_core::Identity { recipient, expires_at: None, issued_at: None })
                }
            }
        })
    }
}

#[tokio::test]
async fn an_application_may_decide_who_its_users_are() {
    let credentials = Credentials::default().with_authenticate(Arc::new(Sessions));
    let app = App::over(Engine::builder(Arc::new(MemoryStore::default())), credentials, HttpOptions::default());
    assert_eq!(get(&app, &[("x-user", "u1")]).await.status, 200);
    refused(&app, &[]).await.problem(401, "credentials-missing");
    refused(&app, &[("x-user", "stale")]).await.problem(401, "credentials-invalid");
    refused(&app, &[("x-user", "nobody")]).await.problem(401, "user-claim-missing");
    let away = refused(&app, &[("x-user", "away")]).await;
    away.problem(503, "auth-unavailable");
    assert!(away.header("retry-after").is_some());
    let foreign = [("x-user", "u1"), ("origin", "https://evil.example")];
    refused(&app, &foreign).await.problem(403, "foreign-origin");
}
