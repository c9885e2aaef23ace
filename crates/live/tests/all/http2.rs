//! SSE-RULES "HTTP/2": windows, limits, ends.

use crate::support::{Frame, H2, Live, brief, flags, kind, soon};
use std::time::Duration;

const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;

/// SETTINGS_INITIAL_WINDOW_SIZE.
const WINDOW: u16 = 4;

fn impatient(millis: u64) -> Live {
    Live::start(brief(|options| options.write_timeout = Duration::from_millis(millis)))
}

#[tokio::test]
async fn prior_knowledge_works_and_streams_are_independent() {
    let live = Live::default();
    let mut h2 = live.http2().await;
    let (one, two) = (h2.stream().await, h2.stream().await);
    live.app.open(2).await;
    live.app.send("data: to both\n\n");
    h2.data(one, "to both").await;
    h2.send(kind::RST_STREAM, flags::NONE, one, &CANCEL.to_be_bytes()).await;
    live.app.open(1).await;
    live.app.send("data: to one\n\n");
    h2.data(two, "to one").await;
}

#[tokio::test]
async fn a_connection_that_breaks_frees_all_its_streams_at_once() {
    let live = Live::default();
    for reset in [false, true] {
        let mut h2 = live.http2().await;
        for _ in 0..20 {
            h2.stream().await;
        }
        live.app.open(20).await;
        if reset {
            h2.wire.reset();
        } else {
            drop(h2);
        }
        live.app.open(0).await;
    }
    live.all_closed().await;
}

#[tokio::test]
async fn streams_over_the_limit_are_refused_and_may_be_tried_again() {
    let live = Live::default();
    let mut h2 = live.http2().await;
    let mut streams = Vec::new();
    for _ in 0..400 {
        streams.push(h2.get("/stream").await);
    }
    let mut refused = 0;
    while refused < 200 {
        let frame = h2.until("RST_STREAM", |frame| frame.kind == kind::RST_STREAM).await;
        assert_eq!(frame.error(), REFUSED_STREAM);
        assert!(streams[200..].contains(&frame.stream));
        refused += 1;
    }
    live.app.open(200).await;
    h2.send(kind::RST_STREAM, flags::NONE, streams[0], &CANCEL.to_be_bytes()).await;
    live.app.open(199).await;
    h2.stream().await;
}

#[tokio::test]
async fn one_stalled_stream_is_reset_and_the_others_go_on() {
    let live = impatient(300);
    let mut h2 = live.http2().await;
    let stream = h2.stream().await;
    let stalled = h2.get("/endless").await;
    // The connection's window is the other's, too.
    h2.send(kind::WINDOW_UPDATE, flags::NONE, 0, &(1_u32 << 30).to_be_bytes()).await;
    let (mut received, mut reset) = (0, false);
    while !reset {
        let frame = h2.until("a frame of it", |frame| frame.stream == stalled).await;
        reset = frame.kind == kind::RST_STREAM;
        received += if frame.kind == kind::DATA { frame.payload.len() } else { 0 };
    }
    assert_eq!(received, 65_535);
    live.app.send("data: undisturbed\n\n");
    h2.data(stream, "undisturbed").await;
    live.app.open(1).await;
    assert_eq!(live.stats.stalled_streams(), 1);
}

