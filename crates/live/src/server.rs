//! The server: listening sockets, an application, an end.

use crate::{
    LiveOptions, LiveStats, PeerAddr, accept,
    direct::Direct,
    http1, http2,
    io::Io,
    places::{Place, Places},
    sniff::{self, Begun, Protocol},
    socket::Transport,
    stats::Count,
};
use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::request::Parts;
use std::{convert::Infallible, fmt, future::Future, io, pin::pin, sync::Arc};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};
use tower::Service;

/// What answers requests: an axum `Router`, or any service like it.
pub(crate) trait App:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> App for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

/// Accepts connections and serves them, within [`LiveOptions`].
#[derive(Debug)]
pub struct Server {
    options: LiveOptions,
    stats: Arc<LiveStats>,
}

/// What all connections share.
pub(crate) struct Context<A> {
    pub(crate) app: A,
    pub(crate) options: Arc<LiveOptions>,
    pub(crate) stats: Arc<LiveStats>,
    /// Who writes event streams, unless hyper does.
    pub(crate) direct: Direct,
    /// Whether to stop; closed when everything is to end at once. Never looked at here, so that each clone sees the change.
    pub(crate) stop: watch::Receiver<bool>,
}

impl<A> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("options", &self.options).field("stats", &self.stats).finish_non_exhaustive()
    }
}

impl Server {
    /// A server with these limits. Nothing is open yet.
    #[must_use]
    pub fn new(options: LiveOptions) -> Self {
        Self { options, stats: Arc::default() }
    }

    /// Counts here, as others may, too.
    #[must_use]
    pub fn counting(self, stats: Arc<LiveStats>) -> Self {
        Self { stats, ..self }
    }

    /// What it counts.
    #[must_use]
    pub fn stats(&self) -> Arc<LiveStats> {
        self.stats.clone()
    }

    /// Serves `app` on all of `listeners` until `stop` is ready, and then until the requests under way are answered: no connection is
    /// accepted any more, and each is closed with its next answer; one without a request has [`LiveOptions::last_call`] to make it (HTTP/2:
    /// `GOAWAY`). Streams are not ended here: whoever makes them does that, or drops this future. Peers that have their answer and do
    /// not close are not waited for: they are in [`LiveStats::open`] until [`LiveOptions::linger`] is over.
    ///
    /// Every request has [`PeerAddr`] in its extensions. A response to an HTTP/1.1 request that says HTTP/1.0 and has a body of unknown length
    /// goes out undivided, as HTTP/1.1, and ends with its connection: that is how an event stream is sent without chunks.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the listening sockets and, at once, all connections with the requests on them. A deadline for the end is a
    /// `tokio::time::timeout` around it.
    ///
    /// # Errors
    ///
    /// `listeners` is empty, or there are no file descriptors left. Failures to accept are logged, counted and survived.
    pub async fn serve<A>(
        self,
        listeners: impl Into<Vec<TcpListener>>,
        app: A,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()>
    where
        A: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
        A::Future: Send,
    {
        let listeners = listeners.into();
        if listeners.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is nothing to listen on"));
        }
        let (order, stopped) = watch::channel(false);
        let places =
            Places::new(self.options.max_connections, self.options.max_connections_per_address, self.stats.clone());
        let (options, stats) = (Arc::new(self.options), self.stats);
        let mut writers = JoinSet::new();
        let direct = Direct::start(&mut writers, &options, &stats)?;
        let context = Arc::new(Context { app, options, stats, direct, stop: stopped });
        // Aborted when this future is dropped, with the listening sockets.
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn(accept::run(listener, context.clone(), places.clone()));
        }
        drop(context);
        stop.await;
        order.send_replace(true);
        while accepting.join_next().await.is_some() {}
        order.closed().await;
        Ok(())
    }
}

impl<A: App> Context<A> {
    /// Serves one connection to its end.
    pub(crate) async fn connection<T: Transport>(self: Arc<Self>, mut transport: T, peer: PeerAddr, place: Place) {
        match self.begun(&mut transport).await {
            Ok(Some(begun)) if begun.protocol == Protocol::Http2 => http2::serve(transport, begun, self, peer).await,
            Ok(Some(begun)) => http1::serve(transport, begun, self, peer, place).await,
            Ok(None) => self.part(transport).await,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => self.stats.count(Count::head_timeouts),
            Err(_) => (),
        }
    }

    /// Closes a connection that nothing has come on, so that what comes now does not make the system reset it.
    async fn part<T: Transport>(self: Arc<Self>, transport: T) {
        let mut io = Io::new(transport, Bytes::new(), None, self.options.clone(), self.stats.clone());
        // The server's end does not wait for it.
        drop(self);
        if io.fin().await.is_ok() {
            io.linger().await;
        }
    }

    /// How the connection has begun; nothing if that is not waited for any more.
    async fn begun<T: Transport>(&self, transport: &mut T) -> io::Result<Option<Begun>> {
        let mut stop = self.stop.clone();
        let mut begun = pin!(sniff::sniff(transport, &self.options));
        let order = tokio::select! {
            biased;
            begun = &mut begun => return begun.map(Some),
            order = stop.changed() => order,
        };
        order.map_err(|_| io::ErrorKind::ConnectionAborted)?;
        tokio::select! {
            biased;
            begun = timeout(self.options.last_call, begun) => begun.ok().transpose(),
            () = aborted(&mut stop) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Until when the body of a request that has just come must be there.
    pub(crate) fn body_deadline(&self) -> Instant {
        Instant::now() + self.options.body_timeout
    }
}

/// Waits for the order to end at once.
pub(crate) async fn aborted(stop: &mut watch::Receiver<bool>) {
    while stop.changed().await.is_ok() {}
}

/// Tells the application who asks.
pub(crate) fn introduce(parts: &mut Parts, peer: PeerAddr) {
    parts.extensions.insert(peer);
}
