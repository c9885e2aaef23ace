//! Stopping with streams open, as PROTOCOL.md's "Ending" has it.

use crate::{
    http::{self, Event, Stream},
    rig::{Run, SECRET, Server},
};
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// What an orderly end may take beyond its window on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

fn serve(delay: &str, window: &str) -> Server {
    Run::serve().env("CAMPANILE_SSE__DRAIN_DELAY_SECONDS", delay).env("CAMPANILE_SSE__DRAIN_SECONDS", window).start()
}

fn open(server: &Server, users: usize) -> Vec<Stream> {
    let open = |n| {
        let mut stream = Stream::open(&server.public, &http::token(SECRET, &format!("u{n}")));
        assert!(stream.next().unwrap().contains(&"event: ready".to_owned()));
        stream
    };
    (0..users).map(open).collect()
}

/// The `retryMs` of a `reconnect` because of draining; its `retry:` line has the same value.
fn retry_of(event: &Event) -> u64 {
    let field =
        |name: &str| event.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{event:?}"));
    assert_eq!(field("event: "), "reconnect");
    let data: serde_json::Value = serde_json::from_str(field("data: ")).unwrap();
    assert_eq!(data["reason"], "draining");
    assert_eq!(field("retry: "), data["retryMs"].to_string());
    data["retryMs"].as_u64().unwrap()
}

#[test]
fn open_streams_are_asked_to_reconnect_over_the_window_and_end_cleanly() {
    let server = serve("0", "2");
    let streams = open(&server, 10);
    server.signal("TERM");
    let began = Instant::now();
    for mut stream in streams {
        let retry = retry_of(&stream.next().unwrap());
        assert!(retry >= 2000, "without a second node nobody comes back before the process is gone: {retry}");
        assert_eq!(stream.next(), None, "the end is clean and nothing follows");
    }
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(2) + SLACK, "{:?}", began.elapsed());
}

#[test]
fn readiness_fails_at_once_and_new_streams_are_refused_after_the_delay() {
    let mut server = serve("1", "3");
    let mut early = open(&server, 20);
    server.signal("TERM");
    server.wait_for("draining");
    assert_eq!(http::get(&server.public, "/health/ready").status, 503);
    assert_eq!(http::get(&server.admin, "/health/ready").status, 503);
    assert_eq!(http::get(&server.public, "/health/live").status, 200);
    early.extend(open(&server, 1));

    server.wait_for("ending streams");
    let authorization = format!("Authorization: Bearer {}", http::token(SECRET, "late"));
    let late = http::request(&server.public, "GET /notifications/stream", &[&authorization], "");
    assert_eq!((late.status, late.header("retry-after").is_some()), (503, true), "{late:?}");
    for mut stream in early {
        retry_of(&stream.next().unwrap());
        assert_eq!(stream.next(), None);
    }
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn without_streams_it_ends_at_once() {
    let server = serve("0", "30");
    let idle = http::connect(&server.public); // has said nothing
    let began = Instant::now();
    server.signal("INT");
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
    drop(idle);
}

#[test]
fn an_idle_connection_that_is_kept_alive_does_not_hold_it_up() {
    let server = serve("0", "30");
    let mut idle = http::connect(&server.public);
    idle.write_all(http::bytes(&server.public, "GET /health/live", &["Connection: keep-alive"], "").as_bytes())
        .unwrap();
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut idle, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let began = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
}

#[test]
fn a_publish_under_way_gets_its_answer() {
    let mut server = serve("0", "30");
    let made = Run::new(["token", "--scope", "notifications:publish"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET).end();
    let authorization = format!("Authorization: Bearer {}", made.stdout.trim());
    let body = r#"{"type":"a","to":{"users":["u1"]}}"#;
    let headers = [&*authorization, "Content-Type: application/json"];
    let request = http::bytes(&server.public, "POST /api/notifications", &headers, body);
    let (first, rest) = request.split_at(request.len() - 10);
    let mut publish = http::connect(&server.public);
    publish.write_all(first.as_bytes()).unwrap();
    // An answer to a later request shows that the first half has arrived.
    assert_eq!(http::get(&server.public, "/health/live").status, 200);
    server.signal("TERM");
    server.wait_for("draining");
    publish.write_all(rest.as_bytes()).unwrap();
    assert_eq!(http::answer(publish).status, 202);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = serve("30", "30");
    let _streams = open(&server, 1);
    let began = Instant::now();
    server.signal("TERM");
    server.wait_for("draining");
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
}