#[tokio::test]
async fn a_stalled_stream_that_goes_on_in_time_stays() {
    let live = impatient(600);
    let mut h2 = live.http2().await;
    h2.send(kind::WINDOW_UPDATE, flags::NONE, 0, &(1_u32 << 30).to_be_bytes()).await;
    let stream = h2.get("/endless").await;
    let mut received = 0;
    for round in 1..=6 {
        while received < 65_535 * round {
            received += h2.until("data", |frame| frame.is(kind::DATA, stream)).await.payload.len();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        h2.send(kind::WINDOW_UPDATE, flags::NONE, stream, &65_535_u32.to_be_bytes()).await;
    }
    assert_eq!(live.stats.stalled_streams(), 0);
}

#[tokio::test]
async fn an_idle_stream_is_not_stalled() {
    let live = impatient(150);
    let mut h2 = live.http2().await;
    let stream = h2.stream().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    live.app.send("data: later\n\n");
    h2.data(stream, "later").await;
}

#[tokio::test]
async fn connection_window_never_refilled_all_its_streams_are_reset() {
    let live = impatient(300);
    let mut h2 = live.http2().await;
    let streams = [h2.get("/endless").await, h2.get("/endless").await];
    let mut received = 0;
    let mut left = streams.to_vec();
    while !left.is_empty() {
        let frame = h2.until("a frame of them", |frame| streams.contains(&frame.stream)).await;
        received += if frame.kind == kind::DATA { frame.payload.len() } else { 0 };
        if frame.kind == kind::RST_STREAM {
            left.retain(|stream| *stream != frame.stream);
        }
    }
    assert_eq!(received, 65_535);
    live.app.open(0).await;
}

#[tokio::test]
async fn window_of_0_or_1_byte_from_the_start_is_no_storm_and_timed_out() {
    for window in [0, 1] {
        let live = impatient(300);
        let mut h2 = H2::with_settings(live.address, &[(WINDOW, window)]).await;
        let stream = h2.get("/endless").await;
        let mut frames: Vec<Frame> = Vec::new();
        while frames.last().is_none_or(|frame| frame.kind != kind::RST_STREAM) {
            frames.push(h2.until("a frame of it", |frame| frame.stream == stream).await);
        }
        let data: usize = frames.iter().filter(|frame| frame.kind == kind::DATA).map(|frame| frame.payload.len()).sum();
        assert_eq!(data, window as usize);
        assert!(frames.len() <= 3, "{}", frames.len());
        live.app.open(0).await;
    }
}

#[tokio::test]
async fn a_large_answer_over_http2_is_whole() {
    let live = Live::default();
    let mut h2 = live.http2().await;
    let stream = h2.get("/large").await;
    let (mut received, mut ended) = (0, false);
    while !ended {
        let frame = h2.until("data", |frame| frame.is(kind::DATA, stream)).await;
        (received, ended) = (received + frame.payload.len(), frame.ends_stream());
        if !frame.payload.is_empty() {
            let credit = u32::try_from(frame.payload.len()).unwrap().to_be_bytes();
            h2.send(kind::WINDOW_UPDATE, flags::NONE, 0, &credit).await;
            if !ended {
                h2.send(kind::WINDOW_UPDATE, flags::NONE, stream, &credit).await;
            }
        }
    }
    assert_eq!(received, 1 << 20);
}

#[tokio::test]
async fn window_update_of_0_or_beyond_the_largest_is_an_error() {
    const PROTOCOL_ERROR: u32 = 1;
    const FLOW_CONTROL_ERROR: u32 = 3;
    let live = Live::default();
    for (update, error) in [(0_u32, PROTOCOL_ERROR), ((1 << 31) - 1, FLOW_CONTROL_ERROR)] {
        let mut h2 = live.http2().await;
        let stream = h2.stream().await;
        h2.send(kind::WINDOW_UPDATE, flags::NONE, stream, &update.to_be_bytes()).await;
        let answer = h2.until("an error", |frame| matches!(frame.kind, kind::RST_STREAM | kind::GOAWAY)).await;
        assert_eq!(answer.error(), error);
        let mut h2 = live.http2().await;
        h2.send(kind::WINDOW_UPDATE, flags::NONE, 0, &update.to_be_bytes()).await;
        assert_eq!(h2.goaway().await.expect("GOAWAY").error(), error);
    }
}

#[tokio::test]
async fn idle_http2_connections_are_closed_with_goaway() {
    let live = Live::start(brief(|options| options.idle_timeout = Duration::from_millis(150)));
    let mut unused = live.http2().await;
    let mut used = live.http2().await;
    let stream = used.stream().await;
    assert_eq!(unused.goaway().await.expect("GOAWAY").error(), 0);
    tokio::time::sleep(Duration::from_millis(400)).await;
    live.app.send("data: not idle\n\n");
    used.data(stream, "not idle").await;
    live.app.end_streams();
    assert_eq!(used.goaway().await.expect("GOAWAY").error(), 0);
    live.all_closed().await;
    assert_eq!(live.stats.idle_closes(), 2);
}

#[tokio::test]
async fn an_idle_http2_connection_that_ignores_goaway_is_closed() {
    let live = Live::start(brief(|options| {
        options.idle_timeout = Duration::from_millis(100);
        options.head_timeout = Duration::from_millis(200);
    }));
    let mut wire = live.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    _ = soon("the end", wire.end()).await;
    live.all_closed().await;
}

#[tokio::test]
async fn half_open_http2_peers_are_found_by_ping() {
    let live = Live::start(brief(|options| options.keep_alive = Duration::from_millis(200)));
    let mut h2 = live.http2().await;
    h2.stream().await;
    // From here on nothing is answered.
    live.app.open(1).await;
    live.app.open(0).await;
    live.all_closed().await;
    // One who answers stays.
    let mut h2 = live.http2().await;
    let stream = h2.stream().await;
    let mut pings = 0;
    while pings < 4 {
        h2.until("PING", |frame| frame.kind == kind::PING && frame.flags == flags::NONE).await;
        pings += 1;
    }
    live.app.send("data: here\n\n");
    h2.data(stream, "here").await;
}

#[tokio::test]
async fn http2_requests_are_checked_like_the_others() {
    let live = Live::default();
    let mut h2 = live.http2().await;
    let long = h2.get(&format!("/?{}", "y".repeat(9000))).await;
    assert!(h2.data(long, "uri-too-long").await.contains("\"status\":414"));
    let stream = h2.stream().await;
    live.app.send("data: undisturbed\n\n");
    h2.data(stream, "undisturbed").await;
}
