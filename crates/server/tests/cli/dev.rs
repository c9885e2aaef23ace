//! `campanile dev`: the commands it prints work, its page is closed to others, and what it makes survives a restart.

use crate::{
    http::{self, Answer, Stream, request},
    rig::{Run, Server},
};
use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

fn dev(folder: &Path) -> Server {
    Run::in_folder(folder, ["dev", "--listen", "127.0.0.1:0"]).start()
}

/// The commands of the banner, each as one that a shell can run.
fn commands(banner: &str) -> Vec<String> {
    let mut commands = banner.split("\ncurl ").map(|rest| rest.split("\n\n").next().unwrap());
    commands.next();
    commands.map(|command| format!("curl {command}")).collect()
}

fn shell(command: &str) -> String {
    let ran = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(ran.status.success(), "{command}\n{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn token_of(command: &str) -> &str {
    command.split("Bearer ").nth(1).unwrap().split('\'').next().unwrap()
}

fn post(server: &Server, path: &str, headers: &[&str], body: &str) -> Answer {
    let headers: Vec<_> = ["Content-Type: application/json"].iter().chain(headers).copied().collect();
    request(&server.public, &format!("POST {path}"), &headers, body)
}

#[test]
fn the_printed_commands_publish_to_alice_and_show_it_on_her_stream() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = dev(folder.path());
    let banner = server.printed_until("Ctrl-C");
    let [publish, watch] = &commands(&banner)[..] else { panic!("{banner}") };
    assert!(banner.contains(&format!("http://{}/\n", server.public)), "{banner}");
    assert!(banner.contains(&format!("http://{}/metrics\n", server.admin)), "{banner}");

    let mut stream = Stream::open(&server.public, token_of(watch));
    assert!(stream.next().unwrap().contains(&"event: ready".to_owned()));
    let answer: serde_json::Value =
        serde_json::from_str(&shell(&publish.replace("curl ", "curl -sS --fail "))).unwrap();
    assert_eq!((&answer["recipients"], &answer["replayed"]), (&1.into(), &false.into()));
    let event = stream.next().unwrap().concat();
    assert!(event.contains("event: notification") && event.contains("Invoice 42 approved"), "{event}");

    // The other command ends only with the stream: its first event is enough.
    let watched = shell(&format!("{} -sS | head -n 4", watch.replace("curl -N ", "curl -N --max-time 3 ")));
    assert!(watched.contains("event: ready") && watched.contains(r#""user":"alice""#), "{watched}");
}

#[test]
fn the_page_and_its_files_are_served_with_a_strict_policy() {
    let folder = tempfile::tempdir().unwrap();
    let server = dev(folder.path());
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/?user=carol", "text/html; charset=utf-8"),
        ("/demo/demo.js", "text/javascript; charset=utf-8"),
        ("/demo/style.css", "text/css; charset=utf-8"),
        ("/demo/favicon.svg", "image/svg+xml"),
    ] {
        let answer = http::get(&server.public, path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        let rest = "script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        assert_eq!(policy, format!("default-src 'none'; {rest}"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert!(!answer.body.is_empty());
    }
    for missing in ["/demo/nothing.js", "/demo/index.html", "/demo/..%2findex.html", "/nothing"] {
        assert_eq!(http::get(&server.public, missing).status, 404, "{missing}");
    }
}

#[test]
fn the_page_gets_tokens_sessions_and_publishes() {
    let folder = tempfile::tempdir().unwrap();
    let server = dev(folder.path());
    let token = post(&server, "/demo/token", &[], r#"{"user":"alice"}"#);
    assert_eq!(token.status, 200, "{token:?}");
    assert_eq!(token.header("cache-control"), Some("no-store"));
    let token = token.json();
    assert!(token["expiresAt"].as_str().unwrap().ends_with('Z'), "{token}");
    let mut stream = Stream::open(&server.public, token["token"].as_str().unwrap());
    stream.next();

    let published = post(&server, "/demo/publish", &[], r#"{"type":"a.b","to":{"users":["alice"]},"title":"Hello"}"#);
    assert_eq!(published.status, 202, "{published:?}");
    assert_eq!(published.json()["recipients"], 1);
    assert!(stream.next().unwrap().concat().contains("Hello"));
    let refused = post(&server, "/demo/publish", &[], r#"{"type":"a.b","to":{"users":[]}}"#);
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &"/to/users".into()));

    let session = post(&server, "/demo/session", &[], r#"{"user":"bob"}"#);
    assert_eq!(session.status, 204, "{session:?}");
    let cookie = session.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600"), "{cookie}");
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
    assert_eq!(request(&server.public, "GET /notifications/counts", &[&cookie], "").status, 200);
    let out = request(&server.public, "DELETE /demo/session", &[], "");
    assert_eq!((out.status, out.header("set-cookie").unwrap().contains("Max-Age=0")), (204, true));

    for body in ["", "{", "\"user\"}"] {
        assert_eq!(post(&server, "/demo/token", &[], body).status, 400, "{body}");
    }
    for body in ["[]", "{}", r#"{"user":5}"#, r#"{"user":""}"#, r#"{"user":"a\nb"}"#] {
        let status = if serde_json::from_str::<serde_json::Value>(body).is_ok() { 422 } else { 400 };
        assert_eq!(post(&server, "/demo/token", &[], body).status, status, "{body}");
    }
}

#[test]
fn other_pages_and_forms_get_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = dev(folder.path());
    let own = format!("Origin: http://{}", server.public);
    let bodies = [("/demo/token", r#"{"user":"a"}"#), ("/demo/session", r#"{"user":"a"}"#), ("/demo/publish", "{}")];
    for (path, body) in bodies {
        assert_ne!(post(&server, path, &[&own, "Sec-Fetch-Site: same-origin"], body).status, 403, "{path}");
        for foreign in [
            "Origin: https://evil.example",
            "Origin: null",
            "Origin: http://localhost:1",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
        ] {
            assert_eq!(post(&server, path, &[foreign], body).status, 403, "{path} {foreign}");
        }
        let form = request(&server.public, &format!("POST {path}"), &["Content-Type: text/plain"], body);
        assert_eq!(form.status, 415, "{path}");
        assert_eq!(http::get(&server.public, path).status, 405, "{path}");
    }
    let foreign = ["Origin: https://evil.example"];
    assert_eq!(request(&server.public, "DELETE /demo/session", &foreign, "").status, 403);
}

#[test]
fn only_localhost_names_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = dev(folder.path());
    let port = server.public.rsplit(':').next().unwrap();
    for (host, status) in
        [("localhost", 200), ("127.0.0.1", 200), ("[::1]", 200), ("evil.example", 421), ("localhost.evil.example", 421)]
    {
        let header = format!("Host: {host}:{port}");
        for path in ["/", "/health/live"] {
            assert_eq!(request(&server.public, &format!("GET {path}"), &[&header], "").status, status, "{host}{path}");
        }
    }
    let answer = request(
        &server.public,
        "POST /demo/token",
        &["Host: evil.example", "Content-Type: application/json"],
        r#"{"user":"a"}"#,
    );
    assert_eq!((answer.status, answer.header("content-type")), (421, Some("application/problem+json")));
}

#[test]
fn tokens_keys_and_notifications_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = dev(folder.path());
    let [publish, watch] = &commands(&first.printed_until("Ctrl-C"))[..] else { panic!() };
    shell(&publish.replace("curl ", "curl -sS --fail "));
    let secrets = folder.path().join("campanile-dev.db.secret");
    assert_eq!(std::fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o600);
    first.signal("INT");
    assert_eq!(first.wait(), Some(0));

    let mut second = dev(folder.path());
    let authorization = format!("Authorization: Bearer {}", token_of(watch));
    let counts = request(&second.public, "GET /notifications/counts", &[&authorization], "");
    assert_eq!((counts.status, &counts.json()["unread"]), (200, &1.into()));
    let [again, _] = &commands(&second.printed_until("Ctrl-C"))[..] else { panic!() };
    assert_eq!(token_of(again), token_of(publish), "the same API key");

    // And `campanile token` finds the secret beside the database.
    let made = Run::in_folder(folder.path(), ["token", "--user", "alice"]).end();
    let authorization = format!("Authorization: Bearer {}", made.stdout.trim());
    assert_eq!(request(&second.public, "GET /notifications/counts", &[&authorization], "").json()["unread"], 1);
}

#[test]
fn variables_and_options_apply_to_dev_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Run::in_folder(folder.path(), ["dev", "--listen", "127.0.0.1:0", "--store", "try.db"])
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", "7")
        .env("CAMPANILE_BASE_PATH", "/live")
        .start();
    let banner = server.printed_until("Ctrl-C");
    let [publish, watch] = &commands(&banner)[..] else { panic!("{banner}") };
    shell(&publish.replace("curl ", "curl -sS --fail "));
    let watched = shell(&format!("{} -sS | head -n 4", watch.replace("curl -N ", "curl -N --max-time 3 ")));
    assert!(watched.contains(r#""heartbeatSeconds":7"#), "{watched}");
    assert_eq!(http::get(&server.public, "/live/").status, 200);
    assert!(folder.path().join("try.db").exists() && folder.path().join("try.db.secret").exists());

    let ended = Run::new(["dev"]).env("CAMPANILE_SSE__BUFFER_FRAMES", "0").end();
    assert_eq!(ended.code, Some(64));
}

#[test]
fn a_second_dev_in_the_same_folder_gets_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let _first = dev(folder.path());
    let second = Run::in_folder(folder.path(), ["dev", "--listen", "127.0.0.1:0"]).end();
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    assert!(second.stderr.contains("campanile-dev.db is in use by another process"), "{}", second.stderr);
    assert_eq!(second.stderr.lines().count(), 1, "{}", second.stderr);
}
