//! Event streams whose sockets are taken back: what a client sees is the same, and everything ends as it should.

use crate::support::{Streams, Wire, brief, request};
use campanile_core::SseOptions;
use std::{sync::atomic::Ordering, time::Duration};

/// A head without its date.
fn head(text: &str) -> String {
    let head = text.split("\r\n\r\n").next().unwrap();
    head.lines().filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_bytes_are_the_same_on_both_paths() {
    let mut heads = Vec::new();
    for direct in [true, false] {
        let streams = Streams::start(direct);
        let mut wire = streams.open("u").await;
        assert!(wire.text().contains("\r\ndate: ") && wire.text().contains("\r\n\r\nretry: "), "{}", wire.text());
        assert_eq!(streams.stats.direct_streams(), u64::from(direct));
        heads.push(head(&wire.text()));
        wire.forget();
        streams.publish("u", "first").await;
        streams.publish("u", "second").await;
        let text = wire.until(r#""version":2}"#).await;
        assert!(text.starts_with("id: ") && text.contains("-1\nevent: notification\ndata: {"), "{text}");
        assert!(text.find("first") < text.find("second"), "{text}");
    }
    assert_eq!(heads[0], heads[1]);
    assert!(heads[0].starts_with("HTTP/1.1 200 OK\n"), "{}", heads[0]);
}

#[tokio::test]
async fn what_a_layer_hangs_on_a_stream_lives_as_long_as_the_stream() {
    let streams = Streams::start(true);
    let wire = streams.open("u").await;
    assert_eq!(streams.guards.load(Ordering::SeqCst), 1);
    drop(wire);
    streams.streams(0).await;
    while streams.guards.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_pipelined_request_before_the_stream_is_answered_first_and_later_input_is_thrown_away() {
    let streams = Streams::start(true);
    let mut wire = Wire::connect(streams.address).await;
    let before = "GET /plain HTTP/1.1\r\nhost: a\r\n\r\n";
    wire.send(format!("{before}{}{before}{}", request("u"), request("v"))).await;
    let text = wire.until("heartbeatSeconds\":30}\n\n").await;
    assert!(text.find("plain").unwrap() < text.find("event: ready").unwrap(), "{text}");
    wire.send("x".repeat(500_000)).await;
    streams.publish("u", "still here").await;
    let text = wire.until("still here").await;
    assert_eq!((text.matches("HTTP/1.1 200").count(), text.matches("event: ready").count()), (2, 1), "{text}");
    assert_eq!(streams.engine.connections(), 1);
}

#[tokio::test]
async fn a_large_answer_before_the_stream_arrives_whole_however_slowly_it_is_read() {
    let streams = Streams::start(true);
    let mut wire = Wire::narrow(streams.address).await;
    wire.send(format!("GET /large HTTP/1.1\r\nhost: a\r\n\r\n{}", request("u"))).await;
    streams.publish("u", "first").await;
    let text = wire.until("heartbeatSeconds\":30}\n\n").await;
    assert_eq!(text.matches("large\n").count(), 200_000);
    assert!(text.rfind("large\n").unwrap() < text.find("event: ready").unwrap());
}

#[tokio::test]
async fn a_peer_that_closes_or_resets_gives_its_place_back_at_once() {
    let streams = Streams::start(true);
    for reset in [false, true] {
        let wires = [streams.open("u").await, streams.open("v").await];
        assert_eq!(streams.engine.connections(), 2);
        wires.into_iter().for_each(|wire| if reset { wire.reset() } else { drop(wire) });
        streams.streams(0).await;
        // And the connection's: nothing of it is left.
        while streams.stats.open() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_streams_of_a_user_get_everything_in_order() {
    let streams = Streams::start(true);
    let mut wires = Vec::new();
    for _ in 0..200 {
        wires.push(streams.open("u").await);
    }
    for n in 0..300 {
        streams.publish("u", &format!("<{n}>")).await;
    }
    for wire in &mut wires {
        let text = wire.until("<299>").await;
        let places: Vec<_> = (0..300).map(|n| text.find(&format!("<{n}>")).unwrap()).collect();
        assert!(places.is_sorted());
        assert_eq!(text.matches("event: notification").count(), 300);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stalls_costs_the_others_nothing_and_is_refilled_when_it_goes_on() {
    let streams = Streams::start(true);
    let mut stalled = Wire::narrow(streams.address).await;
    stalled.send(request("u")).await;
    streams.streams(1).await;
    let mut reader = streams.open("u").await;
    let filler = "x".repeat(150);
    for n in 0..4000 {
        streams.publish("u", &format!("<{n}>{filler}")).await;
        reader.until(&format!("<{n}>")).await;
        reader.forget();
    }
    assert!(streams.stats.direct_backlog() > 0, "something waits for the reader that stalls");
    let text = stalled.until("<3999>").await;
    let places: Vec<_> = (0..4000).map(|n| text.find(&format!("<{n}>")).unwrap()).collect();
    assert!(places.is_sorted());
    assert_eq!(text.matches("event: notification").count(), 4000);
    assert_eq!(streams.stats.direct_backlog(), 0);
}

#[tokio::test]
async fn a_stream_that_ends_is_read_to_its_last_byte_whatever_its_peer_still_sends() {
    let streams = Streams::start(true);
    let mut wire = streams.open("u,300").await;
    wire.send("x".repeat(100_000)).await;
    let text = wire.fin().await;
    assert!(text.ends_with("}\n\n") && text.contains("event: reconnect\ndata: {\"reason\":\"expired\""), "{text}");
    streams.streams(0).await;
}

#[tokio::test]
async fn heartbeats_come_when_nothing_else_does() {
    let sse = SseOptions { heartbeat: Duration::from_millis(200), ..SseOptions::default() };
    let streams = Streams::with(&sse, brief(|_| ()));
    let mut wire = Wire::connect(streams.address).await;
    wire.send(request("u")).await;
    wire.until_times("event: __heartbeat__\ndata:\n\n", 5).await;
    let (least, most) = (Duration::from_millis(5 * 180), Duration::from_millis(5 * 300));
    assert!(wire.age() >= least && wire.age() < most + Duration::from_secs(2), "{:?}", wire.age());
}

#[tokio::test]
async fn a_drain_ends_all_streams_and_the_server_waits_for_them() {
    let mut streams = Streams::start(true);
    let mut wires = Vec::new();
    for n in 0..20 {
        wires.push(streams.open(&format!("u{}", n % 3)).await);
    }
    streams.engine.drain(Duration::from_millis(300));
    for wire in &mut wires {
        assert!(wire.fin().await.contains(r#"{"reason":"draining""#));
    }
    drop(wires);
    streams.stop().await;
}

#[tokio::test]
async fn dropping_the_server_closes_its_streams_at_once() {
    let streams = Streams::start(true);
    let mut wire = streams.open("u").await;
    streams.abort();
    assert!(wire.end().await.is_ok());
    streams.streams(0).await;
}

#[tokio::test]
async fn signals_reach_streams_and_say_how_many() {
    let streams = Streams::start(true);
    let mut wires = [streams.open("u").await, streams.open("u").await];
    assert_eq!(streams.signal("u", "hello").await, 2);
    for wire in &mut wires {
        wire.until("event: tick\ndata: \"hello\"\n\n").await;
    }
}
