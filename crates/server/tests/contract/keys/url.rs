//! Keys from a URL: asked when they are needed, not when somebody wishes it.

use super::{
    Signer, URL, by_key, claims, key,
    provider::{Provider, Says},
    status, text,
};
use campanile_testkit::TestNode;
use serde_json::json;
use std::time::{Duration, Instant};

fn old() -> Says {
    Says::set(text("a.jwks.json"))
}

fn new() -> Says {
    Says::set(text("b.jwks.json"))
}

async fn node(provider: &Provider) -> TestNode {
    by_key(URL, provider.url()).start().await
}

/// The answer to somebody whose token cannot be judged now.
async fn assert_unavailable(node: &TestNode, token: &str) {
    let refused = node.anonymous_stream().bearer(token).refused().await;
    assert_eq!(refused.problem(503)["code"], "auth-unavailable");
    let retry: u64 = refused.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&retry), "{retry}");
}

#[tokio::test]
async fn it_is_asked_with_the_first_token_that_needs_it_and_once() {
    let provider = Provider::start(old()).await;
    let node = node(&provider).await;
    let by_secret = campanile_testkit::token::sign(b"some secret, long enough for HS256", &claims());
    for useless in ["nonsense", &by_secret] {
        assert_eq!(status(&node, useless).await, 401);
    }
    assert!(provider.asked().is_empty(), "{:?}", provider.asked());
    for owner in ["rsa-a", "p256-a", "ed25519-a", "rsa-a"] {
        assert_eq!(status(&node, &Signer::of(owner).sign(&claims())).await, 200, "{owner}");
    }
    let asked = provider.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /keys HTTP/1.1\r\n") && asked[0].contains("campanile/"), "{}", asked[0]);
    assert!(!asked[0].to_lowercase().contains("authorization"), "{}", asked[0]);
}

#[tokio::test]
async fn a_key_that_is_new_is_fetched_at_once_and_unknown_ones_once_a_minute() {
    let provider = Provider::start(old()).await;
    let node = node(&provider).await;
    assert_eq!(status(&node, &Signer::of("p256-a").sign(&claims())).await, 200);
    provider.says(new());
    assert_eq!(status(&node, &Signer::of("p256-b").sign(&claims())).await, 200);
    assert_eq!(status(&node, &Signer::of("p256-a").sign(&claims())).await, 401, "it was taken out");
    let signer = Signer::of("p256-a");
    for junk in 0..50 {
        let unknown = signer.sign_with(&signer.header_with("kid", json!(format!("junk-{junk}"))), &claims());
        assert_eq!(status(&node, &unknown).await, 401);
    }
    assert_eq!(provider.asked().len(), 2);
}

#[tokio::test]
async fn unknown_keys_from_the_start_have_it_asked_once() {
    let provider = Provider::start(old()).await;
    let node = node(&provider).await;
    let signer = Signer::of("rsa-b");
    let junk =
        (0..30).map(|junk| signer.sign_with(&signer.header_with("kid", json!(format!("junk-{junk}"))), &claims()));
    let junk: Vec<_> = junk.collect();
    let mut answers = tokio::task::JoinSet::new();
    for token in junk {
        let request = node.anonymous_stream().bearer(&token);
        answers.spawn(async move { request.open().await.status() });
    }
    assert!(answers.join_all().await.into_iter().all(|status| status == 401));
    assert_eq!(provider.asked().len(), 1);
}

/// While nothing was ever fetched, a token may well be good: 503, "come back", and not 401, "get another token".
#[tokio::test]
async fn while_there_are_no_keys_a_token_is_not_judged() {
    let provider = Provider::start(old().with_status("500 Internal Server Error")).await;
    let node = node(&provider).await;
    let token = Signer::of("ed25519-a").sign(&claims());
    for _ in 0..5 {
        assert_unavailable(&node, &token).await;
    }
    let mut told = node.anonymous_stream().bearer(&token).query("eventsource", "1").open().await;
    assert_eq!(told.status(), 200, "a plain EventSource would never come back after a 503");
    assert_eq!(told.until("reconnect").await.json()["reason"], "busy");
    assert_eq!(provider.asked().len(), 1, "not for every token");
    assert_eq!(status(&node, "nonsense").await, 401, "what is no token at all is judged without keys");
    provider.says(old());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(status(&node, &token).await, 200);
}

