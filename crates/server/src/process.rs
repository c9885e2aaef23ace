//! A running server, from the sockets to the last byte: bind early, serve late, leave in order.

use crate::{
    accept,
    config::{Config, Drain},
    failure::Failure,
    listen::Listeners,
    node::Node,
    stop::Signals,
};
use axum::Router;
use std::time::Duration;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

/// How long requests under way and the last bytes of streams may take once the window is over.
const GRACE: Duration = Duration::from_secs(2);

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
    let listeners = Listeners::bind(config, change_listen).await?;
    let mut signals = Signals::catch()?;
    let node = Node::start(config)?;
    let public = dress(&node, &listeners)?;
    let serving = Serving::start(listeners, public, node.admin());
    let signal = signals.next().await;
    tokio::select! {
        () = leave(node, config.drain, serving, signal) => {}
        second = signals.next() => tracing::warn!(signal = second, "second signal: ending at once"),
    }
    Ok(())
}

/// Both accept loops.
struct Serving {
    loops: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Serving {
    fn start(listeners: Listeners, public: Router, admin: Router) -> Self {
        tracing::info!(public = %listeners.public.url(), admin = %listeners.admin.url(), "listening");
        let (stop, stopped) = watch::channel(false);
        let mut loops = JoinSet::new();
        loops.spawn(accept::serve(listeners.public.socket, public, stopped.clone()));
        loops.spawn(accept::serve(listeners.admin.socket, admin, stopped));
        Self { loops, stop }
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
    tracing::info!(streams = node.engine().connections(), window = ?drain.window, "ending streams");
    node.engine().drain(drain.window);
    let over = Instant::now() + drain.window;
    if timeout_at(over, node.engine().drained()).await.is_err() {
        tracing::warn!(streams = node.engine().connections(), "the drain window is over");
    }
    if timeout(GRACE, serving.end()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    node.engine().shutdown().await;
    tracing::info!("stopped");
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
