//! How a channel is worked on.

use std::time::Duration;

/// How a channel is worked on. What becomes of a delivery is one of these, in the log and in `campanile_deliveries_total`:
///
/// | outcome | |
/// |---|---|
/// | `delivered`, `skipped`, `permanent` | as the channel answered |
/// | `transient`, `timeout` | it will be tried again |
/// | `given-up` | it failed at every attempt |
/// | `panic`, `unanswered` | the channel has a fault; not tried again |
/// | `overflow` | there was no room: the queue, or the room of those that wait for another attempt, was full |
/// | `unregistered` | there is no such channel |
/// | `abandoned` | the engine ended before |
///
/// ```
/// use campanile_core::channel::ChannelOptions;
/// use std::time::Duration;
///
/// let options = ChannelOptions { workers: 16, timeout: Duration::from_secs(5), ..ChannelOptions::default() };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelOptions {
    /// Recipients of one batch at most; a larger audience is several batches. Default 100.
    pub batch: usize,
    /// Batches that may wait to be begun, and, apart from them, for another attempt; more are an overflow. Default 1,024.
    pub queue: usize,
    /// Batches under way at once. One that waits for another attempt is not. Default 4.
    pub workers: usize,
    /// How long one attempt at a batch may take; then it is dropped, and tried again. Default 30 s.
    pub timeout: Duration,
    /// Attempts at one delivery. Default 5.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles with each, with jitter. A channel that asks for a longer one gets it. Default 1 s.
    pub backoff: Duration,
    /// The longest wait, whatever a channel asks for. Default 5 minutes.
    pub max_backoff: Duration,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self {
            batch: 100,
            queue: 1024,
            workers: 4,
            timeout: Duration::from_secs(30),
            attempts: 5,
            backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(300),
        }
    }
}

impl ChannelOptions {
    /// The wait after a failed attempt, the first being 1: between half and all of what it doubles to, at random, and not less than asked.
    pub(super) fn pause(&self, attempt: u32, asked: Duration) -> Duration {
        let doubled = self.backoff.saturating_mul(1 << attempt.saturating_sub(1).min(20));
        let jittered = doubled.min(self.max_backoff).mul_f64(0.5 + fastrand::f64() / 2.0);
        jittered.max(asked.min(self.max_backoff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_within_bounds_and_a_channel_may_ask_for_more() {
        let options = ChannelOptions::default();
        let seconds = Duration::from_secs;
        for (attempt, least, most) in [(1, 500, 1000), (2, 1000, 2000), (5, 8000, 16000), (99, 150_000, 300_000)] {
            let pause = options.pause(attempt, Duration::ZERO);
            let bounds = Duration::from_millis(least)..=Duration::from_millis(most);
            assert!(bounds.contains(&pause), "{attempt}: {pause:?}");
        }
        assert_eq!(options.pause(1, seconds(60)), seconds(60));
        assert_eq!(options.pause(1, seconds(86_400)), seconds(300));
    }
}
