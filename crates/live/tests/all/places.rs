//! SSE-RULES "Transport, HTTP/1.1": connection flood.

use crate::support::{Live, brief};

#[tokio::test]
async fn connection_flood_more_than_the_limit_get_503() {
    let live = Live::start(brief(|options| options.max_connections = Some(3)));
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(live.stream().await);
    }
    for _ in 0..50 {
        let mut wire = live.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let answer = wire.fin().await;
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: 5\r\n"), "{answer}");
        assert!(answer.contains("\"node-full\""), "{answer}");
    }
    assert_eq!((live.stats.open(), live.stats.refused()), (3, 50));
    drop(held.pop());
    live.connections(2).await;
    live.stream().await;
}

#[tokio::test]
async fn connection_flood_one_address_has_its_own_limit() {
    let live = Live::start_at(
        "127.0.0.1:0",
        brief(|options| {
            options.max_connections = Some(100);
            options.max_connections_per_address = Some(2);
        }),
    );
    let _held = [live.stream().await, live.stream().await];
    let mut third = live.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(third.fin().await.starts_with("HTTP/1.1 503 "));
    // Another address of this machine.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = crate::support::Wire::of(socket.connect(live.address).await.unwrap());
    other.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    other.until("hello").await;
}

#[tokio::test]
async fn connection_flood_of_refused_ones_that_stay_costs_no_places() {
    let live = Live::start(brief(|options| options.max_connections = Some(1)));
    let mut first = live.stream().await;
    let mut stubborn = Vec::new();
    for _ in 0..600 {
        stubborn.push(live.connect().await);
    }
    live.app.send("data: undisturbed\n\n");
    first.until("undisturbed").await;
    drop(first);
    live.connections(0).await;
    live.stream().await;
}
