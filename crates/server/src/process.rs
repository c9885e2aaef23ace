//! A running server, from the sockets to the last byte: bind early, serve late, leave in order.

use crate::{
    config::{Config, Drain},
    failure::Failure,
    listen::Listeners,
    metrics,
    node::Node,
    stop::Signals,
};
use axum::Router;
use campanile_live::{LiveOptions, LiveStats, Server};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

/// How long requests under way and the last bytes of streams may take once the window is over.
const GRACE: Duration = Duration::from_secs(2);

/// How long peers that have everything may take to close before the process takes their sockets along, and how often they are looked at.
const LINGER: Duration = Duration::from_millis(250);
const LOOK: Duration = Duration::from_millis(5);

/// A path and query of the most bytes that are taken: a position of 8 KiB, percent-encoded, and a token's worth beside it.
const MAX_URI: usize = 32 * 1024;

/// Runs until a signal says otherwise.
///
/// `change_listen` tells the user how to choose another address; `dress` makes the public routes, when the addresses are known.
///
/// # Errors
///
/// An address cannot be had, or the store cannot be opened.
pub(crate) async fn run(
    config: &Config,
    change_listen: &str,
    dress: impl FnOnce(&Node, &Listeners) -> Result<Router, Failure>,
) -> Result<(), Failure> {
    let listeners = Listeners::bind(config, change_listen)?;
    let mut signals = Signals::catch()?;
    let [public, admin] = [(); 2].map(|()| Server::new(options(config)));
    let node = Node::start(config, metrics::registry(public.stats(), admin.stats()))?;
    let app = dress(&node, &listeners)?;
    let serving = Serving::start(listeners, (public, app), (admin, node.admin()));
    let signal = signals.next().await;
    tokio::select! {
        () = leave(node, config.drain, serving, signal) => {}
        second = signals.next() => tracing::warn!(signal = second, "second signal: ending at once"),
    }
    Ok(())
}

fn options(config: &Config) -> LiveOptions {
    let mut options = LiveOptions::default();
    options.write_timeout = config.write_timeout;
    options.direct = config.direct;
    options.max_uri = MAX_URI;
    options
}

/// Both accept loops.
struct Serving {
    loops: JoinSet<()>,
    stop: watch::Sender<bool>,
    stats: Sockets,
}

/// What the accept loops count.
type Sockets = [Arc<LiveStats>; 2];

impl Serving {
    fn start(listeners: Listeners, public: (Server, Router), admin: (Server, Router)) -> Self {
        tracing::info!(public = %listeners.public.url(), admin = %listeners.admin.url(), "listening");
        let stats = [public.0.stats(), admin.0.stats()];
        let (stop, stopped) = watch::channel(false);
        let mut loops = JoinSet::new();
        for (socket, (server, app)) in [(listeners.public.socket, public), (listeners.admin.socket, admin)] {
            let mut stopped = stopped.clone();
            let stop = async move { _ = stopped.wait_for(|stop| *stop).await };
            // It fails only where there is nothing to listen on.
            loops.spawn(async move { _ = server.serve([socket], app, stop).await });
        }
        Self { loops, stop, stats }
    }

    /// Takes nothing more, and waits for the answers under way.
    async fn end(mut self) {
        self.stop.send_replace(true);
        while self.loops.join_next().await.is_some() {}
    }
}

/// Readiness fails; after the delay new streams are refused and open ones are ended over the window; what is under way gets its answer.
async fn leave(node: Node, drain: Drain, serving: Serving, signal: &str) {
    node.fail_readiness();
    tracing::info!(signal, streams = node.engine().connections(), "draining");
    sleep(drain.delay).await;
    let streams = node.engine().connections();
    node.engine().drain(drain.window);
    tracing::info!(streams, window = ?drain.window, "ending streams");
    let sockets = serving.stats.clone();
    let over = Instant::now() + drain.window;
    if timeout_at(over, node.engine().drained()).await.is_err() {
        tracing::warn!(streams = node.engine().connections(), "the drain window is over");
    }
    if timeout(GRACE, serving.end()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    node.engine().shutdown().await;
    _ = timeout(LINGER, closed(&sockets)).await;
    tracing::info!("stopped");
}

/// Waits for the peers of all connections to close them.
async fn closed(sockets: &Sockets) {
    while sockets.iter().any(|stats| stats.open() > 0) {
        sleep(LOOK).await;
    }
}

/// Runs a server to its end on all processors.
///
/// # Errors
///
/// What the server's own end says, or the system has no threads to give.
pub(crate) fn block_on(server: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(no_runtime)?;
    let ended = runtime.block_on(server);
    // Whatever is still open had its time.
    runtime.shutdown_background();
    ended
}

/// Runs something small to its end on this thread.
///
/// # Errors
///
/// The system has nothing to run it on.
pub(crate) fn block_here<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
    Ok(runtime.block_on(work))
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn no_runtime(error: std::io::Error) -> Failure {
    Failure::Runtime(format!("cannot start: {error}; is a limit of threads reached?"))
}
