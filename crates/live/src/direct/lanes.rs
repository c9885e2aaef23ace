//! Whose turn it is: every user has a lane, and its streams wait in it. A user with a thousand streams delays another by one turn, not by a
//! thousand writes.
//!
//! Such a crowd is written in passes, with a rest after each: what is published meanwhile goes out in one write per stream. A write costs the same
//! for one frame as for ten, so under load this decides how much a delivery costs. The rest is twice as long as the pass was: so one crowd has a
//! third of its writer's time at most, a small one hardly waits, and a large one saves most. The first pass after a quiet time is at once.

use std::{
    collections::{BTreeSet, HashMap, VecDeque, hash_map::Entry},
    time::Duration,
};
use tokio::time::Instant;

/// How many streams of one user are written before the next user's turn. With so many in one pass it is a crowd.
pub(super) const TURN: usize = 64;

/// How long a crowd rests after a pass, for as long as the pass was, and at most.
const REST: u32 = 2;
const LONGEST_REST: Duration = Duration::from_millis(20);

const NONE: u32 = u32::MAX;

/// The streams that have something to do, by user. A stream is in it at most once: its caller sees to that.
#[derive(Default, Debug)]
pub(super) struct Lanes {
    lanes: HashMap<u64, Lane>,
    turns: VecDeque<u64>,
    /// Crowds whose passes end with this turn, and when those began.
    passed: Vec<(Instant, u64)>,
    /// Crowds that rest, and until when.
    resting: BTreeSet<(Instant, u64)>,
    /// For each stream, by its key, the next one in its lane: lists that need no memory of their own.
    next: Vec<u32>,
}

#[derive(Debug)]
struct Lane {
    first: u32,
    last: u32,
    length: usize,
    /// The pass that is not over yet.
    pass: Option<Pass>,
}

/// A pass over a lane: how many streams it began with and when, and how many of them are still to come. Who is woken meanwhile waits for the
/// next one.
#[derive(Clone, Copy, Debug)]
struct Pass {
    streams: usize,
    began: Instant,
    left: usize,
}

impl Lanes {
    /// Whether it is nobody's turn. A crowd that rests may still have streams.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Puts a stream at the end of its user's lane.
    pub(super) fn push(&mut self, user: u64, key: u32) {
        let at = key as usize;
        if self.next.len() <= at {
            self.next.resize(at + 1, NONE);
        }
        self.next[at] = NONE;
        match self.lanes.entry(user) {
            Entry::Occupied(mut lane) => lane.get_mut().push(key, &mut self.next),
            Entry::Vacant(lane) => {
                lane.insert(Lane { first: key, last: key, length: 1, pass: None });
                self.turns.push_back(user);
            }
        }
    }

    /// Moves the streams of the next user's turn into `to`. A user with more of them queues up again.
    pub(super) fn take_turn(&mut self, now: Instant, to: &mut Vec<u32>) {
        let Some(user) = self.turns.pop_front() else { return };
        let Entry::Occupied(mut entry) = self.lanes.entry(user) else { return };
        let lane = entry.get_mut();
        let pass = lane.take_turn(now, &self.next, to);
        if pass.left > 0 {
            self.turns.push_back(user);
        } else if pass.streams >= TURN {
            self.passed.push((pass.began, user));
        } else if lane.length > 0 {
            self.turns.push_back(user);
        } else {
            entry.remove();
        }
    }

    /// The turn is over: the crowds whose passes ended with it rest.
    pub(super) fn rest(&mut self, now: Instant) {
        for (began, user) in self.passed.drain(..) {
            let rest = (now.saturating_duration_since(began) * REST).min(LONGEST_REST);
            self.resting.insert((now + rest, user));
        }
    }

    /// Lets the crowds that have rested queue up again.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.next_wake().is_some_and(|until| until <= now) {
            let Some((_, user)) = self.resting.pop_first() else { return };
            if self.lanes.get(&user).is_some_and(|lane| lane.length > 0) {
                self.turns.push_back(user);
            } else {
                self.lanes.remove(&user);
            }
        }
    }

    /// When the next crowd has rested.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.resting.first().map(|(until, _)| *until)
    }
}

impl Lane {
    fn push(&mut self, key: u32, next: &mut [u32]) {
        if self.length == 0 {
            self.first = key;
        } else {
            next[self.last as usize] = key;
        }
        self.last = key;
        self.length += 1;
    }

