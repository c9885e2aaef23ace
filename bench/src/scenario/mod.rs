//! What is done to a server: nothing (idle), messages (load), everybody coming back at once (storm).

pub(crate) mod idle;
pub(crate) mod load;
pub(crate) mod storm;

use crate::client::crowd::Seat;

/// Streams of as many users.
pub(crate) fn of_as_many(users: std::ops::Range<usize>) -> Vec<Seat> {
    users.map(|user| Seat { user, ..Seat::default() }).collect()
}

/// Streams of one user.
pub(crate) fn of_one(user: usize, streams: usize) -> Vec<Seat> {
    vec![Seat { user, ..Seat::default() }; streams]
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^52")]
pub(crate) fn per(count: u64, whole: f64) -> f64 {
    count as f64 / whole
}
