//! Section 1, ending, and section 4: how a node leaves.

use crate::support::{builder, polite_refusal, position};
use campanile_testkit::{Answer, PATIENCE, Request, TestNode, soon};
use std::time::{Duration, Instant};

async fn draining(window: u64, delay: u64) -> TestNode {
    builder()
        .env("CAMPANILE_SSE__DRAIN_SECONDS", window)
        .env("CAMPANILE_SSE__DRAIN_DELAY_SECONDS", delay)
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 100)
        .start()
        .await
}

async fn ready(node: &TestNode) -> Answer {
    node.send(Request::get("/health/ready")).await
}

/// Waits until readiness fails.
async fn has_begun(node: &TestNode) {
    let unready = async { while ready(node).await.status() == 200 {} };
    soon("readiness to fail", unready).await;
}

/// Waits until new streams are refused, and answers the refusal.
async fn refusal(node: &TestNode) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let stream = node.stream("late").open().await;
        if stream.status() != 200 {
            return stream.into_answer().await;
        }
        assert!(Instant::now() < deadline, "new streams are still taken");
    }
}

#[tokio::test]
async fn open_streams_are_asked_to_reconnect_over_the_window_and_the_process_ends() {
    let mut node = draining(2, 0).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = node.stream("u").open().await;
        stream.ready().await;
        streams.push(stream);
    }
    let began = Instant::now();
    node.terminate();
    let mut ends = tokio::task::JoinSet::new();
    for mut stream in streams {
        ends.spawn(async move {
            let farewell = stream.farewell().await;
            (began.elapsed(), farewell)
        });
    }
    let mut times = Vec::new();
    for (at, farewell) in ends.join_all().await {
        assert_eq!(farewell["reason"], "draining");
        let retry = Duration::from_millis(farewell["retryMs"].as_u64().unwrap());
        assert!(at + retry >= Duration::from_millis(3900), "back at {:?}, before the window's end and 2 s", at + retry);
        times.push((at, retry));
    }
    times.sort();
    for quarter in 0..4u32 {
        let within = |at: Duration| {
            at < Duration::from_millis(500) * (quarter + 1) && at >= Duration::from_millis(500) * quarter
        };
        let count = times.iter().filter(|(at, _)| within(*at)).count();
        assert!((1..=9).contains(&count), "evenly spread, 5 in each quarter or about: {times:?}");
    }
    let last = times[19].0;
    assert!(last < Duration::from_millis(3500), "within the window: {last:?}");
    let mut retries: Vec<_> = times.iter().map(|(at, retry)| (*at + *retry).as_millis()).collect();
    retries.dedup();
    assert!(retries.len() > 10, "jittered: {times:?}");
    assert_eq!(node.ended().await.code(), Some(0));
}

#[tokio::test]
async fn while_it_drains_readiness_fails_and_new_streams_are_refused() {
    let mut node = draining(3, 0).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    // A dozen, so that at least one is open for most of the window.
    let others: Vec<_> = futures(&node, 12).await;
    node.terminate();
    let refused = refusal(&node).await;
    let _ = refused.problem(503);
    assert!(refused.field("retry-after").is_some(), "{refused}");
    let _ = ready(&node).await.problem(503);
    let _ = node.send(Request::get("/health/live")).await.expect(200);
    polite_refusal(node.stream("late").query("eventsource", "1").open().await, "draining").await;
    let head = node.stream("late").by("HEAD").await.expect(503);
    assert!(head.field("retry-after").is_some() && head.body.is_empty(), "{head}");
    let _ = node.get_as("u", "/notifications").await.expect(200);
    drop((stream, others));
    assert_eq!(node.ended().await.code(), Some(0));
}

async fn futures(node: &TestNode, count: usize) -> Vec<campanile_testkit::SseReader> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(node.stream("u").open().await);
    }
    streams
}

