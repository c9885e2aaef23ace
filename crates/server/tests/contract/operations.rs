//! Section 4: health, metrics, deadlines, hosts.

use crate::support::{builder, draft, start, start_with};
use campanile_testkit::{Request, Socket, TestNode, soon};
use serde_json::json;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

#[tokio::test]
async fn health_is_told_on_both_listeners_without_credentials() {
    let node = start().await;
    for address in [node.address(), node.admin_address()] {
        for path in ["/health/live", "/health/ready"] {
            let _ = Request::get(path).send(address).await.expect(200);
        }
    }
}

#[tokio::test]
async fn metrics_are_on_the_admin_listener_only() {
    let node = start().await;
    assert!(node.metrics().await.contains("campanile_connections"));
    let _ = Request::get("/metrics").bearer(node.api_key()).send(node.address()).await.problem(404);
    for path in ["/notifications", "/api/notifications"] {
        let _ = Request::get(path).bearer(node.api_key()).send(node.admin_address()).await.problem(404);
    }
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let _ = node.stream("u").refused().await;
    for _ in 0..3 {
        node.publish(draft(&["u"])).await;
        stream.until("notification").await;
    }
    node.metric_becomes("campanile_connections", "", 1.0).await;
    let metric = async |name: &str, labels: &str| node.metric(name, labels).await;
    assert!((metric("campanile_connects", "outcome=\"fresh\"").await - 1.0).abs() < 0.1);
    assert!((metric("campanile_connects", "").await - 2.0).abs() < 0.1);
    assert!(metric("campanile_events_written", "").await >= 4.0);
    assert!(metric("campanile_written_bytes", "").await >= stream.body().len() as f64);
    for histogram in [
        "campanile_publish_seconds",
        "campanile_publish_to_write_seconds",
        "campanile_store_commit_seconds",
        "campanile_store_batch_size",
    ] {
        assert!(metric(&format!("{histogram}_count"), "").await >= 3.0, "{histogram}:\n{}", node.metrics().await);
    }
    for counter in ["campanile_refills", "campanile_gaps", "campanile_dropped_frames"] {
        assert!(node.metrics().await.contains(counter), "{counter}");
    }
    drop(stream);
    node.metric_becomes("campanile_stream_ends", "", 1.0).await;
}

#[tokio::test]
async fn only_listed_hosts_are_answered() {
    let node = start_with("ALLOWED_HOSTS", "push.example,localhost").await;
    let get = |host: &str| Request::get("/health/live").field("Host", host);
    for good in ["push.example", "PUSH.EXAMPLE:443", "localhost:8080"] {
        let _ = node.send(get(good)).await.expect(200);
    }
    for bad in ["evil.example", "push.example.evil.com", "127.0.0.1", "xpush.example"] {
        assert_eq!(node.send(get(bad)).await.status(), 421, "{bad:?}");
    }
    let empty = node.send(get("")).await.status();
    assert!([400, 421].contains(&empty), "{empty}");
    let stream = node.stream("u").field("Host", "evil.example").open().await;
    assert_eq!(stream.status(), 421);
}

#[tokio::test]
async fn a_base_path_stands_before_everything_of_users_and_applications() {
    let node = start_with("BASE_PATH", "/live").await;
    let publish = Request::post("/live/api/notifications").bearer(node.api_key()).json(draft(&["u"]));
    let answer = node.send(publish).await.expect(202);
    assert!(answer.field("location").is_some_and(|place| place.starts_with("/live/api/notifications/")), "{answer}");
    let page = node.get_as("u", "/live/notifications").await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let _ = node.get_as("u", "/notifications").await.problem(404);
    let stream = Request::get("/live/notifications/stream").bearer(&node.token("u"));
    let mut stream = campanile_testkit::StreamRequest::of(stream, node.address()).open().await;
    stream.ready().await;
}

