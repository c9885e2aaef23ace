//! Mistakes in the configuration, as whoever starts the program sees them. Each rule has its unit test beside the code.

use crate::{
    http,
    rig::{Run, SECRET},
};
use std::fs;

#[test]
fn all_mistakes_are_listed_at_once_with_exit_code_64() {
    let folder = tempfile::tempdir().unwrap();
    let file = "listen = 5\n[sse]\nhartbeat_seconds = 3\nbuffer_frames = 0\n";
    fs::write(folder.path().join("campanile.toml"), file).unwrap();
    let ended = Run::in_folder(folder.path(), ["serve", "--config", "campanile.toml"])
        .env("CAMPANILE_AUTH__JWT_SECRET", "short")
        .env("CAMPANILE_TLS__CERT", "a.pem")
        .end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    assert_eq!(
        ended.stderr,
        "campanile: the configuration has 5 mistakes:
  listen (campanile.toml, line 1): must be a text in quotes
  sse.hartbeat_seconds (campanile.toml, line 3): unknown key; did you mean sse.heartbeat_seconds?
  sse.buffer_frames (campanile.toml, line 4): must be a whole number from 1 to 1000000
  auth.jwt_secret (CAMPANILE_AUTH__JWT_SECRET): has 5 bytes and needs at least 32; `openssl rand -hex 32` makes a good one
  tls.cert (CAMPANILE_TLS__CERT): not in this build
"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn nothing_starts_without_credentials() {
    let ended = Run::new(["serve"]).end();
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("no credentials are configured"), "{}", ended.stderr);
}

#[test]
fn a_secret_from_the_documentation_is_refused() {
    let ended =
        Run::new(["serve"]).env("CAMPANILE_AUTH__JWT_SECRET", "example-secret-from-the-documentation-do-not-use").end();
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("from the documentation"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("do-not-use"), "the secret is shown: {}", ended.stderr);
}

#[test]
fn a_log_filter_that_means_nothing_is_a_mistake() {
    let ended = Run::serve().env("CAMPANILE_LOG", "a=b=c").end();
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("CAMPANILE_LOG"), "{}", ended.stderr);
}

#[test]
fn check_reports_and_starts_nothing() {
    let ended = Run::new(["serve", "--check"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "The configuration has no mistakes.\n"));
    assert_eq!(Run::new(["serve", "--check"]).end().code, Some(64));
}

#[test]
fn the_file_of_a_variable_and_types_take_effect() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    let file = "types_policy = 'strict'\nlisten = '127.0.0.1:0'\nadmin_listen = '127.0.0.1:0'\nbase_path = '/live'\n\
                [store]\nurl = 'memory:'\n[types.\"invoices.approved\"]\nseverity = 'success'\n";
    fs::write(folder.path().join("campanile.toml"), file).unwrap();
    let server = Run::in_folder(folder.path(), ["serve", "--config", "campanile.toml"])
        .env("CAMPANILE_AUTH__JWT_SECRET_FILE", "secret")
        .start();
    let made = Run::new(["token", "--scope", "notifications:publish"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET).end();
    let authorization = format!("Authorization: Bearer {}", made.stdout.trim());
    let publish = |kind: &str| {
        let body = format!(r#"{{"type":"{kind}","to":{{"users":["alice"]}}}}"#);
        let headers = [&*authorization, "Content-Type: application/json"];
        http::request(&server.public, "POST /live/api/notifications", &headers, &body)
    };
    let published = publish("invoices.approved");
    assert_eq!(published.status, 202, "{published:?}");
    assert!(published.header("location").unwrap().starts_with("/live/api/notifications/"), "{published:?}");
    assert_eq!(publish("invoices.aproved").status, 422);
    assert_eq!(http::get(&server.public, "/api/notifications").status, 404);

    let list = ["Authorization: Bearer ".to_owned() + &http::token(SECRET, "alice")];
    let inbox = http::request(&server.public, "GET /live/notifications", &[&list[0]], "").json();
    assert_eq!(inbox["items"][0]["severity"], "success", "{inbox}");
}

#[test]
fn hosts_that_are_not_allowed_are_told_apart() {
    let server = Run::serve().env("CAMPANILE_ALLOWED_HOSTS", "campanile.example").start();
    let status = |address: &str, host: &str| http::request(address, "GET /health/live", &[host], "").status;
    assert_eq!(status(&server.public, "Host: campanile.example"), 200);
    assert_eq!(status(&server.public, "Host: Campanile.Example:8080"), 200);
    assert_eq!(status(&server.public, "Host: evil.example"), 421);
    assert_eq!(status(&server.public, "Host: -"), 400);
    // The admin listener is on loopback and asks for no key, so it always answers this machine's names only.
    assert_eq!(status(&server.admin, "Host: localhost:1"), 200);
    assert_eq!(status(&server.admin, "Host: evil.example"), 421);
}

#[test]
fn metrics_are_on_the_admin_listener_only() {
    let server = Run::serve().start();
    let metrics = http::get(&server.admin, "/metrics");
    assert_eq!(metrics.status, 200);
    assert!(metrics.body.contains("campanile_connections 0"), "{}", metrics.body);
    assert_eq!(http::get(&server.public, "/metrics").status, 404);
    for address in [&server.public, &server.admin] {
        assert_eq!(http::get(address, "/health/live").status, 200);
        assert_eq!(http::get(address, "/health/ready").status, 200);
    }
}
