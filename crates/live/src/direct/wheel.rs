//! A writer's clock: one wheel for all its streams. A tick is coarse, because nothing here is exact: heartbeats are jittered, and one wake serves all
//! that is due within a tick.

use std::time::Duration;
use tokio::time::Instant;

/// How long a tick is.
const TICK: Duration = Duration::from_millis(16);

/// How many ticks go round once: 65 s. What is due later is looked at then, and put back.
const TICKS: u64 = 4096;

/// Deadlines of streams, by key.
#[derive(Debug)]
pub(super) struct Wheel {
    began: Instant,
    /// The last tick whose streams were handed out.
    done: u64,
    ticks: Vec<Vec<u32>>,
}

impl Wheel {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, done: 0, ticks: (0..TICKS).map(|_| Vec::new()).collect() }
    }

    /// The tick at which a deadline is over, as far ahead as the wheel goes.
    pub(super) fn tick(&self, deadline: Instant) -> u64 {
        let since = deadline.saturating_duration_since(self.began).as_nanos();
        let tick = u64::try_from(since.div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX);
        tick.clamp(self.done + 1, self.done + TICKS - 1)
    }

    /// Hands a stream out at a tick, one that [`Wheel::tick`] just gave. It cannot be taken back: whoever is handed out looks whether it
    /// still has something to do.
    pub(super) fn set(&mut self, tick: u64, key: u32) {
        self.slot(tick).push(key);
    }

    /// Hands out the streams of the ticks that are over, each with its tick.
    pub(super) fn take_due(&mut self, now: Instant, mut due: impl FnMut(u64, u32)) {
        let over = now.saturating_duration_since(self.began).as_nanos() / TICK.as_nanos();
        let over = u64::try_from(over).unwrap_or(u64::MAX);
        // After a long sleep every slot is looked at once.
        let last = over.min(self.done + TICKS);
        for tick in self.done + 1..=last {
            let mut keys = std::mem::take(self.slot(tick));
            keys.drain(..).for_each(|key| due(tick, key));
            *self.slot(tick) = keys;
        }
        self.done = self.done.max(over);
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<Instant> {
        let tick = (self.done + 1..self.done + TICKS).find(|tick| !self.ticks[Self::index(*tick)].is_empty())?;
        Some(self.began + TICK * u32::try_from(tick).unwrap_or(u32::MAX))
    }

    fn slot(&mut self, tick: u64) -> &mut Vec<u32> {
        &mut self.ticks[Self::index(tick)]
    }

    fn index(tick: u64) -> usize {
        (tick % TICKS) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn due(wheel: &mut Wheel, now: Instant) -> Vec<u32> {
        let mut keys = Vec::new();
        wheel.take_due(now, |_, key| keys.push(key));
        keys
    }

    fn set(wheel: &mut Wheel, deadline: Instant, key: u32) {
        let tick = wheel.tick(deadline);
        wheel.set(tick, key);
    }

    #[test]
    fn what_is_due_is_handed_out_within_a_tick_and_never_early() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        for (key, millis) in [(1, 1), (2, 100), (3, 5000)] {
            set(&mut wheel, start + Duration::from_millis(millis), key);
        }
        let mut handed_out = Vec::new();
        for millis in 0..6000 {
            let now = start + Duration::from_millis(millis);
            handed_out.extend(due(&mut wheel, now).into_iter().map(|key| (key, millis)));
        }
        assert_eq!(handed_out.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [1, 2, 3]);
        for ((_, at), deadline) in handed_out.into_iter().zip([1, 100, 5000]) {
            assert!((deadline..=deadline + 16).contains(&at), "{at} for {deadline}");
        }
    }

    #[test]
    fn what_is_far_away_is_handed_out_when_the_wheel_has_gone_round() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        set(&mut wheel, start + SECOND * 3600, 1);
        assert!(due(&mut wheel, start + SECOND * 64).is_empty());
        assert_eq!(due(&mut wheel, start + SECOND * 66), [1]);
    }

    #[test]
    fn a_long_sleep_loses_nothing_and_what_is_over_is_due_at_once() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        set(&mut wheel, start + SECOND, 1);
        set(&mut wheel, start + SECOND * 60, 2);
        assert_eq!(due(&mut wheel, start + SECOND * 3600), [1, 2]);
        set(&mut wheel, start, 3);
        let next = wheel.next().expect("one is due");
        assert!(next > start + SECOND * 3600 && next < start + SECOND * 3601);
        assert_eq!(due(&mut wheel, next), [3]);
        assert_eq!(wheel.next(), None);
    }
}
