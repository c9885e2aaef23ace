//! What the fuzz target reaches into: one connection over anything that carries bytes. No part of the API: it may change with any release.

use crate::{LiveOptions, LiveStats, PeerAddr, direct::Direct, places::Places, server::Context, socket::Transport};
use axum::{extract::Request, response::Response};
use std::{convert::Infallible, net::SocketAddr, sync::Arc};
use tokio::{io::DuplexStream, net::TcpStream, sync::watch, task::JoinSet};
use tower::Service;

impl Transport for DuplexStream {
    fn forget_unsent(&self) {}

    const DIRECT: bool = false;

    fn into_socket(self) -> Option<TcpStream> {
        None
    }
}

/// Serves one connection to its end.
pub async fn connection<A>(options: LiveOptions, app: A, transport: DuplexStream)
where
    A: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
{
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    // Held: without it everything would be told to end at once.
    let (_order, stop) = watch::channel(false);
    let (options, stats, mut writers) = (Arc::new(options), Arc::new(LiveStats::default()), JoinSet::new());
    let Ok(direct) = Direct::start(&mut writers, &options, &stats) else { return };
    if let Some(place) = Places::new(None, None, stats.clone()).take(peer.ip()) {
        let context = Arc::new(Context { app, options, stats, direct, stop });
        context.connection(transport, PeerAddr(peer), place).await;
    }
}
