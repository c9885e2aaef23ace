//! Section 1, limits: places are counted atomically and given back at once.

use crate::support::{builder, start};
use campanile_testkit::{SseReader, StreamRequest, TestNode};
use std::sync::Arc;
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
    let mut stream = node.stream("u").open().await;
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
