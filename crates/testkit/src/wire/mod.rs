//! HTTP/1.1 on a socket, without an HTTP library: a head, then a body by whatever framing the head announces.

mod framing;
mod head;
mod http2;

pub use head::Head;
pub(crate) use http2::Http2;

use framing::{Framing, Piece};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// The longest head that is read: more is a runaway peer.
const MAX_HEAD: usize = 64 * 1024;

/// One connection to a server, and what came over it and is not yet taken.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    framing: Framing,
}

impl Socket {
    /// Connects. A small receive buffer (`SO_RCVBUF`, in bytes) makes a reader that stops reading stall its peer soon.
    ///
    /// # Errors
    ///
    /// Those of connecting.
    pub async fn connect(to: SocketAddr, receive_buffer: Option<u32>) -> io::Result<Self> {
        let stream = connected(to, receive_buffer).await?;
        Ok(Self { stream, buffer: Vec::new(), framing: Framing::Close })
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Says that nothing more will be sent (FIN), and goes on reading.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    pub async fn finish_sending(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Reads the next head; its body follows. `None` if the peer closed instead. Interim answers (1xx) are passed over.
    ///
    /// # Errors
    ///
    /// Those of the connection, and a head that is none.
    pub async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            while let Some(end) = head_end(&self.buffer) {
                let raw: Vec<u8> = self.buffer.drain(..end).collect();
                let head = Head::parse(raw)?;
                if head.status() >= 200 {
                    self.framing = Framing::of(&head)?;
                    return Ok(Some(head));
                }
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the head does not end"));
            }
            if !self.fill().await? {
                return self.closed_before_the_head();
            }
        }
    }

    fn closed_before_the_head(&self) -> io::Result<Option<Head>> {
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let begun = String::from_utf8_lossy(&self.buffer);
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("closed within a head: {begun:?}")))
    }

    /// The next bytes of the body, decoded; `None` at its end. Cancel safe.
    ///
    /// # Errors
    ///
    /// Those of the connection; `UnexpectedEof` if the body was cut short, by its own account.
    pub async fn body_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.framing.take(&mut self.buffer)? {
                Piece::Bytes(bytes) => return Ok(Some(bytes)),
                Piece::End => return Ok(None),
                Piece::More => {}
            }
            if !self.fill().await? {
                return self.framing.at_end_of_connection().map(|()| None);
            }
        }
    }

    /// Everything up to the end of the body.
    ///
    /// # Errors
    ///
    /// As [`Socket::body_piece`].
    pub async fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(piece) = self.body_piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// Whatever the peer sends until it closes, undecoded.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    pub async fn raw_to_end(&mut self) -> io::Result<Vec<u8>> {
        while self.fill().await? {}
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Ends the connection with a reset instead of a close.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }

    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

async fn connected(to: SocketAddr, receive_buffer: Option<u32>) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}
