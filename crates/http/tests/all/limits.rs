//! Exactly as many streams as allowed, however many ask.

use crate::{
    stream_wire::Wire,
    support::{App, eventually},
};
use campanile_core::{Engine, store::MemoryStore};
use campanile_http::HttpOptions;
use std::{net::SocketAddr, sync::Arc};

/// Asks for a stream; answers the status, and the connection if it became one.
async fn attempt(address: SocketAddr) -> (u16, Option<Wire>) {
    let mut wire = Wire::open(address, "u1", "", "").await;
    let head = wire.until("\r\n\r\n").await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, (status == 200).then_some(wire))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_that_arrive_together_ten_get_a_stream_every_time() {
    let options = HttpOptions { connects_per_minute: 10_000, ..HttpOptions::default() };
    let app = App::with(Engine::builder(Arc::new(MemoryStore::default())), options);
    let address = app.listen().await;
    for round in 0..5 {
        let attempts: Vec<_> = (0..200).map(|_| tokio::spawn(attempt(address))).collect();
        let mut streams = Vec::new();
        for attempt in attempts {
            let (status, stream) = attempt.await.unwrap();
            assert!(status == 200 || status == 429, "{status}");
            streams.extend(stream);
        }
        assert_eq!(streams.len(), 10, "round {round}");
        assert_eq!(app.http.engine().connections(), 10);
        streams.pop();
        eventually("one place is free", || app.http.engine().connections() == 9).await;
        let (status, again) = attempt(address).await;
        assert_eq!(status, 200, "a closed stream gives its place back");
        assert_eq!(attempt(address).await.0, 429);
        drop((streams, again));
        eventually("all places are free", || app.http.engine().connections() == 0).await;
    }
}

#[tokio::test]
async fn other_users_are_not_counted() {
    let app = App::new();
    let address = app.listen().await;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(attempt(address).await);
    }
    assert!(open.iter().all(|(status, _)| *status == 200));
    assert_eq!(attempt(address).await.0, 429);
    Wire::open(address, "u2", "", "").await.until("event: ready").await;
}