#[tokio::test]
async fn what_a_provider_may_answer_and_is_no_key_set_gives_no_keys() {
    let trap = Provider::start(old()).await;
    let big = format!("{{\"keys\":[],\"pad\":\"{}\"}}", "x".repeat(300 * 1024));
    let elsewhere = format!("Location: http://{}/keys", trap.address());
    for says in [
        Says::set("<html>"),
        Says::set(""),
        Says::set("{\"keys\":[]}"),
        Says::set(big),
        old().with_status("204 No Content"),
        old().with_status("302 Found").with_field(&elsewhere),
        old().with_status("307 Temporary Redirect").with_field(&elsewhere),
    ] {
        let provider = Provider::start(says).await;
        let node = node(&provider).await;
        assert_unavailable(&node, &Signer::of("ed25519-a").sign(&claims())).await;
        node.logged("the failure", |line| line.contains("keys for tokens cannot be read")).await;
        assert_eq!(provider.asked().len(), 1);
    }
    assert!(trap.asked().is_empty(), "redirects are not followed");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_waited_for() {
    let provider = Provider::start(old().after(Duration::from_secs(60))).await;
    let node = node(&provider).await;
    let before = Instant::now();
    assert_unavailable(&node, &Signer::of("ed25519-a").sign(&claims())).await;
    assert!(before.elapsed() < Duration::from_secs(8), "{:?}", before.elapsed());
    let dead = by_key(URL, "http://127.0.0.1:1/keys").start().await;
    assert_unavailable(&dead, &Signer::of("ed25519-a").sign(&claims())).await;
}

#[tokio::test]
async fn a_provider_that_turns_bad_leaves_the_keys_in_place() {
    let provider = Provider::start(old()).await;
    let node = node(&provider).await;
    let known = Signer::of("p256-a").sign(&claims());
    assert_eq!(status(&node, &known).await, 200);
    provider.says(Says::set("{").with_status("503 Service Unavailable"));
    assert_unavailable(&node, &Signer::of("p256-b").sign(&claims())).await;
    assert_eq!(status(&node, &known).await, 200);
    assert_eq!(provider.asked().len(), 2);
}

#[tokio::test]
async fn by_https_the_provider_must_prove_its_name() {
    let provider = Provider::start_tls(old()).await;
    let token = Signer::of("p256-a").sign(&claims());
    let by_name = format!("https://localhost:{}/keys", provider.address().port());
    let trusting = by_key(URL, &by_name).env("SSL_CERT_FILE", key("authority.pem").display()).start().await;
    assert_eq!(status(&trusting, &token).await, 200);
    let by_another_name = format!("https://{}/keys", provider.address());
    let trusting = by_key(URL, by_another_name).env("SSL_CERT_FILE", key("authority.pem").display()).start().await;
    assert_unavailable(&trusting, &token).await;
    let distrusting = by_key(URL, &by_name).start().await;
    assert_unavailable(&distrusting, &token).await;
    distrusting.logged("the reason", |line| line.contains("UnknownIssuer")).await;
    assert_eq!(provider.asked().len(), 1, "nothing is asked before the name is proven");
    let nobody = by_key(URL, &by_name).env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/dev/null");
    let (code, said) = nobody.refused().await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("auth.jwks_url") && said.contains("No CA certificates"), "{said}");
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_asked() {
    let trap = Provider::start(old()).await;
    let provider = Provider::start(old()).await;
    let proxy = format!("http://{}", trap.address());
    let mut builder = by_key(URL, provider.url());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        builder = builder.env(name, &proxy);
    }
    let node = builder.start().await;
    assert_eq!(status(&node, &Signer::of("p256-a").sign(&claims())).await, 200);
    assert_eq!((trap.asked().len(), provider.asked().len()), (0, 1));
}

#[tokio::test]
async fn a_url_that_is_not_safe_stops_the_start() {
    for url in
        ["http://id.example/keys", "http://10.0.0.1/keys", "https://169.254.169.254/keys", "file:///etc/passwd", "keys"]
    {
        let (code, said) = by_key(URL, url).refused().await;
        assert_eq!(code, 64, "{said}");
        assert!(said.contains("auth.jwks_url"), "{said}");
    }
}
