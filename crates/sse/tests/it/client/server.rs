//! A server that says exactly what a test tells it to.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// Ends a source.
pub(crate) const GONE: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

pub(crate) struct Server {
    listener: TcpListener,
    started: Instant,
}

/// A request, and the connection that it came on.
pub(crate) struct Request {
    /// Since the server started.
    pub(crate) at: Duration,
    head: Vec<u8>,
    pub(crate) body: Vec<u8>,
    socket: TcpStream,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), started: Instant::now() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listener.local_addr().unwrap())
    }

    /// The next request.
    pub(crate) async fn request(&self) -> Request {
        let (mut socket, _) = self.listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        let mut request = Request { at: self.started.elapsed(), head, body: Vec::new(), socket };
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        request.body.resize(length, 0);
        request.socket.read_exact(&mut request.body).await.unwrap();
        request
    }

    /// Answers the next request with `bytes` and closes the connection.
    pub(crate) async fn answer(&self, bytes: impl AsRef<[u8]>) -> Request {
        let mut request = self.request().await;
        request.send(bytes).await;
        request.close().await
    }

    /// Answers the next request with a status and more lines of the head.
    pub(crate) async fn status(&self, status: u16, lines: &str) -> Request {
        self.answer(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n{lines}\r\n")).await
    }

    /// Answers the next request with a whole stream.
    pub(crate) async fn stream(&self, events: impl AsRef<[u8]>) -> Request {
        self.answer([STREAM.as_bytes(), events.as_ref()].concat()).await
    }
}

impl Request {
    /// The method and the target.
    pub(crate) fn line(&self) -> &str {
        std::str::from_utf8(&self.head).unwrap().split(" HTTP/1.1").next().unwrap()
    }

    /// The raw value of a header. Names come in lower case from the client.
    pub(crate) fn raw(&self, name: &str) -> Option<&[u8]> {
        let start = format!("{name}: ");
        let lines = self.head.split(|&byte| byte == b'\n');
        lines.filter_map(|line| line.strip_prefix(start.as_bytes())?.strip_suffix(b"\r")).next()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.raw(name).map(|value| std::str::from_utf8(value).unwrap())
    }

    /// Sends the head of a stream and its first bytes.
    pub(crate) async fn open(&mut self, events: &str) {
        self.send([STREAM, events].concat()).await;
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Waits until the client has closed the connection.
    pub(crate) async fn closed(&mut self) {
        let read = self.socket.read(&mut [0; 16]).await;
        assert!(!matches!(read, Ok(1..)), "more than the request");
    }

    async fn close(mut self) -> Self {
        self.socket.shutdown().await.unwrap();
        self
    }
}
