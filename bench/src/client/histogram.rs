//! How often which time was measured, to one part in 128, whatever its size.

use crate::clock::Nanos;

const BITS: u32 = 7;
const BUCKETS: usize = (64 - BITS as usize + 1) << BITS;

#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max: Nanos,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], count: 0, max: 0 }
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, value: Nanos) {
        self.counts[bucket(value)] += 1;
        self.count += 1;
        self.max = self.max.max(value);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, more)| *mine += more);
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The time that so many of 100,000 were not over, in milliseconds.
    pub(crate) fn ms(&self, of_100_000: u64) -> f64 {
        let wanted = (self.count * of_100_000).div_ceil(100_000).max(1);
        let mut sum = 0;
        let at = self.counts.iter().position(|count| {
            sum += count;
            sum >= wanted
        });
        millis(at.map_or(0, highest).min(self.max))
    }

    pub(crate) fn p50(&self) -> f64 {
        self.ms(50_000)
    }

    pub(crate) fn p99(&self) -> f64 {
        self.ms(99_000)
    }

    pub(crate) fn p999(&self) -> f64 {
        self.ms(99_900)
    }

    pub(crate) fn max(&self) -> f64 {
        millis(self.max)
    }

    /// The usual percentiles, in one line.
    pub(crate) fn line(&self) -> String {
        let (p50, p90, p99, p999, max) = (self.p50(), self.ms(90_000), self.p99(), self.p999(), self.max());
        format!("p50 {p50:.3}  p90 {p90:.3}  p99 {p99:.3}  p99.9 {p999:.3}  max {max:.3} ms")
    }
}

#[expect(clippy::cast_precision_loss, reason = "times of less than 52 days")]
fn millis(value: Nanos) -> f64 {
    value as f64 / 1_000_000.0
}

fn bucket(value: Nanos) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(BITS + 1);
    ((shift as usize) << BITS) + usize::try_from(value >> shift).unwrap_or(0)
}

/// The largest value of a bucket.
fn highest(bucket: usize) -> Nanos {
    let shift = (bucket >> BITS).saturating_sub(1);
    let next = u128::try_from(bucket - (shift << BITS)).unwrap_or(0) + 1;
    Nanos::try_from((next << shift) - 1).unwrap_or(Nanos::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_a_bucket_that_ends_less_than_a_hundredth_above_it() {
        for value in (0..64).flat_map(|bit| [1u64 << bit, (1 << bit) + (1 << bit) / 3, (1 << bit) - 1]) {
            let end = highest(bucket(value));
            assert!(end >= value && end - value <= value / 100, "{value} is in the bucket up to {end}");
            assert!(bucket(value) < BUCKETS);
        }
        assert_eq!(highest(bucket(u64::MAX)) / 2, u64::MAX / 2);
    }

    #[test]
    fn percentiles_are_those_of_all_that_was_recorded() {
        let (mut one, mut other) = (Histogram::default(), Histogram::default());
        (1..=500).for_each(|ms| one.record(ms * 1_000_000));
        (501..=1000).for_each(|ms| other.record(ms * 1_000_000));
        one.add(&other);
        for (part, ms) in [(50_000, 500.0), (99_000, 990.0), (99_900, 999.0), (100_000, 1000.0)] {
            assert!((one.ms(part) - ms).abs() <= ms / 100.0, "{part}: {}", one.ms(part));
        }
        assert_eq!(one.count(), 1000);
    }

    #[test]
    fn nothing_recorded_is_no_time_at_all() {
        assert!(Histogram::default().p99() < 1e-9);
    }
}
