use super::*;
use crate::StreamRequest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A server that answers the first connection with these pieces, one write each, and closes.
async fn serve(pieces: &'static [&'static [u8]]) -> SseReader {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await.unwrap();
        }
        for piece in pieces {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    StreamRequest::new(to).open().await
}

#[tokio::test]
async fn every_event_knows_its_bytes() {
    let mut stream = serve(&[
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"c\r\nretry: 1000\n\r\n1d\r\nevent: ready\nid: a-7\ndata: {\"\r\n",
        b"21\r\ncursor\":\"a-7\",\"resume\":\"fresh\"}\n\n\r\n",
        b"11\r\n: hi\ndata: live\n\n\r\n0\r\n\r\n",
    ])
    .await;
    let ready = stream.ready().await;
    assert_eq!((ready.seq(), ready.resume.as_str(), ready.reset_reason), (7, "fresh", None));
    assert_eq!(stream.retries(), [Duration::from_secs(1)]);
    let live = stream.expect("message").await;
    assert_eq!((live.id, live.data.as_str(), live.raw.as_slice()), (None, "live", &b"data: live\n\n"[..]));
    assert_eq!(stream.to_end().await, End::Clean);
    assert!(stream.body().starts_with(b"retry: 1000\nevent: ready\n"));
}

#[tokio::test]
async fn a_stream_cut_within_a_chunk_is_broken() {
    let mut stream = serve(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\ndata: a\n\ndata: b"]).await;
    assert_eq!(stream.event().await.data, "a");
    assert_eq!(stream.to_end().await, End::Broken(io::ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn a_farewell_is_one_event_and_a_clean_end() {
    let mut stream = serve(&[b"HTTP/1.1 200 OK\r\n\r\nretry: 5\nevent: reconnect\ndata: {\"retryMs\":5}\n\n"]).await;
    assert_eq!(stream.farewell().await["retryMs"], 5);
}
