//! What everybody in a run shares.

use crate::record::Record;
use campanile_testkit::{Client, Oracle, Verdict, Violation};
use std::sync::{Arc, Mutex, PoisonError};

/// Who takes part, by which dice, and what they tell.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) cast: Cast,
    seed: u64,
    /// Distinguishes the users of one leg of a run from those of the next.
    leg: usize,
    pub(crate) record: Arc<Record>,
    oracle: Arc<Mutex<Oracle>>,
}

/// How many of each there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cast {
    /// Streams: more than one per user, which have to tell the same story.
    pub(crate) clients: usize,
    pub(crate) users: usize,
    pub(crate) publishers: usize,
    /// The longest pause of a publisher between two publishes, in milliseconds.
    pub(crate) pause: u64,
    /// The longest body, in bytes.
    pub(crate) body: usize,
    /// One publish in so many begins a burst to one user, which is more than a ring holds; 0: none does.
    pub(crate) bursts: u32,
}

impl Scene {
    pub(crate) fn new(cast: Cast, seed: u64, leg: usize, record: &Arc<Record>) -> Self {
        Self { cast, seed, leg, record: Arc::clone(record), oracle: Arc::default() }
    }

    /// The name of a user.
    pub(crate) fn user(&self, number: usize) -> String {
        format!("user-{}-{number}", self.leg)
    }

    /// The users' names.
    pub(crate) fn users(&self) -> impl Iterator<Item = String> {
        (0..self.cast.users).map(|number| self.user(number))
    }

    /// Some of the users, each at most once.
    pub(crate) fn some_users(&self, rng: &mut fastrand::Rng, count: usize) -> Vec<String> {
        rng.choose_multiple(0..self.cast.users, count).into_iter().map(|number| self.user(number)).collect()
    }

    /// A source of randomness for one actor, the same for the same seed.
    pub(crate) fn rng(&self, kind: u64, number: usize) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed ^ (kind << 32) ^ ((self.leg as u64) << 40) ^ number as u64)
    }

    /// Tells the oracle something.
    pub(crate) fn tell(&self, what: impl FnOnce(&mut Oracle)) {
        what(&mut self.oracle.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The oracle's judgement of what was received.
    pub(crate) fn judge(&self, received: &[Client]) -> Result<Verdict, Box<Violation>> {
        self.oracle.lock().unwrap_or_else(PoisonError::into_inner).judge(received)
    }
}
