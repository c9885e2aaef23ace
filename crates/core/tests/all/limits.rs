//! Limits hold whoever comes at once; a place is free when its stream is gone.

use crate::support::{Reader, builder, publish, request, who};
use campanile_core::{ConnectionLimitPolicy, OpenError, SseOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_that_arrive_together_exactly_ten_get_a_stream() {
    let engine = builder().start();
    for _ in 0..20 {
        let attempts: Vec<_> = (0..200)
            .map(|_| {
                let engine = engine.clone();
                tokio::spawn(async move { engine.open(request("u1", None)).await })
            })
            .collect();
        let mut open = Vec::new();
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(session) => open.push(session),
                Err(error) => assert!(matches!(error, OpenError::UserLimit)),
            }
        }
        assert_eq!((open.len(), engine.connections()), (10, 10));
        open.pop();
        open.push(engine.open(request("u1", None)).await.unwrap());
        assert!(engine.open(request("u1", None)).await.is_err());
        assert!(engine.check(&request("u1", None)).await.is_err());
        drop(open);
        assert_eq!(engine.connections(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_oldest_makes_room_where_that_is_the_policy() {
    let sse = SseOptions {
        max_connections_per_user: 2,
        connection_limit_policy: ConnectionLimitPolicy::EvictOldest,
        ..SseOptions::default()
    };
    let engine = builder().sse(sse).start();
    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut reader = Reader::open(&engine, "u1", None).await;
        reader.named("ready").await;
        readers.push(reader);
    }
    let end = readers[0].next().await.unwrap();
    assert_eq!(
        (end.name.as_str(), &end.data["reason"], &end.data["retryMs"]),
        ("reconnect", &"evicted".into(), &300_000.into())
    );
    assert_eq!(readers[0].next().await, None);
    publish(&engine, &["u1"], "x").await;
    assert_eq!((readers[1].titles(1).await, readers[2].titles(1).await), (vec!["x".into()], vec!["x".into()]));
}

#[tokio::test(start_paused = true)]
async fn the_nodes_own_limit_holds_over_all_users() {
    let engine = builder().sse(SseOptions { max_connections: Some(2), ..SseOptions::default() }).start();
    let first = engine.open(request("a", None)).await.unwrap();
    let _second = engine.open(request("b", None)).await.unwrap();
    assert!(matches!(engine.open(request("c", None)).await, Err(OpenError::NodeLimit)));
    assert!(matches!(engine.check(&request("c", None)).await, Err(OpenError::NodeLimit)));
    drop(first);
    engine.check(&request("c", None)).await.unwrap();
    engine.open(request("c", None)).await.unwrap();
    assert_eq!(engine.head(&who("c")).await.unwrap().seq.0, 0);
}
