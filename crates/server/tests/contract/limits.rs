//! Section 1, limits: places are counted atomically and given back at once.

use crate::{
    http2,
    support::{builder, start},
};
use bytes::Bytes;
use campanile_testkit::{Request, Socket, SseReader, StreamRequest, TestNode};
use h2::{RecvStream, client::SendRequest};
use http::Response;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Barrier, task::JoinSet};

/// As many at the same moment as the scheduler can.
async fn open_at_once(request: &StreamRequest, count: usize) -> Vec<SseReader> {
    let (barrier, mut tasks) = (Arc::new(Barrier::new(count)), JoinSet::new());
    for _ in 0..count {
        let (request, barrier) = (request.clone(), Arc::clone(&barrier));
        tasks.spawn(async move {
            barrier.wait().await;
            request.open().await
        });
    }
    tasks.join_all().await
}

fn by_status(streams: Vec<SseReader>) -> (Vec<SseReader>, usize) {
    let all = streams.len();
    let open: Vec<_> = streams.into_iter().filter(|stream| stream.status() == 200).collect();
    let refused = all - open.len();
    (open, refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_simultaneous_connects_exactly_10_get_a_place_five_times_over() {
    let node = start().await;
    let request = node.stream("u");
    for round in 0..5 {
        let (mut open, refused) = by_status(open_at_once(&request, 200).await);
        assert_eq!((open.len(), refused), (10, 190), "round {round}");
        for stream in &mut open {
            stream.ready().await;
        }
        drop(open);
        node.has_streams(0).await;
    }
}

/// Opens until there is a place: a server learns of a close when it arrives, not before.
async fn takes_the_free_place(node: &TestNode) -> SseReader {
    let open = async {
        loop {
            let stream = node.stream("u").open().await;
            if stream.status() == 200 {
                return stream;
            }
        }
    };
    campanile_testkit::soon("a place given back", open).await
}

#[tokio::test]
async fn each_closed_stream_gives_its_place_back_at_once() {
    let node = start().await;
    let (mut open, _) = by_status(open_at_once(&node.stream("u"), 10).await);
    assert_eq!(open.len(), 10);
    for reset in [true, false].repeat(10) {
        let from = std::time::Instant::now();
        let closed = open.remove(0);
        if reset {
            closed.reset();
        } else {
            drop(closed);
        }
        open.push(takes_the_free_place(&node).await);
        assert!(from.elapsed().as_millis() < 2000, "{:?}", from.elapsed());
        assert_eq!(node.stream("u").open().await.status(), 429);
    }
}

#[tokio::test]
async fn a_client_that_closes_its_half_leaks_no_place() {
    let node = start().await;
    let mut stream = node.stream("u").http1().open().await;
    stream.ready().await;
    stream.socket().finish_sending().await.unwrap();
    drop(stream);
    node.has_streams(0).await;
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_frame_frees_the_place() {
    let node = start().await;
    let stream = node.stream("u").receive_buffer(4096).open().await;
    for _ in 0..20 {
        node.publish(crate::support::draft_with("data", serde_json::json!("x".repeat(50_000)))).await;
    }
    stream.reset();
    node.has_streams(0).await;
}

#[tokio::test]
async fn refused_streams_take_no_place() {
    let node = start().await;
    for _ in 0..30 {
        let request = node.stream("u").field("Accept", "text/html, text/event-stream;q=0");
        let _ = request.open().await;
        let _ = node.anonymous_stream().refused().await.problem(401);
    }
    let (open, _) = by_status(open_at_once(&node.stream("u"), 10).await);
    assert_eq!(open.len(), 10);
}

#[tokio::test]
async fn the_oldest_one_makes_room_where_that_is_the_policy() {
    let node = builder()
        .env("CAMPANILE_SSE__CONNECTION_LIMIT_POLICY", "evict-oldest")
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 2)
        .start()
        .await;
    let (mut a, mut b) = (node.stream("u").open().await, node.stream("u").open().await);
    a.ready().await;
    b.ready().await;
    let mut c = node.stream("u").open().await;
    c.ready().await;
    let farewell = a.farewell().await;
    assert_eq!((farewell["reason"].as_str(), farewell["retryMs"].as_u64()), (Some("evicted"), Some(300_000)));
    node.has_streams(2).await;
    node.notify("u", "x").await;
    b.expect("notification").await;
    c.expect("notification").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_holds_while_many_evict_each_other() {
    let node = builder()
        .env("CAMPANILE_SSE__CONNECTION_LIMIT_POLICY", "evict-oldest")
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 3)
        .start()
        .await;
    let streams = open_at_once(&node.stream("u"), 60).await;
    assert!(streams.iter().all(|stream| stream.status() == 200));
    let mut readers = JoinSet::new();
    for mut stream in streams {
        readers.spawn(async move {
            stream.ready().await;
            stream.event_or_end().await.ok().map(|event| event.json()["reason"].clone())
        });
    }
    for _ in 0..57 {
        let ended = campanile_testkit::soon("an eviction", readers.join_next()).await;
        assert_eq!(ended.unwrap().unwrap(), Some("evicted".into()));
    }
    node.has_streams(3).await;
    readers.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nodes_limit_holds_over_all_users() {
    let node = builder().env("CAMPANILE_SSE__MAX_CONNECTIONS", 15).start().await;
    let (one, two) = (node.stream("u1"), node.stream("u2"));
    let (one, two) = tokio::join!(open_at_once(&one, 60), open_at_once(&two, 60));
    let (open, refused) = by_status(one.into_iter().chain(two).collect());
    assert_eq!((open.len(), refused), (15, 105));
}

/// One of many that arrive at the same moment, over whatever.
async fn arrive(node: &TestNode, client: &SendRequest<Bytes>, kind: usize) -> Held {
    match kind % 3 {
        0 => Held::Stream(Box::new(node.stream("u").open().await)),
        1 => Held::Http2(http2::open(client, node, "u").await),
        _ => {
            let poll = Request::get("/notifications/changes?wait=60").bearer(&node.token("u"));
            let mut socket = Socket::connect(node.address(), None).await.unwrap();
            socket.send(&poll.encode(node.address())).await.unwrap();
            Held::Poll(socket)
        }
    }
}

/// What arrived, and the place it may have.
enum Held {
    Stream(Box<SseReader>),
    Http2(Response<RecvStream>),
    /// It is answered once it is refused.
    Poll(Socket),
}

impl Held {
    /// Whether it was refused with 429; a poll that waits is told nothing.
    async fn is_refused(&mut self) -> bool {
        match self {
            Self::Stream(stream) => stream.status() == 429,
            Self::Http2(response) => response.status() == 429,
            Self::Poll(socket) => {
                let answered = tokio::time::timeout(Duration::from_millis(500), socket.head()).await;
                answered.is_ok_and(|head| head.unwrap().unwrap().status() == 429)
            }
        }
    }
}

/// Row "HTTP/1.1, HTTP/2 and long polls count alike", all of them at once.
#[tokio::test]
async fn of_many_at_once_over_all_transports_as_many_as_the_limit_get_a_place() {
    let node = start().await;
    for round in 0..2 {
        let clients = [http2::connect(&node).await, http2::connect(&node).await];
        let arriving: Vec<_> = (0..60).map(|kind| arrive(&node, &clients[kind % 2], kind)).collect();
        let mut held = futures_util::future::join_all(arriving).await;
        let refused = futures_util::future::join_all(held.iter_mut().map(Held::is_refused)).await;
        assert_eq!(refused.into_iter().filter(|refused| *refused).count(), 50, "round {round}");
        node.has_streams(10).await;
        drop((held, clients));
        node.has_streams(0).await;
    }
}

/// Row "a closed one gives its place back at once", whatever the transport of either.
#[tokio::test]
async fn a_place_of_one_transport_is_good_for_every_other() {
    let node = builder().env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1).start().await;
    let client = http2::connect(&node).await;
    for kind in 0..9 {
        let held = arrive(&node, &client, kind).await;
        node.has_streams(1).await;
        for other in [0, 1, 2] {
            assert!(arrive(&node, &client, other).await.is_refused().await, "{other} beside {kind}");
        }
        drop(held);
        node.has_streams(0).await;
    }
}

/// The oldest of a user goes, and nobody else: in the order of their coming, and not twice.
#[tokio::test]
async fn streams_make_room_in_the_order_they_came_in() {
    let node = builder()
        .env("CAMPANILE_SSE__CONNECTION_LIMIT_POLICY", "evict-oldest")
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 3)
        .start()
        .await;
    let mut other = crate::support::open(&node, "other").await;
    let mut streams = std::collections::VecDeque::new();
    for number in 0..12 {
        streams.push_back(crate::support::open(&node, "u").await);
        if number >= 3 {
            let mut oldest: SseReader = streams.pop_front().unwrap();
            let farewell = oldest.farewell().await;
            assert_eq!((farewell["reason"].as_str(), farewell["retryMs"].as_u64()), (Some("evicted"), Some(300_000)));
        }
    }
    node.signal(serde_json::json!({"to": {"users": ["u", "other"]}, "event": "still-here"})).await;
    for stream in streams.iter_mut().chain([&mut other]) {
        stream.expect("still-here").await;
    }
}

/// A reload: the old stream is closed and the new one opened in the same moment.
#[tokio::test]
async fn a_page_that_reloads_finds_its_place_again() {
    let node = builder().env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1).start().await;
    for round in 0..100 {
        let mut stream = node.stream("u").open().await;
        assert_eq!(stream.status(), 200, "round {round}");
        if round % 2 == 0 {
            stream.ready().await;
        }
        match round % 3 {
            0 => drop(stream.reset()),
            _ => drop(stream),
        }
    }
}
