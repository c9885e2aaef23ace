//! What a good client does when the stream breaks.

use super::{blocking, builder, ended, tail, tail_in, titles};
use crate::rig::Run;
use campanile_testkit::TestNode;
use serde_json::json;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

#[tokio::test]
async fn restarts_lose_nothing_and_repeat_nothing() {
    let node = TestNode::builder(env!("CARGO_BIN_EXE_campanile")).fixed_address();
    let mut node = node.env("CAMPANILE_SSE__DRAIN_SECONDS", 0).start().await;
    let running = tail(&node, &["--json", "--event", "notification", "--count", "12"]).await;
    for title in 1..=4 {
        node.notify("u", &title.to_string()).await;
    }
    node.terminate();
    node.ended().await;
    node.restart().await;
    // Perhaps before it is back, perhaps after: it makes no difference.
    for title in 5..=8 {
        node.notify("u", &title.to_string()).await;
    }
    let running = blocking(running, |running| {
        running.told("the server ends the stream: draining");
        running.told("trying again in ");
        running.told("listening as u");
    })
    .await;
    node.kill();
    node.restart().await;
    for title in 9..=12 {
        node.notify("u", &title.to_string()).await;
    }
    let (code, printed, said) = ended(running).await;
    let expected: Vec<_> = (1..=12).map(|title| title.to_string()).collect();
    assert_eq!((code, titles(&printed)), (Some(0), expected), "{said:?}");
    node.allow_open_streams();
}

#[test]
fn a_server_that_is_not_there_is_tried_again_and_the_reason_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let running = Run::new(["tail", "--token", "x", "--url", &format!("http://{free}")]).begin();
    for _ in 0..2 {
        let told = running.told("trying again in ");
        assert!(told.starts_with(&format!("http://{free}: the connection failed: Connection refused")), "{told}");
        assert!(told.contains("is the server running, and is --url (or CAMPANILE_URL) right?"), "{told}");
    }
}

#[tokio::test]
async fn a_full_server_is_left_alone_for_as_long_as_it_asks() {
    let node = builder().env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1).start().await;
    let mut first = node.stream("u").open().await;
    first.ready().await;
    let run = tail_in(node.folder(), &node, &["--token", &node.token("u")]);
    let running = blocking(run.begin(), |running| {
        let told = running.told("the server answers with status 429");
        let seconds: f64 = told.rsplit("in ").next().unwrap().trim_end_matches(" s").parse().unwrap();
        assert!(seconds >= 5.0, "{told}");
    })
    .await;
    drop(running);
}

/// Answers a request for the stream with its first event and then says nothing more.
fn first_event(listener: &TcpListener, cursor: &str) -> (TcpStream, String) {
    let (mut socket, _) = listener.accept().unwrap();
    let mut request = vec![0; 8192];
    let length = socket.read(&mut request).unwrap();
    request.truncate(length);
    let counts = json!({"unread": 0, "unseen": 0, "version": 1});
    let ready = json!({"connectionId": "c", "user": "u", "resume": "exact", "cursor": cursor, "counts": counts, "heartbeatSeconds": 1});
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    write!(socket, "{head}retry: 1000\n\nevent: ready\nid: {cursor}\ndata: {ready}\n\n").unwrap();
    (socket, String::from_utf8(request).unwrap().to_lowercase())
}

#[test]
fn a_connection_that_has_gone_silent_is_given_up_and_resumed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let running = Run::new(["tail", "--token", "x", "--url", &url]).begin();
    let (_silent, request) = first_event(&listener, "7f3a-41");
    assert!(
        request.starts_with("get /notifications/stream http/1.1\r\n") && !request.contains("last-event-id"),
        "{request}"
    );
    running.told("listening as u");
    // Twice the heartbeat's second, and five.
    running.told("not a byte for 7s; trying again in ");
    let (_open, request) = first_event(&listener, "7f3a-41");
    assert!(
        request.contains("\r\nlast-event-id: 7f3a-41\r\n") && request.contains("\r\nauthorization: bearer x\r\n"),
        "{request}"
    );
}
