//! Whose turn it is: every user has a lane, and its streams wait in it. A user with a thousand streams delays another by one turn, not by a
//! thousand writes.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

/// How many streams of one user are written before the next user's turn.
pub(super) const TURN: usize = 64;

const NONE: u32 = u32::MAX;

/// The streams that have something to do, by user. A stream is in it at most once: its caller sees to that.
#[derive(Default, Debug)]
pub(super) struct Lanes {
    lanes: HashMap<u64, Lane>,
    turns: VecDeque<u64>,
    /// For each stream, by its key, the next one in its lane: lists that need no memory of their own.
    next: Vec<u32>,
}

#[derive(Debug)]
struct Lane {
    first: u32,
    last: u32,
}

impl Lanes {
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
            Entry::Occupied(mut lane) => {
                let last = std::mem::replace(&mut lane.get_mut().last, key);
                self.next[last as usize] = key;
            }
            Entry::Vacant(lane) => {
                lane.insert(Lane { first: key, last: key });
                self.turns.push_back(user);
            }
        }
    }

    /// Moves the streams of the next user's turn into `to`. A user with more of them queues up again.
    pub(super) fn take_turn(&mut self, to: &mut Vec<u32>) {
        let Some(user) = self.turns.pop_front() else { return };
        let Entry::Occupied(mut lane) = self.lanes.entry(user) else { return };
        let mut key = lane.get().first;
        for _ in 0..TURN {
            to.push(key);
            key = self.next[key as usize];
            if key == NONE {
                lane.remove();
                return;
            }
        }
        lane.get_mut().first = key;
        self.turns.push_back(user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(lanes: &mut Lanes) -> Vec<Vec<u32>> {
        let mut turns = Vec::new();
        while !lanes.is_empty() {
            let mut turn = Vec::new();
            lanes.take_turn(&mut turn);
            turns.push(turn);
        }
        turns
    }

    #[test]
    fn a_user_with_many_streams_delays_another_by_one_turn() {
        let mut lanes = Lanes::default();
        (0..200).for_each(|key| lanes.push(7, key));
        lanes.push(8, 500);
        let turns = turns(&mut lanes);
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
            assert_eq!(turns(&mut lanes), [[3, 1]]);
        }
        assert!(lanes.lanes.is_empty());
    }

    #[test]
    fn a_full_turn_that_was_the_last_leaves_nothing_behind() {
        let mut lanes = Lanes::default();
        (0..64).for_each(|key| lanes.push(1, key));
        assert_eq!(turns(&mut lanes).len(), 1);
    }
}
