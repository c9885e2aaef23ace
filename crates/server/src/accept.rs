//! The accept loop: one task per connection, deadlines for what has not said anything yet, an orderly end.

use crate::socket::Socket;
use axum::{Extension, Router, response::Response};
use campanile_http::CloseDelimited;
use http::{Request, header::CONTENT_TYPE};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use std::{convert::Infallible, io, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use tower::{Layer, Service, ServiceExt};

const EVENT_STREAM: &[u8] = b"text/event-stream";

/// How long a request's head may take, and a fresh connection to say anything at all: slow ones would hold sockets for ever.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest request head, and what is read ahead of a body. Heads of honest clients have a few KiB.
const READ_BUFFER: usize = 64 * 1024;

/// How often an HTTP/2 connection that is silent is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// How long a connection lingers when the process wants to end.
const HURRIED_LINGER: Duration = Duration::from_millis(250);

/// How long accepting pauses when the process has no file descriptor left: trying again at once would only spin.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves `app` until `stop` is set; then takes no more connections, ends idle ones, and returns when the requests under way are
/// answered. Dropping the future leaves open connections running.
pub(crate) async fn serve(listener: TcpListener, app: Router, mut stop: watch::Receiver<bool>) {
    let connections = GracefulShutdown::new();
    let http = Arc::new(http());
    let stopping = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = Connection { http: http.clone(), app: app.clone(), stopping: stopping.clone() };
                tokio::spawn(connection.run(stream, connections.watcher(), connections.watcher()));
            }
            Err(error) => pause(&error).await,
        }
    }
    drop(listener);
    connections.shutdown().await;
}

type Http = Builder<TokioExecutor>;

fn http() -> Http {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(READ_BUFFER);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY).keep_alive_timeout(HEAD_TIMEOUT);
    http
}

/// What a connection is served with.
struct Connection {
    http: Arc<Http>,
    app: Router,
    stopping: watch::Receiver<bool>,
}

impl Connection {
    /// Serves one connection to its end. `open` is held until its socket is closed: the end of the loop waits for that.
    async fn run(mut self, stream: TcpStream, watcher: Watcher, open: Watcher) {
        let Ok(socket) = Socket::new(stream) else { return };
        if self.begins(&socket).await {
            serve_one(&self.http, self.app.clone(), &socket, watcher).await;
            tokio::select! {
                () = socket.linger() => {}
                () = self.hurry() => {}
            }
        }
        drop(open);
    }

    /// Lingering must not hold up the end of the process.
    async fn hurry(&mut self) {
        // An error means that the loop is gone, and then there is just as little time.
        _ = self.stopping.wait_for(|stop| *stop).await;
        sleep(HURRIED_LINGER).await;
    }

    /// Whether enough arrives in time to tell the protocol: hyper's look at the first bytes has no deadline of its own.
    async fn begins(&mut self, socket: &Socket) -> bool {
        tokio::select! {
            speaks = timeout(HEAD_TIMEOUT, socket.speaks()) => speaks.unwrap_or(false),
            _ = self.stopping.wait_for(|stop| *stop) => false,
        }
    }
}

async fn serve_one(http: &Http, app: Router, socket: &Socket, watcher: Watcher) {
    let io = CloseDelimited::new(socket.clone());
    let streaming = Arc::new(Notify::new());
    let app = notifying(Extension(io.tag()).layer(app), streaming.clone());
    let connection = http.serve_connection(TokioIo::new(io), TowerToHyperService::new(app));
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            tracing::debug!(error, "connection failed");
        },
        // While a stream is open hyper does not read on once it holds the beginning of another request, and would not see the end.
        () = async { streaming.notified().await; socket.left().await } => {}
    }
}

/// Tells when a response is an event stream.
fn notifying<S>(
    app: S,
    streaming: Arc<Notify>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Clone
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Clone,
{
    app.map_response(move |response: Response| {
        if response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(EVENT_STREAM)) {
            streaming.notify_one();
        }
        response
    })
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
