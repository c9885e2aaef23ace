//! Leaving: readiness fails, then streams end over a window, then whoever waits for that goes on.

use super::{Engine, Inner};
use crate::BoxFuture;
use futures_util::future::{pending, select};
use std::{pin::pin, sync::Weak, time::Duration};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// How an engine leaves.
///
/// ```
/// use campanile_core::ShutdownOptions;
/// use std::time::Duration;
///
/// let options = ShutdownOptions { window: Duration::from_secs(30), ..ShutdownOptions::default() };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShutdownOptions {
    /// How long new streams are still taken after readiness failed, so that whoever balances load has noticed. Default: 0.
    pub delay: Duration,
    /// Over how long open streams are ended, each at a moment of its own. Default 10 s.
    pub window: Duration,
    /// How long requests that are under way when the last stream has ended may take to be answered. Default 2 s.
    pub grace: Duration,
    /// How long channels may take for what waits in their queues. Default 5 s.
    pub channels: Duration,
    /// Whether a successor has the listening sockets, too, and so whoever comes anew once streams are ended: those who are inside and still
    /// open a stream get one, as [`Engine::hand_over`] says. Default: no.
    pub hand_over: bool,
}

impl Default for ShutdownOptions {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { delay: Duration::ZERO, window: seconds(10), grace: seconds(2), channels: seconds(5), hand_over: false }
    }
}

/// How long the last bytes of streams may take once the window is over.
const LAST_BYTES: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Stage {
    Here,
    Leaving,
    /// Streams are being ended.
    Draining,
    /// No stream is open any more, or the window is over.
    Left,
}

/// How far the engine has left.
pub(super) struct Leaving {
    stage: watch::Sender<Stage>,
    options: ShutdownOptions,
}

impl Leaving {
    pub(super) fn new(options: ShutdownOptions) -> Self {
        Self { stage: watch::Sender::new(Stage::Here), options }
    }

    /// Ready when the engine is to leave, or is gone.
    pub(super) fn asked(&self) -> impl Future<Output = ()> + Send + use<> {
        self.reaches(Stage::Leaving)
    }

    /// Ready when that stage is reached, or the engine is gone.
    fn reaches(&self, wanted: Stage) -> impl Future<Output = ()> + Send + use<> {
        let mut stage = self.stage.subscribe();
        async move {
            // An error says that the engine is gone.
            let _ = stage.wait_for(|stage| *stage >= wanted).await;
        }
    }

    /// Nobody shall wait any more.
    pub(super) fn over(&self) {
        self.set(Stage::Left);
    }

    fn set(&self, next: Stage) {
        self.stage.send_if_modified(|stage| {
            let further = *stage < next;
            if further {
                *stage = next;
            }
            further
        });
    }
}

/// Leaves once it is asked to, or `token` is ready. Does not keep the engine from being dropped.
pub(super) async fn when_asked(
    engine: Weak<Inner>,
    asked: impl Future<Output = ()> + Send,
    token: Option<BoxFuture<'static, ()>>,
) {
    let token = token.unwrap_or_else(|| Box::pin(pending()));
    select(token, pin!(asked)).await;
    let Some(inner) = engine.upgrade() else { return };
    let engine = Engine { inner };
    engine.leave();
    let ShutdownOptions { delay, window, hand_over, .. } = *engine.shutdown_options();
    tracing::info!(streams = engine.connections(), ?delay, ?window, "leaving");
    sleep(delay).await;
    if hand_over {
        engine.hand_over(window);
    } else {
        engine.drain(window);
    }
    engine.inner.leaving.set(Stage::Draining);
    if timeout(window + LAST_BYTES, engine.drained()).await.is_err() {
        tracing::warn!(streams = engine.connections(), "streams are still open after the window");
    }
    engine.inner.leaving.over();
}

impl Engine {
    /// Begins to leave, by itself and in the background: readiness fails ([`Engine::is_leaving`]); after the delay of the options the open
    /// streams are ended over the window, each with the word to come back, and new ones are refused, or with
    /// [`ShutdownOptions::hand_over`] ended in the window, too. Everything else goes on. Once more does nothing.
    pub fn leave(&self) {
        self.inner.leaving.set(Stage::Leaving);
    }

    /// Whether the engine was asked to leave.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        *self.inner.leaving.stage.borrow() != Stage::Here
    }

    /// Ready when the engine was asked to leave and has begun to end its streams, after the delay; or when the engine is gone. It borrows
    /// nothing, and asks for nothing. Cancel safe.
    pub fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        self.inner.leaving.reaches(Stage::Draining)
    }

    /// Ready when the engine was asked to leave and its streams have ended, or their window is over; or when the engine is gone. It
    /// borrows nothing, and asks for nothing. Cancel safe.
    pub fn left(&self) -> impl Future<Output = ()> + Send + use<> {
        self.inner.leaving.reaches(Stage::Left)
    }

    /// How the engine leaves.
    #[must_use]
    pub fn shutdown_options(&self) -> &ShutdownOptions {
        &self.inner.leaving.options
    }
}
