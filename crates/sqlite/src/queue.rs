//! A bounded queue between callers that never wait and threads that do.

use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Many may put, many may take; closing lets the takers finish what is in it.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
    /// How many a taker waits for; fewer do not wake it.
    wanted: usize,
}

/// Why something was not taken in; it comes back to its owner.
#[derive(Debug)]
pub(crate) enum Refused<T> {
    /// The queue is full.
    Full(T),
    /// The queue is closed.
    Closed(T),
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = Mutex::new(State { items: VecDeque::new(), closed: false, wanted: 1 });
        Self { state, filled: Condvar::new(), capacity }
    }

    /// Puts something at the end, without ever waiting.
    pub(crate) fn push(&self, item: T) -> Result<(), Refused<T>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refused::Closed(item));
        }
        if state.items.len() >= self.capacity {
            return Err(Refused::Full(item));
        }
        state.items.push_back(item);
        let enough = state.items.len() >= state.wanted;
        drop(state);
        if enough {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits for something. `None` once the queue is closed and empty.
    pub(crate) fn pop(&self) -> Option<T> {
        let mut state = self.state.lock();
        loop {
            match state.items.pop_front() {
                Some(item) => return Some(item),
                None if state.closed => return None,
                None => self.filled.wait(&mut state),
            }
        }
    }

    /// Moves what waits into `to`, in order, for as long as `fits` says yes. Does not wait.
    pub(crate) fn take_while(&self, to: &mut Vec<T>, mut fits: impl FnMut(&T) -> bool) {
        let mut state = self.state.lock();
        while state.items.front().is_some_and(&mut fits) {
            to.extend(state.items.pop_front());
        }
    }

    /// Waits until so many wait or the queue is closed, but not longer than `patience`. Answers whether that came about. For a queue with a
    /// single taker.
    pub(crate) fn wait_for(&self, wanted: usize, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.state.lock();
        state.wanted = wanted;
        while state.items.len() < wanted && !state.closed {
            if self.filled.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.wanted = 1;
        state.items.len() >= wanted || state.closed
    }

    /// Takes nothing more in; what is in it can still be taken.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_or_too_late_comes_back() {
        let queue = Queue::new(2);
        assert!(queue.push(1).is_ok() && queue.push(2).is_ok());
        assert!(matches!(queue.push(3), Err(Refused::Full(3))));
        queue.close();
        assert!(matches!(queue.push(4), Err(Refused::Closed(4))));
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(1), Some(2), None));
    }

    #[test]
    fn what_fits_is_taken_in_order() {
        let queue = Queue::new(9);
        for n in [1, 2, 9, 3] {
            queue.push(n).unwrap();
        }
        let mut taken = Vec::new();
        queue.take_while(&mut taken, |n| *n < 5);
        assert_eq!(taken, [1, 2]);
        assert_eq!((queue.pop(), queue.pop()), (Some(9), Some(3)));
    }

    #[test]
    fn waiting_for_many_ends_with_them_with_the_patience_or_with_the_queue() {
        let queue = Queue::new(9);
        assert!(!queue.wait_for(1, Duration::ZERO));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.wait_for(3, Duration::from_secs(600)));
            (0..3).for_each(|n| queue.push(n).unwrap());
            assert!(waiting.join().unwrap());
            let waiting = scope.spawn(|| queue.wait_for(9, Duration::from_secs(600)));
            queue.close();
            assert!(waiting.join().unwrap());
        });
        assert_eq!(queue.pop(), Some(0));
    }

    #[test]
    fn closing_wakes_who_waits() {
        let queue = Queue::<u8>::new(1);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.pop());
            queue.close();
            assert_eq!(waiting.join().unwrap(), None);
        });
    }
}
