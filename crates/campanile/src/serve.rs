//! Serving: like `axum::serve`, over an accept loop that writes event streams past the HTTP library.

use crate::{BoxFuture, Campanile, LiveOptions};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::map_request,
};
use campanile_live::{PeerAddr, Server};
use std::{
    fmt,
    future::{IntoFuture, pending},
    io,
    net::SocketAddr,
};
use tokio::{net::TcpListener, time::timeout};

/// Serves an application, like `axum::serve`, with the direct write path for event streams, and with a limit for everything that a peer may
/// delay. Nothing happens before it is awaited.
///
/// `axum::serve` works too, without either. [`Campanile::serve`] is the same with an end that includes streams and store.
///
/// Handlers find the peer's address in `ConnectInfo<SocketAddr>`.
///
/// ```no_run
/// # async fn example(app: axum::Router) -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// campanile::serve(listener, app).await
/// # }
/// ```
pub fn serve(listener: TcpListener, app: Router) -> Serve {
    let stop: BoxFuture<'static, ()> = Box::pin(pending());
    Serve { listeners: vec![listener], app, options: LiveOptions::for_streams(), stop, campanile: None }
}

impl Campanile {
    /// [`serve`], to an end that includes everything: when its signal comes, or the token of [`Builder::shutdown`](crate::Builder::shutdown),
    /// or [`Campanile::drain`] is called, streams are ended with the word to come back, requests under way are answered (what takes longer
    /// than the grace of [`ShutdownOptions`](crate::ShutdownOptions) is cut), channels get a moment for their queues, and the store is closed.
    ///
    /// A publish that was acknowledged is on disk whatever happens; one under way is answered before the store closes.
    ///
    /// So that a restart refuses nobody, give successor and predecessor the same listening socket ([`listeners_from_env`](crate::listeners_from_env))
    /// and set `hand_over` in [`ShutdownOptions`](crate::ShutdownOptions): who comes during the drain is the successor's.
    ///
    /// ```
    /// # async fn example(campanile: campanile::Campanile, app: axum::Router) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    /// campanile.serve(listener, app).with_graceful_shutdown(ctrl_c).await
    /// # }
    /// ```
    pub fn serve(&self, listener: TcpListener, app: Router) -> Serve {
        Serve { campanile: Some(self.clone()), ..serve(listener, app) }
    }
}

/// A server in the making; awaiting it serves. Made by [`serve`] and [`Campanile::serve`].
///
/// ```
/// # async fn example(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
/// let server: campanile::Serve = campanile::serve(listener, app);
/// server.await
/// # }
/// ```
///
/// # Errors
///
/// None is known: a connection that cannot be accepted is logged and survived.
///
/// # Cancel safety
///
/// Dropping it, or its future, closes the listening sockets and all connections at once. The engine goes on.
#[must_use = "a server serves when it is awaited"]
pub struct Serve {
    listeners: Vec<TcpListener>,
    app: Router,
    options: LiveOptions,
    stop: BoxFuture<'static, ()>,
    campanile: Option<Campanile>,
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listeners", &self.listeners)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Serve {
    /// Stops when `signal` is ready: no connection is accepted any more, and requests under way are answered. Of [`serve`], that is all, and
    /// streams are waited for; of [`Campanile::serve`] it is the beginning of the drain.
    ///
    /// ```
    /// # async fn example(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// # drop(stop);
    /// campanile::serve(listener, app).with_graceful_shutdown(async { stopped.await.unwrap_or(()) }).await
    /// # }
    /// ```
    pub fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { stop: Box::pin(signal), ..self }
    }

    /// The limits of connections. Default: [`LiveOptions::for_streams`].
    ///
    /// ```
    /// # async fn example(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
    /// use campanile::LiveOptions;
    ///
    /// let options = LiveOptions { max_connections_per_address: Some(64), ..LiveOptions::for_streams() };
    /// campanile::serve(listener, app).options(options).await
    /// # }
    /// ```
    pub fn options(self, options: LiveOptions) -> Self {
        Self { options, ..self }
    }

    /// Listens here, too.
    ///
    /// ```
    /// # async fn example(v4: tokio::net::TcpListener, v6: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
    /// campanile::serve(v4, app).listener(v6).await
    /// # }
    /// ```
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listeners.push(listener);
        self
    }

    async fn run(self) -> io::Result<()> {
        let app = self.app.layer(map_request(introduce));
        let mut options = self.options;
        let Some(campanile) = self.campanile else {
            return Server::new(options).serve(self.listeners, app, self.stop).await;
        };
        options.shared_sockets |= campanile.engine.shutdown_options().hand_over;
        let server = Server::new(options).counting(campanile.stats.clone());
        let stop = left_after(campanile.clone(), self.stop);
        let ended = within_grace(&campanile, server.serve(self.listeners, app, stop)).await;
        campanile.shutdown().await;
        ended
    }
}

/// Ready when nobody new is to be let in: when the streams have ended, or a successor lets them in. `signal` begins it.
async fn left_after(campanile: Campanile, signal: BoxFuture<'static, ()>) {
    let engine = &campanile.engine;
    tokio::select! {
        () = signal => engine.leave(),
        () = engine.draining() => {}
    }
    if engine.shutdown_options().hand_over {
        engine.draining().await;
    } else {
        engine.left().await;
    }
}

/// Once the streams have ended, an answer has so long.
async fn within_grace(campanile: &Campanile, server: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let mut server = std::pin::pin!(server);
    let drained = campanile.drained();
    tokio::select! {
        ended = &mut server => return ended,
        () = drained => {}
    }
    // What is cut then has had its time.
    timeout(campanile.engine.shutdown_options().grace, server).await.unwrap_or(Ok(()))
}

impl IntoFuture for Serve {
    type Output = io::Result<()>;
    type IntoFuture = BoxFuture<'static, io::Result<()>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Middleware: the peer's address where axum's own server leaves it.
async fn introduce(mut request: Request) -> Request {
    if let Some(PeerAddr(address)) = request.extensions().get::<PeerAddr>().copied() {
        request.extensions_mut().insert(ConnectInfo::<SocketAddr>(address));
    }
    request
}
