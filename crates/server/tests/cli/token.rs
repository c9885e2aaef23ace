//! `campanile token`: where it finds the secret, and that a server takes what it makes.

use crate::{
    http,
    rig::{Run, SECRET},
};
use std::fs;

const OTHER: &str = "another-secret-of-the-tests-and-of-nobody-else";

fn works(server: &str, token: &str) -> bool {
    let authorization = format!("Authorization: Bearer {}", token.trim());
    http::request(server, "GET /notifications/counts", &[&authorization], "").status == 200
}

#[test]
fn only_the_token_is_printed_and_the_server_takes_it() {
    let server = Run::serve().start();
    let made = Run::new(["token", "--user", "alice", "--ttl", "15m"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET).end();
    assert_eq!((made.code, made.stderr.as_str()), (Some(0), ""));
    assert_eq!(made.stdout.lines().count(), 1);
    assert!(works(&server.public, &made.stdout));
    assert!(!works(&server.public, &http::token(OTHER, "alice")));
}

#[test]
fn the_secret_is_taken_from_the_strongest_place() {
    let server = Run::serve().start();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("right", &format!("{SECRET}\n"));
    write("wrong", OTHER);
    write("right.toml", &format!("[auth]\njwt_secret = '{SECRET}'\n"));
    write("wrong.toml", &format!("[auth]\njwt_secret = '{OTHER}'\n"));
    let token = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let run = Run::in_folder(folder.path(), ["token", "--user", "alice"].iter().chain(arguments));
        let made = match variable {
            Some((name, value)) => run.env(name, value).end(),
            None => run.end(),
        };
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        works(&server.public, &made.stdout)
    };
    assert!(token(&["--secret-file", "right", "--config", "wrong.toml"], Some(("CAMPANILE_AUTH__JWT_SECRET", OTHER))));
    assert!(token(&["--config", "wrong.toml"], Some(("CAMPANILE_AUTH__JWT_SECRET", SECRET))));
    assert!(token(&["--config", "wrong.toml"], Some(("CAMPANILE_AUTH__JWT_SECRET_FILE", "right"))));
    assert!(token(&["--config", "right.toml"], None));
    assert!(!token(&["--secret-file", "wrong"], Some(("CAMPANILE_AUTH__JWT_SECRET", SECRET))));
}

#[test]
fn issuer_audience_and_tenant_are_those_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!(
        "listen = '127.0.0.1:0'\nadmin_listen = '127.0.0.1:0'\n[store]\nurl = 'memory:'\n\
         [auth]\njwt_secret = '{SECRET}'\nissuer = 'shop'\naudience = 'bell'\ntenant_claim = 'org'\n"
    );
    fs::write(folder.path().join("campanile.toml"), file).unwrap();
    let server = Run::in_folder(folder.path(), ["serve", "--config", "campanile.toml"]).start();
    let token = |arguments: &[&str]| {
        let made = Run::in_folder(folder.path(), ["token", "--user", "alice"].iter().chain(arguments)).end();
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        made.stdout
    };
    assert!(works(&server.public, &token(&["--config", "campanile.toml"])));
    assert!(works(&server.public, &token(&["--config", "campanile.toml", "--tenant", "acme"])));
    fs::write(folder.path().join("secret"), SECRET).unwrap();
    assert!(!works(&server.public, &token(&["--secret-file", "secret"])), "it names no issuer");
}

#[test]
fn scopes_let_an_application_publish() {
    let server = Run::serve().start();
    let publish = |arguments: &[&str]| {
        let made = Run::new(["token"].iter().chain(arguments)).env("CAMPANILE_AUTH__JWT_SECRET", SECRET).end();
        let authorization = format!("Authorization: Bearer {}", made.stdout.trim());
        let headers = [&*authorization, "Content-Type: application/json"];
        http::request(&server.public, "POST /api/notifications", &headers, r#"{"type":"a","to":{"users":["u1"]}}"#)
            .status
    };
    assert_eq!(publish(&["--scope", "notifications:publish"]), 202);
    assert_eq!(publish(&["--user", "alice"]), 403);
}

#[test]
fn without_a_secret_it_says_where_it_looked() {
    let ended = Run::new(["token", "--user", "alice"]).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    for place in ["--secret-file", "CAMPANILE_AUTH__JWT_SECRET", "--config", "campanile-dev.db.secret"] {
        assert!(ended.stderr.contains(place), "{}", ended.stderr);
    }
}

#[test]
fn names_that_no_server_takes_are_mistakes() {
    let ended = Run::new(["token", "--user", "a\nb", "--tenant", ""]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    assert!(ended.stderr.contains("--user") && ended.stderr.contains("--tenant"), "{}", ended.stderr);
}
