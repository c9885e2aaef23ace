//! What goes over real sockets.

use axum::Router;
use axum::http::{HeaderMap, Version};
use axum::routing::get;
use campanile_sse::{LastEventId, ServerSentEvents};
use futures_util::{StreamExt, stream};
use tower_http::compression::CompressionLayer;

use super::rig::{clients, connect, read_until, serve};

async fn two() -> ServerSentEvents<&'static str> {
    ServerSentEvents::new(stream::iter(["one", "two"]))
}

/// One event, and then nothing.
async fn endless() -> ServerSentEvents<String> {
    ServerSentEvents::new(stream::iter(["x".repeat(1000)]).chain(stream::pending()))
}

#[tokio::test]
async fn the_head_is_exactly_this() {
    let address = serve(Router::new().route("/", get(endless))).await;
    let mut socket = connect(&address, "GET / HTTP/1.1").await;
    let answer = read_until(&mut socket, "\n\n").await;
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().filter(|line| !line.starts_with("date: ")).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "HTTP/1.1 200 OK",
            "cache-control: no-store, no-cache, no-transform, private",
            "content-type: text/event-stream; charset=utf-8",
            "transfer-encoding: chunked",
            "x-accel-buffering: no",
            "x-content-type-options: nosniff",
        ]
    );
    assert!(head.contains("\r\ndate: "));
}

#[tokio::test]
async fn events_arrive_whole_over_both_versions_of_http() {
    let address = serve(Router::new().route("/", get(two))).await;
    for (client, version) in clients().into_iter().zip([Version::HTTP_11, Version::HTTP_2]) {
        let answer = client.get(format!("http://{address}/")).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
        assert_plain(answer.headers());
        assert_eq!(answer.text().await.unwrap(), "data: \"one\"\n\ndata: \"two\"\n\n");
    }
}

#[tokio::test]
async fn an_event_arrives_while_the_stream_stays_open() {
    let address = serve(Router::new().route("/", get(endless))).await;
    for client in clients() {
        let mut answer = client.get(format!("http://{address}/")).send().await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap().len(), "data: \"\"\n\n".len() + 1000);
    }
}

#[tokio::test]
async fn compression_leaves_it_alone() {
    let app = Router::new().route("/", get(endless)).route("/text", get(|| async { "x".repeat(1000) }));
    let address = serve(app.layer(CompressionLayer::new())).await;
    for client in clients() {
        for encoding in ["gzip", "br", "gzip, deflate, br, zstd"] {
            let ask = |path| client.get(format!("http://{address}{path}")).header("accept-encoding", encoding).send();
            let control = ask("/text").await.unwrap();
            assert!(control.headers().contains_key("content-encoding"), "the layer does compress: {encoding}");
            let mut answer = ask("/").await.unwrap();
            assert_plain(answer.headers());
            assert!(answer.chunk().await.unwrap().unwrap().starts_with(b"data: \"xxx"), "{encoding}");
        }
    }
}

#[tokio::test]
async fn head_answers_the_same_head_without_a_body() {
    let address = serve(Router::new().route("/", get(endless))).await;
    for client in clients() {
        let answer = client.head(format!("http://{address}/")).send().await.unwrap();
        assert_plain(answer.headers());
        assert_eq!(answer.text().await.unwrap(), "");
    }
}

fn assert_plain(headers: &HeaderMap) {
    assert_eq!(headers["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store, no-cache, no-transform, private");
    assert_eq!(headers["x-accel-buffering"], "no");
    assert!(!headers.contains_key("content-encoding") && !headers.contains_key("content-length"));
}

#[tokio::test]
async fn the_last_event_id_reaches_the_handler() {
    async fn echo(last: LastEventId) -> ServerSentEvents<Option<Vec<u8>>> {
        let bytes = last.as_bytes().map(<[u8]>::to_vec);
        ServerSentEvents::new(stream::iter([bytes]))
    }
    let address = serve(Router::new().route("/", get(echo))).await;
    for client in clients() {
        let ask = |query| client.get(format!("http://{address}/{query}"));
        for (request, heard) in [
            (ask(""), "null"),
            (ask("?last_event_id=b"), "[98]"),
            (ask("?last_event_id=b&lastEventId=%0A"), "[10]"),
            (ask("?lastEventId=b").header("last-event-id", "a"), "[97]"),
            (ask("?lastEventId=b").header("last-event-id", &b"\xFF"[..]), "[255]"),
        ] {
            let answer = request.send().await.unwrap().text().await.unwrap();
            assert_eq!(answer, format!("data: {heard}\n\n"));
        }
    }
}
