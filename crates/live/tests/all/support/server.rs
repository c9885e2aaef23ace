//! A server under test.

use super::{App, H2, Wire, soon};
use campanile_live::{LiveOptions, LiveStats, Server, bind};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// A running server.
pub(crate) struct Live {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    pub(crate) stats: Arc<LiveStats>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<io::Result<()>>,
}

/// Limits so generous that no test meets them by accident, but for what `change` makes short.
pub(crate) fn brief(change: impl FnOnce(&mut LiveOptions)) -> LiveOptions {
    let mut options = LiveOptions::default();
    change(&mut options);
    options
}

impl Live {
    pub(crate) fn start(options: LiveOptions) -> Self {
        Self::start_at("127.0.0.1:0", options)
    }

    pub(crate) fn start_at(address: &str, options: LiveOptions) -> Self {
        Self::start_on(bind(address.parse().unwrap()).unwrap(), options)
    }

    pub(crate) fn start_on(listener: TcpListener, options: LiveOptions) -> Self {
        let (app, server) = (App::new(), Server::new(options));
        let (address, stats) = (listener.local_addr().unwrap(), server.stats());
        let (stop, stopped) = oneshot::channel();
        let router = app.router();
        let serving =
            tokio::spawn(
                async move { server.serve([listener], router, async move { stopped.await.unwrap_or(()) }).await },
            );
        Self { app, address, stats, stop: Some(stop), serving }
    }

    /// A server whose limits no test of something else meets.
    pub(crate) fn default() -> Self {
        Self::start(LiveOptions::default())
    }

    /// A server that gives a peer this long for a head.
    pub(crate) fn with_head_timeout(millis: u64) -> Self {
        Self::start(brief(|options| options.head_timeout = Duration::from_millis(millis)))
    }

    pub(crate) async fn connect(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// Connects and sends.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> Wire {
        let mut wire = self.connect().await;
        wire.send(bytes).await;
        wire
    }

    /// Opens a stream and reads its first event.
    pub(crate) async fn stream(&self) -> Wire {
        let mut wire = self.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await;
        wire.until("data: first\n\n").await;
        wire
    }

    pub(crate) async fn http2(&self) -> H2 {
        H2::connect(self.address).await
    }

    /// Asks the server to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Whether the server has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.serving.is_finished()
    }

    /// Waits for the server's end.
    pub(crate) async fn ended(&mut self) {
        soon("the server's end", &mut self.serving).await.unwrap().unwrap();
    }

    /// Drops the server's future.
    pub(crate) fn abort(&self) {
        self.serving.abort();
    }

    /// Waits until no connection is open.
    pub(crate) async fn all_closed(&self) {
        self.connections(0).await;
    }

    /// Waits until so many connections are open.
    pub(crate) async fn connections(&self, wanted: u64) {
        let what = format!("{wanted} connections, not {}", self.stats.open());
        soon(&what, async {
            while self.stats.open() != wanted {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }
}
