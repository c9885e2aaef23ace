//! SSE-RULES 2.3 through the real server: floods end their own connection, and nobody else notices.

use crate::{
    http2_frames::{
        CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, connect, field, frame, read, send_all,
        stream_request,
    },
    support::{builder, start, start_with},
};
use campanile_testkit::{SseReader, TestNode};

const ENHANCE_YOUR_CALM: u32 = 11;
const REFUSED_STREAM: u32 = 7;

/// Somebody else's stream.
async fn bystander(node: &TestNode) -> SseReader {
    let mut stream = node.stream("other").open().await;
    stream.ready().await;
    stream
}

/// Whose stream is the only one left, and goes on.
async fn undisturbed(node: &TestNode, mut stream: SseReader) {
    node.has_streams(1).await;
    node.notify("other", "undisturbed").await;
    stream.expect("notification").await;
}

#[tokio::test]
async fn a_rapid_reset_ends_the_connection_and_leaves_no_stream() {
    let node = start_with("LIMITS__CONNECTS_PER_MINUTE", 1_000_000).await;
    let other = bystander(&node).await;
    let mut socket = connect(&node).await;
    let request = stream_request(&node, "u");
    let pairs = (0..20_000).map(|number| {
        let stream = number * 2 + 1;
        let head = frame(HEADERS, END_HEADERS | END_STREAM, stream, &request);
        [head, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    send_all(&mut socket, pairs).await;
    let seen = read(&mut socket, |seen| seen.goaway.is_some_and(|error| error != 0)).await;
    assert!(matches!(seen.goaway, None | Some(ENHANCE_YOUR_CALM)), "{:?}", seen.goaway);
    undisturbed(&node, other).await;
}

#[tokio::test]
async fn a_flood_of_continuations_ends_the_connection() {
    let node = start().await;
    let other = bystander(&node).await;
    for piece in [vec![], field("x", &[b'y'; 8000])] {
        let mut socket = connect(&node).await;
        let begun = frame(HEADERS, 0, 1, &stream_request(&node, "u"));
        let flood = std::iter::repeat_n(frame(CONTINUATION, 0, 1, &piece), 20_000);
        send_all(&mut socket, std::iter::once(begun).chain(flood)).await;
        let seen = read(&mut socket, |seen| seen.goaway.is_some_and(|error| error != 0)).await;
        assert!(matches!(seen.goaway, None | Some(ENHANCE_YOUR_CALM)), "{:?}", seen.goaway);
    }
    undisturbed(&node, other).await;
}

#[tokio::test]
async fn a_flood_of_pings_without_reading_is_not_hoarded() {
    let node = start_with("SSE__WRITE_TIMEOUT_SECONDS", 1).await;
    let other = bystander(&node).await;
    let mut socket = connect(&node).await;
    // The answers fill the way back, the server stops reading, and at last it gives up.
    send_all(&mut socket, std::iter::repeat(frame(PING, 0, 0, &[7; 8]).repeat(1000))).await;
    node.metric_becomes("campanile_sockets", "listener=\"public\"", 1.0).await;
    undisturbed(&node, other).await;
}

#[tokio::test]
async fn of_400_streams_on_one_connection_200_open_and_the_others_are_refused_to_be_tried_again() {
    let node = builder()
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1000)
        .env("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", 1000)
        .start()
        .await;
    let mut socket = connect(&node).await;
    let request = stream_request(&node, "u");
    let heads = (0..400).map(|number| frame(HEADERS, END_HEADERS | END_STREAM, number * 2 + 1, &request));
    send_all(&mut socket, heads).await;
    let seen = read(&mut socket, |seen| seen.heads + seen.resets.len() == 400).await;
    assert_eq!((seen.heads, seen.resets.len()), (200, 200));
    assert!(seen.resets.values().all(|error| *error == REFUSED_STREAM), "{:?}", seen.resets);
    node.has_streams(200).await;
    drop(socket);
    node.has_streams(0).await;
}
