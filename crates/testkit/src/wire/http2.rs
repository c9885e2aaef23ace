//! One answer over HTTP/2 (RFC 9113), by prior knowledge, on a connection of its own.

use super::{Head, connected};
use crate::Request;
use bytes::Bytes;
use h2::{
    RecvStream,
    client::{Connection, SendRequest},
};
use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::pin,
    task::{Context, Poll},
};
use tokio::net::TcpStream;

/// The body of an answer, and its connection, which is only driven while somebody reads: left alone, it is a client that has stalled, and
/// dropped, its socket is closed at once.
#[derive(Debug)]
pub(crate) struct Http2 {
    body: RecvStream,
    connection: Driven,
    /// The connection ends with the last one that could send.
    _client: SendRequest<Bytes>,
}

impl Http2 {
    /// Connects, sends the request, and reads the head of its answer.
    pub(crate) async fn open(
        to: SocketAddr,
        receive_buffer: Option<u32>,
        request: &Request,
    ) -> io::Result<(Head, Self)> {
        let socket = connected(to, receive_buffer).await?;
        let mut builder = h2::client::Builder::new();
        if let Some(bytes) = receive_buffer {
            builder.initial_window_size(bytes);
        }
        let (mut client, connection) = builder.handshake(socket).await.map_err(io_error)?;
        let mut connection = Driven(Some(connection));
        let mut answer = pin!(client.send_request(request.http2(to)?, true).map_err(io_error)?.0);
        let answer = poll_fn(|context| connection.while_polled(context, |context| answer.as_mut().poll(context)));
        let (parts, body) = answer.await.map_err(io_error)?.into_parts();
        let head = Head::of_http2(parts.status.as_u16(), &parts.headers);
        Ok((head, Self { body, connection, _client: client }))
    }

    /// The next bytes of the body; `None` at its end. Cancel safe.
    pub(crate) async fn body_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Self { body, connection, .. } = self;
        let piece = poll_fn(|context| connection.while_polled(context, |context| body.poll_data(context))).await;
        let Some(piece) = piece else { return Ok(None) };
        let piece = piece.map_err(io_error)?;
        self.body.flow_control().release_capacity(piece.len()).map_err(io_error)?;
        Ok(Some(piece.to_vec()))
    }
}

/// A connection, until it has ended.
#[derive(Debug)]
struct Driven(Option<Connection<TcpStream>>);

impl Driven {
    /// Drives the connection, then asks what waits for it. How the connection ends is told to that, too.
    fn while_polled<T>(
        &mut self,
        context: &mut Context<'_>,
        then: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if self.0.as_mut().is_some_and(|connection| pin!(connection).poll(context).is_ready()) {
            self.0 = None;
        }
        then(context)
    }
}

fn io_error(error: h2::Error) -> io::Error {
    let kind = error.get_io().map_or(io::ErrorKind::UnexpectedEof, io::Error::kind);
    io::Error::new(kind, error)
}
