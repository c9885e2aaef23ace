//! Wakers that are collected under a lock, to be woken after it.

use std::task::Waker;

/// Wakers to wake. The first one needs no allocation: most users have one stream.
#[derive(Default, Debug)]
#[must_use]
pub(super) struct WakeList {
    first: Option<Waker>,
    rest: Vec<Waker>,
}

impl WakeList {
    /// Wakes all of them. Never under a lock: what is woken may ask for it at once.
    pub(super) fn wake(self) {
        self.first.into_iter().chain(self.rest).for_each(Waker::wake);
    }
}

impl Extend<Waker> for WakeList {
    fn extend<T: IntoIterator<Item = Waker>>(&mut self, wakers: T) {
        let mut wakers = wakers.into_iter();
        if self.first.is_none() {
            self.first = wakers.next();
        }
        if let Some(waker) = wakers.next() {
            // Room for all of them at once, however many there are.
            self.rest.reserve(1 + wakers.size_hint().1.unwrap_or(0));
            self.rest.push(waker);
            self.rest.extend(wakers);
        }
    }
}

impl FromIterator<Waker> for WakeList {
    fn from_iter<T: IntoIterator<Item = Waker>>(wakers: T) -> Self {
        let mut list = Self::default();
        list.extend(wakers);
        list
    }
}

impl IntoIterator for WakeList {
    type Item = Waker;
    type IntoIter = std::iter::Chain<std::option::IntoIter<Waker>, std::vec::IntoIter<Waker>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.rest)
    }
}