#[tokio::test]
async fn publishing_goes_on_while_streams_leave_and_nothing_is_lost() {
    let mut node = draining(2, 0).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let before = position(&node, "u").await;
    let others = futures(&node, 8).await;
    node.terminate();
    has_begun(&node).await;
    let mut accepted = 0u64;
    while accepted < 5 {
        let request = Request::post("/api/notifications").bearer(node.api_key()).json(crate::support::draft(&["u"]));
        let _ = request.send(node.address()).await.expect(202);
        accepted += 1;
    }
    drop(others);
    stream.to_end().await;
    drop(stream);
    node.ended().await;
    node.restart().await;
    let mut again = node.stream("u").position(&before).open().await;
    assert_eq!(again.ready().await.resume, "exact");
    for seq in 1..=accepted {
        assert_eq!(again.until("notification").await.seq(), seq);
    }
}

#[tokio::test]
async fn readiness_fails_before_streams_are_refused() {
    let mut node = draining(1, 2).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let began = Instant::now();
    node.terminate();
    has_begun(&node).await;
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    let mut late = node.stream("late").open().await;
    late.ready().await;
    node.notify("u", "still here").await;
    assert_eq!(stream.expect("notification").await.json()["title"], "still here");
    stream.until("reconnect").await;
    assert!(began.elapsed() >= Duration::from_millis(1900), "{:?}", began.elapsed());
    late.to_end().await;
    assert_eq!(node.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_node_without_streams_ends_at_once_by_either_signal() {
    for interrupt in [true, false] {
        let mut node = draining(10, 0).await;
        let from = Instant::now();
        if interrupt {
            node.interrupt();
        } else {
            node.terminate();
        }
        assert_eq!(node.ended().await.code(), Some(0));
        assert!(from.elapsed() < Duration::from_secs(2), "{:?}", from.elapsed());
    }
}

#[tokio::test]
async fn an_interrupt_drains_as_well() {
    let mut node = draining(1, 0).await;
    let mut streams = futures(&node, 5).await;
    node.interrupt();
    for stream in &mut streams {
        stream.ready().await;
        assert_eq!(stream.farewell().await["reason"], "draining");
    }
    assert_eq!(node.ended().await.code(), Some(0));
}

#[tokio::test]
async fn the_process_ends_when_the_last_stream_did_and_not_later() {
    let mut node = draining(30, 0).await;
    let streams = futures(&node, 3).await;
    let from = Instant::now();
    node.terminate();
    refusal(&node).await;
    drop(streams);
    assert_eq!(node.ended().await.code(), Some(0));
    assert!(from.elapsed() < Duration::from_secs(5), "{:?}", from.elapsed());
}

/// `drain_delay`: time for a load balancer to notice; until it is over nothing is refused and nobody is sent away.
#[tokio::test]
async fn a_delay_is_waited_out_before_anybody_is_sent_away() {
    let mut node = draining(0, 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let began = Instant::now();
    node.interrupt();
    assert_eq!(stream.farewell().await["reason"], "draining");
    assert!(began.elapsed() >= Duration::from_millis(950), "{:?}", began.elapsed());
    assert_eq!(node.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_window_of_0_ends_all_streams_at_once() {
    let mut node = draining(0, 0).await;
    // Over HTTP/2 the process waits a little for a client that reads nothing more.
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = node.stream("u").http1().open().await;
        stream.ready().await;
        streams.push(stream);
    }
    let from = Instant::now();
    node.terminate();
    for stream in &mut streams {
        assert_eq!(stream.farewell().await["reason"], "draining");
    }
    assert_eq!(node.ended().await.code(), Some(0));
    assert!(from.elapsed() < Duration::from_secs(2), "{:?}", from.elapsed());
}

#[tokio::test]
async fn a_reader_that_does_not_read_does_not_hold_up_the_end() {
    let mut node = draining(1, 0).await;
    let stopped = node.stream("u").receive_buffer(4096).open().await;
    for _ in 0..150 {
        node.publish(crate::support::draft_with("data", serde_json::json!("x".repeat(50_000)))).await;
    }
    let from = Instant::now();
    node.terminate();
    assert_eq!(node.ended().await.code(), Some(0));
    assert!(from.elapsed() < Duration::from_secs(6), "window and grace: {:?}", from.elapsed());
    drop(stopped);
}
