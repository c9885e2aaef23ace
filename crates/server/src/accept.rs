//! The accept loop: one task per connection, deadlines for what has not said anything yet, an orderly end.

use axum::{Extension, Router};
use campanile_http::CloseDelimited;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tower::Layer;

/// How long a request's head may take, and a fresh connection to say anything at all: slow ones would hold sockets for ever.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest request head, and what is read ahead of a body. Heads of honest clients have a few KiB.
const READ_BUFFER: usize = 64 * 1024;

/// How often an HTTP/2 connection that is silent is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// How long accepting pauses when the process has no file descriptor left: trying again at once would only spin.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves `app` until `stop` is set; then takes no more connections, ends idle ones, and returns when the requests under way are
/// answered. Dropping the future leaves open connections running.
pub(crate) async fn serve(listener: TcpListener, app: Router, mut stop: watch::Receiver<bool>) {
    let connections = GracefulShutdown::new();
    let builder = Arc::new(builder());
    let stopping = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let watcher = connections.watcher();
                tokio::spawn(connection(builder.clone(), stream, app.clone(), watcher, stopping.clone()));
            }
            Err(error) => pause(&error).await,
        }
    }
    drop(listener);
    connections.shutdown().await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(READ_BUFFER);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY).keep_alive_timeout(HEAD_TIMEOUT);
    builder
}

async fn connection(
    builder: Arc<Builder<TokioExecutor>>,
    stream: TcpStream,
    app: Router,
    watcher: hyper_util::server::graceful::Watcher,
    mut stop: watch::Receiver<bool>,
) {
    // An event is small and must not wait for the acknowledgement of the one before.
    if stream.set_nodelay(true).is_err() || !speaks(&stream, &mut stop).await {
        return;
    }
    let stream = CloseDelimited::new(stream);
    let app = Extension(stream.tag()).layer(app);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error, "connection failed");
    }
}

/// Whether anything arrives in time. Which protocol it is gets decided by the first bytes, and that has no deadline of its own.
async fn speaks(stream: &TcpStream, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        readable = timeout(HEAD_TIMEOUT, stream.readable()) => matches!(readable, Ok(Ok(()))),
        _ = stop.wait_for(|stop| *stop) => false,
    }
}

async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    // The client went away before it was accepted: nothing of ours.
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(error = %error, "cannot accept connections; is the limit of open files reached?");
    sleep(PAUSE).await;
}
