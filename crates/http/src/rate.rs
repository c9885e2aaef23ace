//! How often: so many per minute for each user, a burst of them included, in bounded memory.
//!
//! Kept per user is one moment: the one until which its allowance is spent (the "theoretical arrival time" of the generic cell rate
//! algorithm, ITU-T I.371). After a minute without a request it says nothing any more, so whatever was not touched for a minute is dropped.
//!
//! Whoever has opened a stream stands in here, so it is 16 bytes: users are known by a keyed hash of 64 bits. Two who had the same one would share an
//! allowance; nobody can look for one.

use campanile_core::Recipient;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    time::Duration,
};
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
/// Users that are remembered in each half of the book. With more of them in a minute the ones longest unseen are forgotten early: they
/// get a new allowance, and nobody else notices.
const MAX_USERS: usize = 100_000;

/// An allowance of requests for each user.
pub(crate) struct Rate {
    /// How much of a minute one request takes.
    cost: Duration,
    began: Instant,
    hash: RandomState,
    book: Mutex<Book>,
}

/// Two halves: whoever is in the older one and was not seen since the turn has a full allowance by the next turn.
#[derive(Default)]
struct Book {
    recent: HashMap<u64, Micros>,
    older: HashMap<u64, Micros>,
    turned: Micros,
}

/// A moment, in microseconds since the beginning.
type Micros = u64;

impl Rate {
    /// So many per minute, at least one.
    pub(crate) fn per_minute(requests: u32) -> Self {
        let cost = MINUTE / requests.max(1);
        Self { cost, began: Instant::now(), hash: RandomState::new(), book: Mutex::default() }
    }

    /// Takes one out of a user's allowance.
    ///
    /// # Errors
    ///
    /// How long it takes until there is one again.
    pub(crate) fn take(&self, who: &Recipient) -> Result<(), Duration> {
        let (now, who) = (self.now(), self.hash.hash_one(who));
        let mut book = self.book.lock();
        book.turn(now);
        let spent_until = self.after_one(book.spent_until(who), now)?;
        book.recent.insert(who, spent_until);
        Ok(())
    }

    /// Gives one back that came to nothing.
    pub(crate) fn give_back(&self, who: &Recipient) {
        if let Some(spent_until) = self.book.lock().recent.get_mut(&self.hash.hash_one(who)) {
            *spent_until = spent_until.saturating_sub(micros(self.cost));
        }
    }

    /// Whether there is one, without taking it.
    ///
    /// # Errors
    ///
    /// As [`Rate::take`].
    pub(crate) fn check(&self, who: &Recipient) -> Result<(), Duration> {
        let spent_until = self.book.lock().spent_until(self.hash.hash_one(who));
        self.after_one(spent_until, self.now()).map(drop)
    }

    fn after_one(&self, spent_until: Option<Micros>, now: Micros) -> Result<Micros, Duration> {
        let after = spent_until.map_or(now, |until| until.max(now)) + micros(self.cost);
        let over = after.saturating_sub(now + micros(MINUTE));
        if over == 0 { Ok(after) } else { Err(Duration::from_micros(over)) }
    }

    fn now(&self) -> Micros {
        micros(self.began.elapsed())
    }
}

/// Half a million years are enough.
fn micros(time: Duration) -> Micros {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Book {
    fn spent_until(&self, who: u64) -> Option<Micros> {
        self.recent.get(&who).or_else(|| self.older.get(&who)).copied()
    }

    fn turn(&mut self, now: Micros) {
        if now.saturating_sub(self.turned) >= micros(MINUTE) || self.recent.len() >= MAX_USERS {
            self.older = std::mem::take(&mut self.recent);
            self.turned = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::{Tenant, UserId};
    use tokio::time::advance;

    fn who(user: &str) -> Recipient {
        Recipient::new(Tenant::default(), UserId::new(user).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_and_then_one_at_a_time() {
        let rate = Rate::per_minute(3);
        for _ in 0..3 {
            assert_eq!(rate.check(&who("u1")), Ok(()));
            assert_eq!(rate.take(&who("u1")), Ok(()));
        }
        assert_eq!(rate.check(&who("u1")), Err(Duration::from_secs(20)));
        assert_eq!(rate.take(&who("u1")), Err(Duration::from_secs(20)));
        assert_eq!(rate.take(&who("u2")), Ok(()), "others have their own");
        let elsewhere = Recipient::new(Tenant::new("acme").unwrap(), UserId::new("u1").unwrap());
        assert_eq!(rate.take(&elsewhere), Ok(()), "the same name in another tenant is somebody else");
        advance(Duration::from_secs(20)).await;
        assert_eq!(rate.take(&who("u1")), Ok(()));
        assert_eq!(rate.take(&who("u1")), Err(Duration::from_secs(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_can_be_taken_again() {
        let rate = Rate::per_minute(1);
        rate.give_back(&who("u1"));
        for _ in 0..5 {
            assert_eq!(rate.take(&who("u1")), Ok(()));
            assert!(rate.take(&who("u1")).is_err());
            rate.give_back(&who("u1"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_allowance_is_whole_again_after_a_minute_and_nothing_is_kept() {
        let rate = Rate::per_minute(7);
        let take_all = || (0..7).all(|_| rate.take(&who("u1")).is_ok());
        assert!(take_all());
        for _ in 0..6 {
            advance(Duration::from_secs(10)).await;
            assert_eq!(rate.take(&who("other")), Ok(()));
        }
        assert!(take_all(), "turning the book forgets nothing that still counts, and keeps nothing that does not");
        assert!(rate.take(&who("u1")).is_err());
        for _ in 0..2 {
            advance(MINUTE).await;
            assert_eq!(rate.take(&who("other")), Ok(()));
        }
        let book = rate.book.lock();
        assert_eq!(book.recent.len() + book.older.len(), 2, "the other one only, in each half");
    }

    #[tokio::test(start_paused = true)]
    async fn any_number_of_users_takes_a_bounded_memory() {
        let rate = Rate::per_minute(600);
        for n in 0..MAX_USERS * 2 + 10 {
            assert_eq!(rate.take(&who(&n.to_string())), Ok(()));
        }
        let book = rate.book.lock();
        assert!(book.recent.len() <= MAX_USERS && book.older.len() <= MAX_USERS);
    }
}
