//! A connection's socket, held by hyper and by us: hyper reads and writes it, we see what hyper cannot and close it when hyper is done.

use rustix::net::Shutdown;
use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
    time::{sleep, timeout},
};

/// How long what the peer still sends is read after the last byte was written to it.
const LINGER: Duration = Duration::from_secs(2);

/// How an HTTP/2 connection begins (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How often a peer is looked at that has sent half of it.
const PREFACE_PAUSE: Duration = Duration::from_millis(20);

/// How often a peer is looked after whose bytes nobody reads.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A socket. Clones are the same one; it is closed with the last.
#[derive(Clone, Debug)]
pub(crate) struct Socket(Arc<TcpStream>);

impl Socket {
    /// Takes over a connection.
    ///
    /// # Errors
    ///
    /// It is gone already.
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        // An event is small and must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        Ok(Self(Arc::new(stream)))
    }

    /// Waits until it can be told which protocol the peer speaks, and leaves what it said there. `false`: the peer closed before. Cancel
    /// safe.
    pub(crate) async fn speaks(&self) -> bool {
        let mut first = [0; HTTP2_PREFACE.len()];
        loop {
            match self.0.peek(&mut first).await {
                Ok(0) | Err(_) => return false,
                Ok(length) if length < first.len() && HTTP2_PREFACE.starts_with(&first[..length]) => {
                    // What was peeked at stays readable: asking again at once would only spin.
                    sleep(PREFACE_PAUSE).await;
                }
                Ok(_) => return true,
            }
        }
    }

    /// Waits until the peer has closed, whether or not somebody reads what it sent before. Cancel safe.
    pub(crate) async fn left(&self) {
        while self.0.ready(Interest::READABLE).await.is_ok_and(|ready| !ready.is_read_closed()) {
            // There are bytes that nobody takes: until somebody does, asking again at once would only spin.
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Closes it so that the last bytes arrive: closing with unread input would make the system reset the connection, and a reset
    /// destroys what is under way. So what the peer still sends is thrown away for a moment.
    pub(crate) async fn linger(self) {
        if rustix::net::shutdown(&*self.0, Shutdown::Write).is_ok() {
            // However this ends, the socket is closed then.
            _ = timeout(LINGER, self.discard()).await;
        }
    }

    async fn discard(&self) {
        let mut unwanted = [0; 4096];
        while self.0.readable().await.is_ok() {
            match self.0.try_read(&mut unwanted) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    fn poll_with<T>(
        &self,
        mut poll_ready: impl FnMut() -> Poll<io::Result<()>>,
        mut attempt: impl FnMut(&TcpStream) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            ready!(poll_ready())?;
            match attempt(&self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_with(|| self.0.poll_read_ready(cx), |stream| stream.try_read_buf(buf).map(drop))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_with(|| self.0.poll_write_ready(cx), |stream| stream.try_write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(|| self.0.poll_write_ready(cx), |stream| stream.try_write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&*self.0, Shutdown::Write).map_err(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Socket::new(listener.accept().await.unwrap().0).unwrap(), peer)
    }

    #[tokio::test]
    async fn the_first_byte_is_awaited_and_left_there() {
        let (mut socket, mut peer) = pair().await;
        assert!(timeout(Duration::from_millis(20), socket.speaks()).await.is_err(), "nothing has been said");
        peer.write_all(b"x").await.unwrap();
        assert!(socket.speaks().await);
        assert_eq!(socket.read_u8().await.unwrap(), b'x');
        drop(peer);
        assert!(!socket.speaks().await);
    }

    #[tokio::test]
    async fn half_a_preface_is_not_enough_and_any_other_beginning_is() {
        let (socket, mut peer) = pair().await;
        peer.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
        assert!(timeout(Duration::from_millis(60), socket.speaks()).await.is_err(), "the protocol is not yet known");
        peer.write_all(b"\r\nSM\r\n\r\n").await.unwrap();
        assert!(timeout(Duration::from_secs(20), socket.speaks()).await.unwrap());
        let (socket, mut peer) = pair().await;
        peer.write_all(b"PO").await.unwrap();
        assert!(timeout(Duration::from_secs(20), socket.speaks()).await.unwrap());
    }

    #[tokio::test]
    async fn a_peer_that_left_is_noticed_behind_bytes_that_nobody_reads() {
        let (socket, mut peer) = pair().await;
        peer.write_all(b"unread").await.unwrap();
        assert!(timeout(Duration::from_millis(20), socket.left()).await.is_err(), "it is still there");
        drop(peer);
        timeout(Duration::from_secs(20), socket.left()).await.unwrap();
    }

    #[tokio::test]
    async fn the_last_bytes_arrive_whatever_the_peer_still_sends() {
        let (mut socket, mut peer) = pair().await;
        peer.write_all(&[b'x'; 100_000]).await.unwrap();
        socket.write_all(b"farewell").await.unwrap();
        let closing = tokio::spawn(socket.linger());
        let mut received = Vec::new();
        peer.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"farewell");
        drop(peer);
        closing.await.unwrap();
    }
}
