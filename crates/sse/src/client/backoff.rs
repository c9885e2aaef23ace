//! How long to wait before the next attempt.

use std::time::Duration;

use fastrand::Rng;

use crate::Retry;

/// How a source waits between attempts when the server says nothing about it; see [Waiting](super#waiting).
///
/// ```
/// use campanile_sse::client::Backoff;
///
/// let three_times = Backoff { attempts: Some(3), ..Backoff::default() };
/// # assert_eq!(three_times.base.as_secs(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest random wait after a stream that worked; it doubles with each attempt that brings nothing. Default: 1 s.
    pub base: Duration,
    /// The longest random wait of all. Default: 30 s.
    pub max: Duration,
    /// After how many attempts in a row that brought nothing the source gives up. Default: never.
    pub attempts: Option<u32>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_secs(1), max: Duration::from_secs(30), attempts: None }
    }
}

/// A source's place in its backoff.
#[derive(Debug)]
pub(super) struct Pace {
    backoff: Backoff,
    random: Rng,
    /// Attempts in a row that brought nothing.
    failures: u32,
}

impl Pace {
    pub(super) const fn new(backoff: Backoff, random: Rng) -> Self {
        Self { backoff, random, failures: 0 }
    }

    /// Another attempt, which has brought nothing yet.
    pub(super) const fn begin(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The number of attempts that brought nothing, if there have been enough.
    pub(super) fn exhausted(&self) -> Option<u32> {
        self.backoff.attempts.is_some_and(|attempts| self.failures >= attempts).then_some(self.failures)
    }

    /// The wait before the next attempt, given the latest `retry:` and the failure's `Retry-After`.
    pub(super) fn wait(&mut self, retry: Option<Duration>, retry_after: Option<Duration>) -> Duration {
        let retry = retry.map(|time| Retry::clamped(time).as_duration());
        let asked = retry_after.map(|time| time.min(Retry::MAX.as_duration())).or(retry).unwrap_or_default();
        asked.saturating_add(self.jitter(retry.unwrap_or(self.backoff.base)))
    }

    fn jitter(&mut self, base: Duration) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let most = base.saturating_mul(factor).min(self.backoff.max);
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.u64(0..=nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Option<Duration> {
        Some(Duration::from_secs(secs))
    }

    /// The shortest and longest of many waits after `failures`, in tenths of a second, rounded.
    fn span(failures: u32, retry: Option<Duration>, retry_after: Option<Duration>) -> (u128, u128) {
        let mut pace = Pace::new(Backoff::default(), Rng::with_seed(7));
        (0..failures).for_each(|_| pace.begin());
        let waits: Vec<_> = (0..4000).map(|_| (pace.wait(retry, retry_after).as_millis() + 50) / 100).collect();
        (*waits.iter().min().unwrap(), *waits.iter().max().unwrap())
    }

    #[test]
    fn the_jitter_is_full_and_doubles_up_to_its_maximum() {
        assert_eq!(span(0, None, None), (0, 10));
        assert_eq!(span(1, None, None), (0, 20));
        assert_eq!(span(4, None, None), (0, 160));
        assert_eq!(span(5, None, None), (0, 300));
        assert_eq!(span(31, None, None), (0, 300));
        assert_eq!(span(5000, None, None), (0, 300));
    }

    #[test]
    fn a_retry_is_waited_for_and_is_the_base_within_its_bounds() {
        assert_eq!(span(0, secs(2), None), (20, 40));
        assert_eq!(span(1, secs(2), None), (20, 60));
        assert_eq!(span(0, secs(0), None), (5, 10), "a server cannot make it hammer");
        assert_eq!(span(0, Some(Duration::MAX), None), (36_000, 36_300), "nor sleep for ever");
    }

    #[test]
    fn retry_after_comes_before_retry_and_is_never_cut_short() {
        assert_eq!(span(0, secs(2), secs(7)), (70, 90));
        assert_eq!(span(1, None, secs(7)), (70, 90));
        assert_eq!(span(1, None, Some(Duration::MAX)), (36_000, 36_020));
    }

    #[test]
    fn success_starts_again_and_attempts_run_out() {
        let mut pace = Pace::new(Backoff { attempts: Some(2), ..Backoff::default() }, Rng::with_seed(7));
        for exhausted in [None, Some(2)] {
            pace.begin();
            assert_eq!(pace.exhausted(), exhausted);
        }
        pace.succeeded();
        assert_eq!(pace.exhausted(), None);
    }
}
