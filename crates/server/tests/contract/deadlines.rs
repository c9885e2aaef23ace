//! Section 4: what does not come in time. Real seconds have to pass here, so this is one test, and it begins early.

use crate::support::start;
use campanile_testkit::{Request, Socket};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

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
    let (silent, half, preface, body, trickle, idle, ticket) = tokio::join!(
        patience_of("a silent connection", address, b""),
        patience_of("half a head", address, b"GET /notifications HTTP/1.1\r\nHost: x\r\n"),
        patience_of("half a preface of HTTP/2", address, b"PRI * HTTP/2.0\r\n"),
        patience_of("half a body", address, &body),
        trickle(address),
        idle(address),
        late_ticket,
    );
    about("a silent connection", silent, 10);
    assert!(half.1.contains("head-timeout"), "{half:?}");
    about("half a head", half, 10);
    about("half a preface of HTTP/2", preface, 10);
    assert!(body.1.contains("body-timeout"), "{body:?}");
    about("half a body", body, 30);
    assert_eq!(idle, 200, "proxies keep connections for a while");
    assert!(trickle < Duration::from_secs(14), "a byte a second: {trickle:?}");
    assert_eq!(ticket, 401, "a ticket of 30.5 seconds");
}

/// The status of a request on a connection that had none for half a minute.
async fn idle(address: SocketAddr) -> u16 {
    let request = Request::get("/health/live").field("Connection", "keep-alive").encode(address);
    let mut socket = Socket::connect(address, None).await.unwrap();
    socket.send(&request).await.unwrap();
    socket.head().await.unwrap().unwrap();
    socket.body().await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    socket.send(&request).await.unwrap();
    socket.head().await.unwrap().unwrap().status()
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
