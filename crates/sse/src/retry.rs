//! How long a receiver waits before it reconnects: what stands on a `retry:` line.

use std::fmt;
use std::time::Duration;

/// A reconnection time between 500 ms and one hour, in whole milliseconds.
///
/// Below the lower bound some browsers hammer and others raise the value; above the upper bound a page would be taken for
/// dead. A value within them is digits only and fits every receiver.
///
/// ```
/// use campanile_sse::Retry;
///
/// assert_eq!(Retry::from_millis(1830)?.as_millis(), 1830);
/// assert!(Retry::from_millis(499).is_err());
/// assert_eq!(Retry::clamped(std::time::Duration::ZERO), Retry::MIN);
/// # Ok::<(), campanile_sse::RetryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Retry {
    millis: u32,
}

/// The reconnection time asked for is not between 500 ms and one hour.
///
/// ```
/// # use campanile_sse::Retry;
/// let error = Retry::from_millis(20).unwrap_err();
/// assert_eq!(error.to_string(), "a reconnection time is 500 to 3600000 milliseconds, not 20");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a reconnection time is {} to {} milliseconds, not {millis}", Retry::MIN, Retry::MAX)]
pub struct RetryError {
    millis: u128,
}

impl Retry {
    /// 500 milliseconds.
    ///
    /// ```
    /// # use campanile_sse::Retry;
    /// assert_eq!(Retry::MIN.as_millis(), 500);
    /// ```
    pub const MIN: Self = Self { millis: 500 };
    /// One hour.
    ///
    /// ```
    /// # use campanile_sse::Retry;
    /// assert_eq!(Retry::MAX.as_duration().as_secs(), 60 * 60);
    /// ```
    pub const MAX: Self = Self { millis: 3_600_000 };

    /// A reconnection time of `millis` milliseconds.
    ///
    /// ```
    /// # use campanile_sse::Retry;
    /// const SOON: Retry = match Retry::from_millis(1000) {
    ///     Ok(retry) => retry,
    ///     Err(_) => Retry::MIN,
    /// };
    /// assert_eq!(SOON.as_millis(), 1000);
    /// ```
    ///
    /// # Errors
    ///
    /// If it is below [`MIN`](Self::MIN) or above [`MAX`](Self::MAX).
    pub const fn from_millis(millis: u64) -> Result<Self, RetryError> {
        Self::within(millis as u128)
    }

    /// The nearest reconnection time within the bounds, part of a millisecond dropped: for values made by adding jitter.
    ///
    /// ```
    /// # use campanile_sse::Retry;
    /// use std::time::Duration;
    ///
    /// let jittered = Duration::from_secs(2).mul_f64(1.25);
    /// assert_eq!(Retry::clamped(jittered).as_millis(), 2500);
    /// assert_eq!(Retry::clamped(Duration::MAX), Retry::MAX);
    /// ```
    #[must_use]
    pub const fn clamped(time: Duration) -> Self {
        let millis = time.as_millis();
        match Self::within(millis) {
            Ok(retry) => retry,
            Err(_) if millis < Self::MIN.millis as u128 => Self::MIN,
            Err(_) => Self::MAX,
        }
    }

    /// The time in milliseconds, as it stands on the wire.
    ///
    /// ```
    /// # use campanile_sse::Retry;
    /// assert_eq!(Retry::from_millis(1830)?.as_millis(), 1830);
    /// # Ok::<(), campanile_sse::RetryError>(())
    /// ```
    #[must_use]
    pub const fn as_millis(self) -> u32 {
        self.millis
    }

    /// The time as a duration.
    ///
    /// ```
    /// # use campanile_sse::Retry;
    /// assert_eq!(Retry::from_millis(1830)?.as_duration().as_secs_f64(), 1.83);
    /// # Ok::<(), campanile_sse::RetryError>(())
    /// ```
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.millis as u64)
    }

    #[expect(clippy::cast_possible_truncation, reason = "within the bounds it fits")]
    const fn within(millis: u128) -> Result<Self, RetryError> {
        if millis < Self::MIN.millis as u128 || millis > Self::MAX.millis as u128 {
            return Err(RetryError { millis });
        }
        Ok(Self { millis: millis as u32 })
    }
}

impl TryFrom<Duration> for Retry {
    type Error = RetryError;

    /// Drops part of a millisecond.
    fn try_from(time: Duration) -> Result<Self, RetryError> {
        Self::within(time.as_millis())
    }
}

impl From<Retry> for Duration {
    fn from(retry: Retry) -> Self {
        retry.as_duration()
    }
}

impl fmt::Display for Retry {
    /// The milliseconds in digits, as on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.millis.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_themselves_are_taken_and_their_neighbours_are_not() {
        assert_eq!(Retry::from_millis(500), Ok(Retry::MIN));
        assert_eq!(Retry::from_millis(3_600_000), Ok(Retry::MAX));
        for millis in [0, 499, 3_600_001, u64::from(u32::MAX) + 501, u64::MAX] {
            let error = Retry::from_millis(millis).unwrap_err();
            assert!(error.to_string().ends_with(&format!("not {millis}")), "{error}");
        }
    }

    #[test]
    fn durations_are_taken_or_clamped() {
        assert_eq!(Retry::try_from(Duration::from_micros(1_830_999)).unwrap().as_millis(), 1830);
        assert!(Retry::try_from(Duration::MAX).is_err());
        assert_eq!(Retry::clamped(Duration::from_micros(499_999)), Retry::MIN);
        assert_eq!(Retry::clamped(Duration::from_secs(7)).as_duration(), Duration::from_secs(7));
        assert_eq!(Retry::clamped(Duration::MAX), Retry::MAX);
    }
}
