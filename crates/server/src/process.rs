//! A running server, from the sockets to the last byte: bind early, serve late, leave in order.

use crate::{
    config::{Config, Drain},
    failure::Failure,
    listen::Listeners,
    node::{self, Node},
    serving::{Servers, Serving},
    stop::Signals,
};
use axum::Router;
use campanile_core::store::Store;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How long requests under way and the last bytes of streams may take once the window is over.
const GRACE: Duration = Duration::from_secs(2);

/// How long peers that have everything may take to close before the process takes their sockets along.
const LINGER: Duration = Duration::from_millis(250);

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
    let mut signals = Signals::catch()?;
    let (listeners, store) = tokio::select! {
        had = have(config, change_listen) => had?,
        signal = signals.next() => {
            tracing::info!(signal, "stopped before it began");
            return Ok(());
        }
    };
    let servers = Servers::new(config, &listeners);
    let node = Node::start(config, store, servers.metrics())?;
    let (public, admin) = (dress(&node, &listeners)?, node.admin(listeners.admin.address));
    let (at, admin_at, inherited) = (listeners.public.url(), listeners.admin.url(), listeners.public.inherited);
    tracing::info!(public = at, admin = admin_at, inherited, "listening");
    let serving = servers.serve(listeners, public, admin);
    let signal = signals.next().await;
    tokio::select! {
        () = leave(node, config.drain, serving, signal) => {}
        second = signals.next() => tracing::warn!(signal = second, "second signal: ending at once"),
    }
    Ok(())
}

/// What only one process can have at a time: the addresses, then the store. Nothing is accepted before both are there.
async fn have(config: &Config, change_listen: &str) -> Result<(Listeners, Arc<dyn Store>), Failure> {
    let listeners = Listeners::open(config, change_listen).await?;
    let store = listeners.predecessor.wait_for(|| node::open(&config.store)).await?;
    Ok((listeners, store))
}

/// Readiness fails; after the delay new streams are refused, or left to the next process, and open ones are ended over the window; what is
/// under way gets its answer.
async fn leave(node: Node, drain: Drain, mut serving: Serving, signal: &str) {
    node.fail_readiness();
    tracing::info!(signal, streams = node.engine().connections(), "draining");
    sleep(drain.delay).await;
    let (streams, handing_over) = (node.engine().connections(), serving.hand_over());
    if handing_over {
        node.engine().hand_over(drain.window);
    } else {
        node.engine().drain(drain.window);
    }
    tracing::info!(streams, handing_over, window = ?drain.window, "ending streams");
    let over = Instant::now() + drain.window;
    if timeout_at(over, node.engine().drained()).await.is_err() {
        tracing::warn!(streams = node.engine().connections(), "the drain window is over");
    }
    if timeout(GRACE, serving.end()).await.is_err() {
        tracing::warn!("some connections did not end in time");
        serving.cut().await;
    }
    node.engine().shutdown().await;
    _ = timeout(LINGER, serving.closed()).await;
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
