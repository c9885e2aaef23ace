//! The stream as bytes on a socket.

use crate::support::{App, eventually, token};
use campanile_core::{Engine, SseOptions, store::MemoryStore};
use campanile_http::HttpOptions;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A connection that reads as little as it must.
pub(crate) struct Wire {
    pub(crate) socket: TcpStream,
    pub(crate) read: Vec<u8>,
}

impl Wire {
    pub(crate) async fn send(address: SocketAddr, head: &str) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        Self { socket, read: Vec::new() }
    }

    /// Opens a stream by token.
    pub(crate) async fn open(address: SocketAddr, user: &str, query: &str, headers: &str) -> Self {
        let token = token(user);
        Self::send(
            address,
            &format!(
                "GET /notifications/stream{query} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n{headers}\r\n"
            ),
        )
        .await
    }

    /// Reads until a text has come, and answers everything so far.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        let found = timeout(Duration::from_secs(10), async {
            while !String::from_utf8_lossy(&self.read).contains(text) {
                let mut buffer = [0; 4096];
                match self.socket.read(&mut buffer).await.unwrap() {
                    0 => panic!("closed before {text:?}: {:?}", String::from_utf8_lossy(&self.read)),
                    n => self.read.extend_from_slice(&buffer[..n]),
                }
            }
        });
        assert!(found.await.is_ok(), "no {text:?} in {:?}", String::from_utf8_lossy(&self.read));
        String::from_utf8(self.read.clone()).unwrap()
    }

    /// Reads to the end of the connection.
    pub(crate) async fn read_out(mut self) -> String {
        let end = timeout(Duration::from_secs(10), self.socket.read_to_end(&mut self.read)).await;
        end.expect("the connection ends").unwrap();
        String::from_utf8(self.read).unwrap()
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The headers that the contract fixes, sorted; `Date` is checked and left out.
fn fixed_headers(answer: &str) -> Vec<String> {
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().skip(1).map(str::to_owned).collect();
    let all = lines.len();
    lines.retain(|line| !line.starts_with("date: "));
    assert_eq!(lines.len(), all - 1, "one Date: {head}");
    lines.sort();
    lines
}

const HEADERS: [&str; 6] = [
    "cache-control: no-store, no-cache, no-transform, private",
    "connection: close",
    "content-type: text/event-stream; charset=utf-8",
    "vary: Origin",
    "x-accel-buffering: no",
    "x-content-type-options: nosniff",
];

#[tokio::test]
async fn the_head_is_the_contracts_and_the_first_events_come_with_it() {
    let address = App::new().listen().await;
    let mut wire = Wire::open(address, "u1", "", "").await;
    let mut first = vec![0; 16 * 1024];
    let n = timeout(Duration::from_secs(5), wire.socket.read(&mut first)).await.unwrap().unwrap();
    let answer = String::from_utf8(first[..n].to_vec()).unwrap();
    assert_eq!(status(&answer), 200);
    assert_eq!(fixed_headers(&answer), HEADERS);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let lines: Vec<_> = body.split('\n').collect();
    let [first, _, _, _, "", ""] = lines[..] else { panic!("{body:?}") };
    let value = |field: &str| lines.iter().find_map(|line| line.strip_prefix(field)).unwrap();
    let retry: u64 = first.strip_prefix("retry: ").unwrap().parse().unwrap();
    assert!((1000..=5000).contains(&retry));
    let (event, id, data) = (value("event: "), value("id: "), value("data: "));
    assert_eq!(event, "ready");
    let ready: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!((&ready["user"], &ready["resume"], &ready["cursor"]), (&"u1".into(), &"fresh".into(), &id.into()));
    assert_eq!(ready["counts"], serde_json::json!({"unread": 0, "unseen": 0, "version": 0}));
    assert_eq!(ready["heartbeatSeconds"], 30);
}

#[tokio::test]
async fn events_follow_undivided_until_the_connection_ends() {
    let app = App::new();
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: ready").await;
    let id = app.publish("u1", "first").await;
    wire.until("event: counts").await;
    app.http.engine().drain(Duration::ZERO);
    let answer = wire.read_out().await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    for line in body.lines() {
        let known = ["retry: ", "event: ", "id: ", "data: "].iter().any(|field| line.starts_with(field));
        assert!(known || line.is_empty(), "{line:?} is no line of an event stream");
    }
    assert!(body.contains(&format!(r#"data: {{"notificationId":"{id}","#)), "{body}");
    assert!(body.ends_with("\n\n") && body.contains("event: reconnect\ndata: {\"reason\":\"draining\""), "{body}");
}

#[tokio::test]
async fn head_answers_the_same_head_and_takes_no_place() {
    let options = SseOptions { max_connections_per_user: 1, ..SseOptions::default() };
    let engine = Engine::builder(Arc::new(MemoryStore::default())).sse(options);
    let app = App::with(engine, HttpOptions::default());
    let address = app.listen().await;
    let head = async || {
        let token = token("u1");
        let request = format!(
            "HEAD /notifications/stream HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        Wire::send(address, &request).await.read_out().await
    };
    for _ in 0..3 {
        let answer = head().await;
        assert_eq!(status(&answer), 200);
        assert_eq!(fixed_headers(&answer), HEADERS);
        assert!(answer.ends_with("\r\n\r\n"));
    }
    assert_eq!(app.http.engine().connections(), 0);
    let mut wire = Wire::open(address, "u1", "", "").await;
    wire.until("event: ready").await;
    assert_eq!(status(&head().await), 429);
}

#[tokio::test]
async fn a_closed_connection_gives_its_place_back_at_once() {
    let app = App::new();
    let address = app.listen().await;
    for _ in 0..3 {
        let mut wire = Wire::open(address, "u1", "", "").await;
        wire.until("event: ready").await;
        assert_eq!(app.http.engine().connections(), 1);
        drop(wire);
        eventually("the place is free", || app.http.engine().connections() == 0).await;
    }
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_by_heartbeats() {
    let options = SseOptions { heartbeat: Duration::from_millis(50), ..SseOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())).sse(options), HttpOptions::default());
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: __heartbeat__\ndata:\n\nevent: __heartbeat__\ndata:\n\n").await;
}

#[tokio::test]
async fn a_position_is_taken_from_the_header_and_from_the_query() {
    let app = App::new();
    let address = app.listen().await;
    app.publish("u1", "one").await;
    let head = app.user("u1", "GET", "/notifications").await.json()["streamCursor"].as_str().unwrap().to_owned();
    app.publish("u1", "two").await;
    let good = format!("last-event-id: {head}\r\n");
    for (query, headers, resume) in [
        (String::new(), good.as_str(), "exact"),
        (format!("?lastEventId={head}"), "", "exact"),
        (format!("?last_event_id={head}"), "", "exact"),
        (format!("?lastEventId={head}"), "last-event-id:\r\n", "exact"),
        ("?lastEventId=nonsense".into(), good.as_str(), "exact"),
        (format!("?lastEventId={head}"), "last-event-id: nonsense\r\n", "reset"),
        (format!("?lastEventId={head}&x"), "last-event-id: \u{2026}\r\n", "reset"),
        ("?lastEventId=%FF%FE".into(), "", "reset"),
        ("?lastEventId=a%0aid:%209".into(), "", "reset"),
        (String::new(), "", "fresh"),
    ] {
        let mut wire = Wire::open(address, "u1", &query, headers).await;
        let answer = wire.until("heartbeatSeconds\":30}\n\n").await;
        assert!(answer.contains(&format!(r#""resume":"{resume}""#)), "{query} {headers:?}: {answer}");
        assert!(!answer.contains("id: 9\n"), "{answer}");
        if resume == "exact" {
            assert!(wire.until(r#""title":"two""#).await.matches("event: notification").count() == 1);
        }
    }
}

#[tokio::test]
async fn a_position_may_hold_any_bytes() {
    let app = App::new();
    let address = app.listen().await;
    let mut wire = Wire::send(address, "GET /notifications/stream HTTP/1.1\r\nhost: a\r\nlast-event-id: ").await;
    wire.socket.write_all(b"\xff\xfe").await.unwrap();
    wire.socket.write_all(format!("\r\nauthorization: Bearer {}\r\n\r\n", token("u1")).as_bytes()).await.unwrap();
    wire.until(r#""resume":"reset","resetReason":"unknown""#).await;
}

#[tokio::test]
async fn the_refusal_for_an_event_source_is_a_short_stream() {
    let options = SseOptions { max_connections_per_user: 0, ..SseOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())).sse(options), HttpOptions::default());
    let address = app.listen().await;
    let answer = Wire::open(address, "u1", "?eventsource=1", "").await.read_out().await;
    assert_eq!(status(&answer), 200);
    assert_eq!(fixed_headers(&answer), HEADERS);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let (retry, event) = body.split_once('\n').unwrap();
    let retry: u64 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
    assert!((5_000..=60_000).contains(&retry), "{retry}");
    let reconnect = format!("event: reconnect\ndata: {{\"reason\":\"busy\",\"retryMs\":{retry}}}\n\n");
    assert_eq!(event.trim_start_matches('\n'), reconnect);
}

#[tokio::test]
async fn under_any_server_the_stream_is_undivided() {
    let app = App::new();
    let answer = Wire::open(app.listen().await, "u1", "", "").await.until("event: ready").await;
    assert!(!answer.to_ascii_lowercase().contains("transfer-encoding"), "{answer}");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
}
