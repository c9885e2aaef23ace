//! SSE-RULES "HTTP/2": floods. Others are never disturbed.

use crate::support::{
    Frame, H2, Live, flags,
    frames::{field, frame, request_block},
    kind, soon,
};

const ENHANCE_YOUR_CALM: u32 = 11;

/// Sends the same over and over until the server has had enough, or `most` times. Says with what error it closed.
async fn flood(mut h2: H2, most: usize, mut next: impl FnMut(&mut H2, usize) -> Vec<u8>) -> Option<u32> {
    for n in 0..most {
        let bytes = next(&mut h2, n);
        let sent = soon("room", tokio::io::AsyncWriteExt::write_all(&mut h2.wire.socket, &bytes)).await;
        if sent.is_err() {
            break;
        }
    }
    h2.goaway().await.as_ref().map(Frame::error)
}

/// The server, and a stream of somebody else that must not notice.
async fn bystander() -> (Live, crate::support::Wire) {
    let live = Live::default();
    let wire = live.stream().await;
    (live, wire)
}

async fn undisturbed((live, mut wire): (Live, crate::support::Wire)) {
    live.app.open(1).await;
    live.app.send("data: undisturbed\n\n");
    wire.until("undisturbed").await;
    live.connections(1).await;
}

#[tokio::test]
async fn rapid_reset_ends_the_connection_and_leaves_no_stream() {
    let (live, wire) = bystander().await;
    let flooding = flood(live.http2().await, 100_000, |h2, _| {
        let stream = h2.take_stream();
        let head =
            frame(kind::HEADERS, flags::END_HEADERS | flags::END_STREAM, stream, &request_block("GET", "/stream"));
        [head, frame(kind::RST_STREAM, flags::NONE, stream, &8_u32.to_be_bytes())].concat()
    });
    assert_eq!(flooding.await, Some(ENHANCE_YOUR_CALM));
    undisturbed((live, wire)).await;
}

#[tokio::test]
async fn continuation_flood_ends_the_connection() {
    for payload in [vec![], field("x", &[b'y'; 8000])] {
        let (live, wire) = bystander().await;
        let flooding = flood(live.http2().await, 100_000, |h2, n| match n {
            0 => {
                let stream = h2.take_stream();
                frame(kind::HEADERS, flags::NONE, stream, &request_block("GET", "/"))
            }
            _ => frame(kind::CONTINUATION, flags::NONE, 1, &payload),
        });
        assert_eq!(flooding.await, Some(ENHANCE_YOUR_CALM));
        undisturbed((live, wire)).await;
    }
}

#[tokio::test]
async fn empty_data_flood_ends_the_connection() {
    let (live, wire) = bystander().await;
    let mut h2 = live.http2().await;
    let stream = h2.request("POST", "/echo", flags::NONE).await;
    let error = flood(h2, 1_000_000, |_, _| frame(kind::DATA, flags::NONE, stream, &[]).repeat(100)).await;
    assert_eq!(error, Some(ENHANCE_YOUR_CALM));
    undisturbed((live, wire)).await;
}

#[tokio::test]
async fn ping_and_settings_floods_without_reading_are_not_hoarded() {
    for flood in [frame(kind::PING, flags::NONE, 0, &[7; 8]), frame(kind::SETTINGS, flags::NONE, 0, &[])] {
        let live = Live::start(crate::support::brief(|options| {
            options.write_timeout = std::time::Duration::from_millis(300);
        }));
        let mut wire = live.stream().await;
        let mut h2 = live.http2().await;
        // Nothing is read, so the answers fill the way back, the server stops reading, and at last gives up.
        let flood = flood.repeat(1000);
        soon("the server to have enough", async {
            while tokio::io::AsyncWriteExt::write_all(&mut h2.wire.socket, &flood).await.is_ok() {}
        })
        .await;
        live.app.send("data: undisturbed\n\n");
        wire.until("undisturbed").await;
        live.connections(1).await;
    }
}

#[tokio::test]
async fn header_flood_over_http2_is_431_and_no_more() {
    let (live, wire) = bystander().await;
    let mut h2 = live.http2().await;
    let stream = h2.take_stream();
    let mut block = request_block("GET", "/");
    for _ in 0..10 {
        block.extend(field("x", &[b'y'; 8000]));
    }
    let mut pieces = block.chunks(16_000);
    h2.send(kind::HEADERS, flags::END_STREAM, stream, pieces.next().unwrap()).await;
    let rest: Vec<_> = pieces.collect();
    for (n, piece) in rest.iter().enumerate() {
        let last = if n + 1 == rest.len() { flags::END_HEADERS } else { flags::NONE };
        h2.send(kind::CONTINUATION, last, stream, piece).await;
    }
    let answer = h2.until("an answer", |frame| frame.stream == stream || frame.kind == kind::GOAWAY).await;
    // `:status: 431`, its name from the table and its value in Huffman's code.
    let status = [0x40 | 8, 0x80 | 3, 105, 144, 255];
    assert!(answer.is(kind::HEADERS, stream) && answer.payload == status && answer.ends_stream(), "{answer:?}");
    h2.stream().await;
    drop(h2);
    undisturbed((live, wire)).await;
}

#[tokio::test]
async fn rapid_reset_slowly_leaves_no_stream_either() {
    let (live, wire) = bystander().await;
    let mut h2 = live.http2().await;
    for _ in 0..500 {
        let stream = h2.stream().await;
        h2.send(kind::RST_STREAM, flags::NONE, stream, &8_u32.to_be_bytes()).await;
    }
    live.app.open(1).await;
    h2.stream().await;
    drop(h2);
    undisturbed((live, wire)).await;
}

#[tokio::test]
async fn nonsense_after_the_preface_is_refused() {
    let (live, wire) = bystander().await;
    let mut h2 = live.send([&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &[0xff; 100]].concat()).await;
    _ = h2.end().await;
    undisturbed((live, wire)).await;
}

#[tokio::test]
async fn dependencies_priorities_and_unknown_frames_are_ignored() {
    let (live, wire) = bystander().await;
    let mut h2 = live.http2().await;
    h2.send(2, flags::NONE, 1, &[0, 0, 0, 3, 16]).await;
    h2.send(0xbe, flags::NONE, 0, b"grease").await;
    let stream = h2.stream().await;
    live.app.send("data: fine\n\n");
    h2.data(stream, "fine").await;
    drop(h2);
    undisturbed((live, wire)).await;
}