    /// Takes the streams of one turn; answers what is left of their pass.
    fn take_turn(&mut self, now: Instant, next: &[u32], to: &mut Vec<u32>) -> Pass {
        let mut pass = self.pass.take().unwrap_or(Pass { streams: self.length, began: now, left: self.length });
        let turn = pass.left.min(TURN);
        for _ in 0..turn {
            to.push(self.first);
            self.first = next[self.first as usize];
        }
        self.length -= turn;
        pass.left -= turn;
        self.pass = Some(pass).filter(|pass| pass.left > 0);
        pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITES: Duration = Duration::from_millis(1);

    /// The turns that are left, each of which takes a millisecond.
    fn turns(lanes: &mut Lanes, now: &mut Instant) -> Vec<Vec<u32>> {
        let mut turns = Vec::new();
        while !lanes.is_empty() {
            turns.push(turn(lanes, now));
        }
        turns
    }

    fn turn(lanes: &mut Lanes, now: &mut Instant) -> Vec<u32> {
        let mut turn = Vec::new();
        lanes.take_turn(*now, &mut turn);
        *now += WRITES;
        lanes.rest(*now);
        turn
    }

    #[test]
    fn a_user_with_many_streams_delays_another_by_one_turn() {
        let mut lanes = Lanes::default();
        (0..200).for_each(|key| lanes.push(7, key));
        lanes.push(8, 500);
        let turns = turns(&mut lanes, &mut Instant::now());
        assert_eq!(turns.iter().map(Vec::len).collect::<Vec<_>>(), [64, 1, 64, 64, 8]);
        assert_eq!(turns[1], [500]);
        let of_the_first: Vec<u32> = turns.into_iter().flatten().filter(|key| *key != 500).collect();
        assert_eq!(of_the_first, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn lanes_are_empty_again_and_again() {
        let mut lanes = Lanes::default();
        for round in 0..3 {
            lanes.push(round, 3);
            lanes.push(round, 1);
            assert_eq!(turns(&mut lanes, &mut Instant::now()), [[3, 1]]);
        }
        assert!(lanes.lanes.is_empty() && lanes.next_wake().is_none());
    }

    #[test]
    fn a_crowd_rests_after_a_pass_and_whoever_is_woken_meanwhile_waits_for_the_next() {
        let (mut lanes, mut now) = (Lanes::default(), Instant::now());
        (0..100).for_each(|key| lanes.push(1, key));
        turn(&mut lanes, &mut now);
        lanes.push(1, 0); // Written, and woken again within the pass.
        assert_eq!(turns(&mut lanes, &mut now), [(64..100).collect::<Vec<_>>()]);
        let rested = now + WRITES * 2 * REST;
        lanes.push(1, 1);
        lanes.push(2, 500); // Others do not wait for it.
        assert_eq!(turns(&mut lanes, &mut now), [[500]]);
        assert_eq!(lanes.next_wake(), Some(rested));
        lanes.wake(rested - WRITES);
        assert!(lanes.is_empty());
        lanes.wake(rested);
        assert_eq!(turns(&mut lanes, &mut now), [[0, 1]]);
        assert!(lanes.lanes.is_empty() && lanes.next_wake().is_none());
    }

    #[test]
    fn the_largest_crowd_rests_no_longer_than_others_and_each_is_woken_in_its_time() {
        let (mut lanes, mut now) = (Lanes::default(), Instant::now());
        let largest = u32::try_from(TURN).unwrap() * 50;
        (0..largest).for_each(|key| lanes.push(1, key));
        assert_eq!(turns(&mut lanes, &mut now).len(), 50);
        let first = now + LONGEST_REST;
        (largest..largest + 64).for_each(|key| lanes.push(2, key));
        assert_eq!(turns(&mut lanes, &mut now).len(), 1);
        assert_eq!(lanes.next_wake(), Some(now + WRITES * REST));
        lanes.wake(now + WRITES * REST);
        assert_eq!(lanes.next_wake(), Some(first));
        lanes.wake(first);
        assert!(lanes.lanes.is_empty() && lanes.next_wake().is_none());
    }

    #[test]
    fn a_crowd_without_more_to_do_leaves_nothing_behind() {
        let (mut lanes, mut now) = (Lanes::default(), Instant::now());
        (0..64).for_each(|key| lanes.push(1, key));
        assert_eq!(turns(&mut lanes, &mut now).len(), 1);
        lanes.wake(now + LONGEST_REST);
        assert!(lanes.lanes.is_empty() && lanes.next_wake().is_none());
        lanes.push(1, 5);
        assert_eq!(turns(&mut lanes, &mut now), [[5]], "at once after a quiet time");
    }
}
