//! Section 1 over HTTP/2 without TLS, by prior knowledge.

use crate::support::{builder, start};
use bytes::Bytes;
use campanile_testkit::{TestNode, soon};
use h2::{RecvStream, client::SendRequest};
use http::{Request, Response};
use tokio::net::TcpStream;

pub(crate) async fn connect(node: &TestNode) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(node.address()).await.unwrap();
    let (client, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) async fn open(client: &SendRequest<Bytes>, node: &TestNode, user: &str) -> Response<RecvStream> {
    let request = Request::get(format!("http://{}/notifications/stream", node.address()));
    let request = request.header("authorization", format!("Bearer {}", node.token(user))).body(()).unwrap();
    let mut client = client.clone().ready().await.unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    soon("a head", response).await.unwrap()
}

/// Reads until the text holds this, and answers everything.
pub(crate) async fn read_until(stream: &mut RecvStream, what: &str) -> String {
    let mut text = String::new();
    while !text.contains(what) {
        let piece = soon(what, stream.data()).await.unwrap_or_else(|| panic!("ended without {what}: {text}")).unwrap();
        stream.flow_control().release_capacity(piece.len()).unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    text
}

#[tokio::test]
async fn the_head_has_nothing_of_http_1_1() {
    let node = start().await;
    let client = connect(&node).await;
    let response = open(&client, &node, "u").await;
    assert_eq!(response.status(), 200);
    let mut names: Vec<_> = response.headers().keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "content-type", "date", "vary", "x-accel-buffering", "x-content-type-options"]);
    let mut body = response.into_body();
    let text = read_until(&mut body, "\n\n").await;
    drop(body);
    assert!(text.starts_with("retry: ") && text.contains("event: ready\n"), "{text}");
    drop(client);
    node.has_streams(0).await;
}

#[tokio::test]
async fn events_are_the_same_bytes_as_over_http_1_1() {
    let node = start().await;
    let client = connect(&node).await;
    let mut two = open(&client, &node, "u").await.into_body();
    read_until(&mut two, "\n\n").await;
    let mut one = node.stream("u").open().await;
    one.ready().await;
    node.notify("u", "x").await;
    let counts = one.until("counts").await;
    let text = read_until(&mut two, std::str::from_utf8(&counts.raw).unwrap()).await;
    assert!(one.body().ends_with(text.as_bytes()), "{text}");
    drop((client, one, two));
    node.has_streams(0).await;
}

#[tokio::test]
async fn streams_of_both_versions_count_alike() {
    let node = builder().env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 3).start().await;
    let client = connect(&node).await;
    let (a, b) = (open(&client, &node, "u").await, open(&client, &node, "u").await);
    assert_eq!((a.status(), b.status()), (http::StatusCode::OK, http::StatusCode::OK));
    let mut one = node.stream("u").open().await;
    one.ready().await;
    assert_eq!(open(&client, &node, "u").await.status(), 429);
    assert_eq!(node.stream("u").open().await.status(), 429);
    drop(a);
    node.has_streams(2).await;
    assert_eq!(open(&client, &node, "u").await.status(), 200);
    drop((client, b, one));
    node.has_streams(0).await;
}

#[tokio::test]
async fn a_connection_that_is_gone_gives_all_its_places_back() {
    let node = start().await;
    let client = connect(&node).await;
    let mut bodies = Vec::new();
    for _ in 0..10 {
        bodies.push(open(&client, &node, "u").await.into_body());
    }
    node.has_streams(10).await;
    drop((client, bodies));
    node.has_streams(0).await;
}

#[tokio::test]
async fn a_stream_ends_cleanly_after_its_farewell() {
    let node = builder().env("CAMPANILE_SSE__MAX_LIFETIME_SECONDS", 1).start().await;
    let client = connect(&node).await;
    let mut body = open(&client, &node, "u").await.into_body();
    let text = read_until(&mut body, "event: reconnect").await;
    assert!(text.contains("\"reason\":\"lifetime\""), "{text}");
    while let Some(piece) = soon("the end", body.data()).await {
        assert_eq!(piece.unwrap(), "", "after the farewell");
    }
    assert!(body.is_end_stream());
}

#[tokio::test]
async fn a_stalled_stream_does_not_hold_up_its_neighbours() {
    let node = start().await;
    let client = connect(&node).await;
    let stalled = open(&client, &node, "stalled").await.into_body();
    let mut live = open(&client, &node, "live").await.into_body();
    for _ in 0..3 {
        node.publish(serde_json::json!({"type": "t", "to": {"users": ["stalled"]}, "data": "x".repeat(10_000)})).await;
    }
    node.notify("live", "here").await;
    read_until(&mut live, "\"title\":\"here\"").await;
    drop((client, stalled, live));
    node.has_streams(0).await;
}

#[tokio::test]
async fn many_resets_leave_nothing_behind_and_disturb_nobody() {
    let node = start().await;
    let mut other = node.stream("other").open().await;
    other.ready().await;
    for _ in 0..3 {
        let client = connect(&node).await;
        for _ in 0..60 {
            let request = Request::get(format!("http://{}/notifications/stream", node.address()));
            let request = request.header("authorization", format!("Bearer {}", node.token("u"))).body(()).unwrap();
            let Ok(mut ready) = client.clone().ready().await else { break };
            let Ok((_, mut stream)) = ready.send_request(request, true) else { break };
            stream.send_reset(h2::Reason::CANCEL);
        }
    }
    node.has_streams(1).await;
    node.notify("other", "x").await;
    other.expect("notification").await;
}