/// Sends some bytes and then nothing; how long it takes the server to end that.
async fn patience_of(what: &str, address: SocketAddr, bytes: &[u8]) -> (Duration, String) {
    let from = Instant::now();
    let mut socket = Socket::connect(address, None).await.unwrap();
    socket.send(bytes).await.unwrap();
    let rest = tokio::time::timeout(Duration::from_secs(45), socket.raw_to_end()).await;
    let rest = rest.unwrap_or_else(|_| panic!("{what}: the server waits without end")).unwrap_or_default();
    (from.elapsed(), String::from_utf8_lossy(&rest).into_owned())
}

fn about(what: &str, (took, said): (Duration, String), seconds: u64) {
    let range = Duration::from_secs(seconds - 1)..Duration::from_secs(seconds + 4);
    assert!(range.contains(&took), "{what}: {took:?}, {said}");
    let status = said.split(' ').nth(1).unwrap_or_default();
    assert!(["", "408", "400"].contains(&status), "{what}: {said}");
}

/// All deadlines at once, because each has to be waited out.
#[tokio::test]
async fn heads_have_10_seconds_bodies_30_and_tickets_30() {
    let node = start().await;
    let address = node.address();
    let body = Request::post("/api/notifications").bearer(node.api_key()).field("Content-Type", "application/json");
    let body = [body.field("Content-Length", "1000").encode(address), b"{\"type\":".to_vec()].concat();
    let ticket = node.post_as("u", "/notifications/stream/tickets").await.expect(201).json();
    let late_ticket = async {
        tokio::time::sleep(Duration::from_millis(30_500)).await;
        node.anonymous_stream().ticket(ticket["ticket"].as_str().unwrap()).open().await.status()
    };
    let idle = Request::get("/health/live").field("Connection", "keep-alive").encode(address);
    let (silent, half, preface, idle, body, trickle, ticket) = tokio::join!(
        patience_of("a silent connection", address, b""),
        patience_of("half a head", address, b"GET /notifications HTTP/1.1\r\nHost: x\r\n"),
        patience_of("half a preface of HTTP/2", address, b"PRI * HTTP/2.0\r\n"),
        patience_of("an idle connection", address, &idle),
        patience_of("half a body", address, &body),
        trickle(address),
        late_ticket,
    );
    about("a silent connection", silent, 10);
    about("half a head", half, 10);
    about("half a preface of HTTP/2", preface, 10);
    about("half a body", body, 30);
    assert!(idle.0 < Duration::from_secs(40) && idle.1.starts_with("HTTP/1.1 200"), "{idle:?}");
    assert!(trickle < Duration::from_secs(14), "a byte a second: {trickle:?}");
    assert_eq!(ticket, 401, "a ticket of 30.5 seconds");
}

/// A byte a second is no head either.
async fn trickle(address: SocketAddr) -> Duration {
    let from = Instant::now();
    let mut socket = Socket::connect(address, None).await.unwrap();
    for byte in b"GET /notifications HTTP/1.1\r\nHost: example\r\n" {
        if socket.send(&[*byte]).await.is_err() {
            break;
        }
        if tokio::time::timeout(Duration::from_secs(1), socket.raw_to_end()).await.is_ok() {
            break;
        }
    }
    from.elapsed()
}

#[tokio::test]
async fn a_node_answers_soon_after_its_start() {
    let from = Instant::now();
    let node = builder().start().await;
    let _ = node.send(Request::get("/health/ready")).await.expect(200);
    assert!(from.elapsed() < Duration::from_secs(2), "{:?}", from.elapsed());
}

#[tokio::test]
async fn a_stream_goes_on_while_its_node_answers_others() {
    let node = start().await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    busy(&node).await;
    node.notify("u", "x").await;
    stream.expect("notification").await;
}

async fn busy(node: &TestNode) {
    for _ in 0..50 {
        let request = Request::get("/notifications").bearer(&node.token("v"));
        let _ = soon("an answer", request.send(node.address())).await.expect(200);
        node.signal(json!({"to": {"users": ["v"]}, "event": "x"})).await;
    }
}
