//! Section 5: mistakes stop the start, all at once, and say which key.

use crate::support::{builder, start};
use campanile_testkit::{Request, token};

#[tokio::test]
async fn all_mistakes_are_told_at_once_with_exit_code_64() {
    let (code, said) = builder()
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 0)
        .env("CAMPANILE_SSE__HEARTBEAT", "bell")
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", -1)
        .env("CAMPANILE_STORE__URL", "mysql://x")
        .env("CAMPANILE_LISTEN", "here")
        .refused()
        .await;
    assert_eq!(code, 64, "{said}");
    for key in ["sse.heartbeat_seconds", "sse.heartbeat", "sse.max_connections_per_user", "store.url", "listen"] {
        let variable = format!("CAMPANILE_{}", key.replace('.', "__").to_uppercase());
        assert!(said.contains(key) || said.contains(&variable), "{key}: {said}");
    }
}

#[tokio::test]
async fn without_credentials_nothing_starts() {
    let nobody = builder().without("CAMPANILE_AUTH__JWT_SECRET").without("CAMPANILE_API__KEYS");
    let (code, said) = nobody.refused().await;
    assert_eq!(code, 64, "{said}");
}

#[tokio::test]
async fn a_short_secret_is_refused_and_not_shown() {
    let (code, said) = builder().env("CAMPANILE_AUTH__JWT_SECRET", "too-short-for-this").refused().await;
    assert_eq!(code, 64, "{said}");
    assert!(!said.contains("too-short-for-this"), "{said}");
}

#[tokio::test]
async fn an_unknown_variable_is_a_mistake_and_not_ignored() {
    let (code, said) = builder().env("CAMPANILE_SSE__HEARTBEAT_SECOND", 5).refused().await;
    assert_eq!(code, 64, "{said}");
}

#[tokio::test]
async fn variables_win_over_the_file() {
    let node = builder()
        .config("[sse]\nheartbeat_seconds = 7\nmax_connections_per_user = 2\n")
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 9)
        .start()
        .await;
    let mut stream = node.stream("u").open().await;
    assert_eq!(stream.ready().await.json["heartbeatSeconds"], 9);
    let mut second = node.stream("u").open().await;
    second.ready().await;
    assert_eq!(node.stream("u").open().await.status(), 429, "the file's limit counts");
}

#[tokio::test]
async fn a_secret_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let secret = token::random_hex(32);
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    let node = builder()
        .without("CAMPANILE_AUTH__JWT_SECRET")
        .env("CAMPANILE_AUTH__JWT_SECRET_FILE", file.display())
        .start()
        .await;
    let claims = serde_json::json!({"sub": "u", "exp": token::now() + 60});
    let good = token::sign(secret.as_bytes(), &claims);
    let _ = node.send(Request::get("/notifications").bearer(&good)).await.expect(200);
}

#[tokio::test]
async fn an_address_that_is_taken_is_one_clear_sentence() {
    let node = start().await;
    let (code, said) = builder().env("CAMPANILE_LISTEN", node.address()).refused().await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&node.address().to_string()) && !said.contains("panicked"), "{said}");
}
