//! Starting: how soon it answers, and what it says when it cannot.

use crate::{
    http,
    rig::{Run, SECRET},
};
use std::{net::TcpListener, time::Duration};

/// Optimised code keeps the promise of 100 ms; the rest shows that nothing waits.
const SOON: Duration = if cfg!(debug_assertions) { Duration::from_secs(2) } else { Duration::from_millis(100) };

#[test]
fn it_answers_soon_after_its_start() {
    let start = |_| {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("campanile.db").display());
        let server = Run::serve().env("CAMPANILE_STORE__URL", database).start();
        assert_eq!(http::get(&server.public, "/health/live").status, 200);
        server.started.elapsed()
    };
    // The best of five: the others measure what else this machine does.
    let best = (0..5).map(start).min().unwrap();
    assert!(best < SOON, "{best:?}");
    println!("first answer after {best:?}");
}

#[test]
fn an_address_that_is_taken_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Run::serve().env("CAMPANILE_LISTEN", &address).end();
    assert_eq!(ended.code, Some(1));
    let sentence = format!(
        "campanile: cannot listen on {address} (listen): another program listens there, perhaps another Campanile; stop it, \
         or pick a free port with CAMPANILE_LISTEN=127.0.0.1:0\n"
    );
    assert_eq!(ended.stderr, sentence);

    let ended = Run::new(["dev", "--listen", &address]).end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.ends_with("pick a free port with --listen 127.0.0.1:0\n"), "{}", ended.stderr);

    let ended = Run::serve().env("CAMPANILE_ADMIN_LISTEN", &address).end();
    assert!(ended.stderr.contains("(admin_listen)"), "{}", ended.stderr);
}

#[test]
fn an_address_of_another_machine_is_told_apart() {
    let ended = Run::serve().env("CAMPANILE_LISTEN", "192.0.2.1:8080").end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("this machine has no such address"), "{}", ended.stderr);
}

#[test]
fn applications_alone_are_enough_but_it_warns() {
    let key = "shop:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730";
    let mut server = Run::new(["serve"])
        .env("CAMPANILE_API__KEYS", key)
        .env("CAMPANILE_STORE__URL", "memory:")
        .env("CAMPANILE_LISTEN", "127.0.0.1:0")
        .env("CAMPANILE_ADMIN_LISTEN", "127.0.0.1:0")
        .start();
    let authorization = format!("Authorization: Bearer {}", http::token(SECRET, "alice"));
    assert_eq!(http::request(&server.public, "GET /notifications/stream", &[&authorization], "").status, 401);
    server.signal("INT");
    server.wait_for("stopped");
    assert_eq!(server.wait(), Some(0));
}
