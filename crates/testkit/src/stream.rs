//! Asking for a stream.

use crate::{Answer, Request, Socket, SseReader, Way, soon, wire::Http2};
use std::{io, net::SocketAddr};

/// A request for an event stream, and how its connection is set up.
#[derive(Clone, Debug)]
#[must_use]
pub struct StreamRequest {
    request: Request,
    to: SocketAddr,
    receive_buffer: Option<u32>,
    http2: bool,
}

impl StreamRequest {
    /// `GET /notifications/stream` without credentials.
    pub fn new(to: SocketAddr) -> Self {
        Self::of(Request::get("/notifications/stream").field("Accept", "text/event-stream"), to)
    }

    /// Any request whose answer is read as a stream.
    pub fn of(request: Request, to: SocketAddr) -> Self {
        Self { request, to, receive_buffer: None, http2: Way::of_this_run() == Way::Http2 }
    }

    /// Adds `Authorization: Bearer`.
    pub fn bearer(mut self, token: &str) -> Self {
        self.request = self.request.bearer(token);
        self
    }

    /// Adds a cookie.
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.cookie(name, value);
        self
    }

    /// Adds `?ticket=`.
    pub fn ticket(self, ticket: &str) -> Self {
        self.query("ticket", ticket)
    }

    /// Adds a `Last-Event-ID` header, as it is.
    pub fn position(self, position: impl AsRef<[u8]>) -> Self {
        self.field("Last-Event-ID", position)
    }

    /// Adds a query parameter, percent-encoded.
    pub fn query(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request = self.request.query(name, value);
        self
    }

    /// Adds a header, as it is.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request = self.request.field(name, value);
        self
    }

    /// Connects to somewhere else: a proxy before the node.
    pub fn via(mut self, to: SocketAddr) -> Self {
        self.to = to;
        self
    }

    /// Makes the kernel keep little for a reader that does not read (`SO_RCVBUF`, in bytes).
    pub fn receive_buffer(mut self, bytes: u32) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Asks over HTTP/1.1, whatever this run of tests does: for what only that has.
    pub fn http1(mut self) -> Self {
        self.http2 = false;
        self
    }

    /// Asks over HTTP/2, on a connection of its own.
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// Sends the request and reads the head of the answer, whatever its status.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn open(&self) -> SseReader {
        let opened = soon("the head of a stream", self.try_open()).await;
        opened.unwrap_or_else(|error| panic!("no stream: {error}"))
    }

    /// Sends the request and reads the head of the answer, whatever its status.
    ///
    /// # Errors
    ///
    /// Those of the connection; `UnexpectedEof` if it was closed without an answer.
    pub async fn try_open(&self) -> io::Result<SseReader> {
        if self.http2 {
            let (head, body) = Http2::open(self.to, self.receive_buffer, &self.request).await?;
            return Ok(SseReader::over_http2(body, head));
        }
        let mut socket = Socket::connect(self.to, self.receive_buffer).await?;
        socket.send(&self.request.encode(self.to)).await?;
        let head = socket.head().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(SseReader::new(socket, head))
    }

    /// Sends the request and reads the whole answer: for those that are refused.
    ///
    /// # Panics
    ///
    /// If there is no answer, or the answer does not end.
    pub async fn refused(&self) -> Answer {
        self.open().await.into_answer().await
    }

    /// The same request by another method, with its whole answer.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn by(&self, method: &str) -> Answer {
        self.request.clone().by(method).send(self.to).await
    }
}
