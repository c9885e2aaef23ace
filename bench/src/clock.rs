//! One clock for all threads.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Nanoseconds since some moment before the program began; they only grow.
pub(crate) type Nanos = u64;

pub(crate) const SECOND: Nanos = 1_000_000_000;

pub(crate) fn now() -> Nanos {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * SECOND + time.tv_nsec.unsigned_abs()
}

pub(crate) fn nanos(span: Duration) -> Nanos {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Seconds from one moment to another.
#[expect(clippy::cast_precision_loss, reason = "a run is shorter than 2^52 nanoseconds, which are 52 days")]
pub(crate) fn seconds(from: Nanos, to: Nanos) -> f64 {
    to.saturating_sub(from) as f64 / SECOND as f64
}

#[expect(clippy::disallowed_methods, reason = "the measuring thread has nothing to do until then")]
pub(crate) fn pause(span: Duration) {
    std::thread::sleep(span);
}
