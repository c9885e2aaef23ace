//! Taking over from a predecessor: it still has what this process needs, and is on its way out.

use crate::{config::Drain, failure::Failure};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a predecessor may take beyond its delay and its window, which are assumed to be ours.
const SLACK: Duration = Duration::from_secs(30);

/// How often what it has is tried for.
const PAUSE: Duration = Duration::from_millis(20);

/// Until when something that another process has is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Option<Instant>);

impl Patience {
    /// None: whoever has it is no predecessor.
    pub(crate) const NONE: Self = Self(None);

    /// As long as a predecessor with the same configuration may take.
    pub(crate) fn with_predecessor(drain: Drain) -> Self {
        Self(Some(Instant::now() + drain.delay + drain.window + SLACK))
    }

    /// Does what fails with [`Failure::Taken`] while another process has something, until it has it no more. Cancel safe.
    ///
    /// # Errors
    ///
    /// Every other failure at once, and that one when the time is over.
    pub(crate) async fn wait_for<T>(self, attempt: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
        let began = Instant::now();
        let mut waited = false;
        loop {
            match attempt() {
                Err(Failure::Taken(why)) if self.0.is_some_and(|until| Instant::now() < until) => {
                    if !waited {
                        tracing::info!(%why, "waiting for the predecessor");
                    }
                    waited = true;
                    sleep(PAUSE).await;
                }
                done => {
                    if waited && done.is_ok() {
                        tracing::info!(waited = ?began.elapsed(), "the predecessor has handed over");
                    }
                    return done;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const DRAIN: Drain = Drain { delay: Duration::from_secs(1), window: Duration::from_secs(10) };

    async fn tries(patience: Patience, until_free: u32) -> (Result<(), String>, u32) {
        let tries = Cell::new(0);
        let done = patience.wait_for(|| {
            tries.set(tries.get() + 1);
            if tries.get() > until_free { Ok(()) } else { Err(Failure::Taken("taken".into())) }
        });
        (done.await.map_err(|failure| failure.to_string()), tries.get())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_taken_is_waited_for_but_not_for_ever() {
        assert_eq!(tries(Patience::with_predecessor(DRAIN), 100).await, (Ok(()), 101));
        let began = Instant::now();
        let (done, _) = tries(Patience::with_predecessor(DRAIN), u32::MAX).await;
        assert_eq!((done, began.elapsed().as_secs()), (Err("taken".into()), 41));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_predecessor_and_after_any_other_failure_nothing_is_waited_for() {
        assert_eq!(tries(Patience::NONE, 1).await, (Err("taken".into()), 1));
        let failing = Patience::with_predecessor(DRAIN).wait_for(|| Err::<(), _>(Failure::Runtime("broken".into())));
        assert_eq!(failing.await.map_err(|failure| failure.to_string()), Err("broken".into()));
    }
}
