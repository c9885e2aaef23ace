//! A client as bytes.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// How long anything that must happen may take. Only ever waited out by a test that fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain: {what}"),
    }
}

/// One end of a connection, and what was read.
pub(crate) struct Wire {
    pub(crate) socket: TcpStream,
    pub(crate) read: Vec<u8>,
    pub(crate) since: Instant,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let socket = soon("a connection", TcpStream::connect(address)).await.unwrap();
        Self::of(socket)
    }

    /// With a receive buffer of a few KiB, so that reading nothing is soon noticed.
    pub(crate) async fn narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::of(socket.connect(address).await.unwrap())
    }

    pub(crate) fn of(socket: TcpStream) -> Self {
        Self { socket, read: Vec::new(), since: Instant::now() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        soon("room to send", self.socket.write_all(bytes.as_ref())).await.unwrap();
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }

    /// Reads what has come. 0 at the end.
    pub(crate) async fn read_some(&mut self) -> io::Result<usize> {
        self.read.reserve(16 * 1024);
        self.socket.read_buf(&mut self.read).await
    }

    /// Reads until this has come.
    pub(crate) async fn until(&mut self, wanted: &str) -> String {
        self.until_times(wanted, 1).await
    }

    /// Reads until this has come so many times.
    pub(crate) async fn until_times(&mut self, wanted: &str, times: usize) -> String {
        let what = format!("{wanted:?}");
        soon(&what, async {
            while self.text().matches(wanted).count() < times {
                assert!(self.read_some().await.unwrap() > 0, "the end instead of {wanted:?} after {:?}", self.text());
            }
        })
        .await;
        self.text()
    }

    /// Reads to the end. Says how it came: FIN, or RST.
    pub(crate) async fn end(&mut self) -> io::Result<String> {
        soon("the end", async {
            while self.read_some().await? > 0 {}
            Ok(self.text())
        })
        .await
    }

    /// Reads to the end, which must be a clean one.
    pub(crate) async fn fin(&mut self) -> String {
        self.end().await.unwrap_or_else(|error| panic!("{error} after {:?}", self.text()))
    }

    /// Reads to the end, which must be a reset.
    pub(crate) async fn rst(&mut self) {
        let error = self.end().await.expect_err("a clean end instead of a reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    /// Forgets what was read.
    pub(crate) fn forget(&mut self) {
        self.read.clear();
    }

    /// Closes with RST.
    pub(crate) fn reset(self) {
        self.socket.set_zero_linger().unwrap();
    }

    /// How long ago it was connected.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }
}
