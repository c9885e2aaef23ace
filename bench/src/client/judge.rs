//! The judge: what a stream got, against what was sent to it.

use super::stamp::Stamp;
use std::collections::BTreeSet;

/// What one stream has received.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The seq that comes next, less 1, by lane.
    last: Vec<u32>,
    /// What was jumped over and has not come since.
    missing: BTreeSet<(u32, u32)>,
    received: u64,
    duplicates: u64,
    late: u64,
    /// Depends on what came and in which order.
    order: u64,
}

/// More lanes than any run has: a lane above is no stamp of ours.
const LANES: u32 = 1 << 16;

/// A stream that misses more than this is not kept account of by the message: what it misses is lost.
const MISSING: usize = 1 << 20;

impl Seen {
    pub(crate) fn note(&mut self, stamp: Stamp) {
        if stamp.lane >= LANES {
            return;
        }
        let lane = stamp.lane as usize;
        if self.last.len() <= lane {
            self.last.resize(lane + 1, 0);
        }
        let last = self.last[lane];
        if stamp.seq > last {
            (last + 1..stamp.seq).take(MISSING).for_each(|seq| _ = self.missing.insert((stamp.lane, seq)));
            self.last[lane] = stamp.seq;
        } else if self.missing.remove(&(stamp.lane, stamp.seq)) {
            self.late += 1;
        } else {
            self.duplicates += 1;
            return;
        }
        self.received += 1;
        self.order =
            (self.order ^ (u64::from(stamp.lane) << 32 | u64::from(stamp.seq))).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// Compares with what was sent to its user: how many, by lane.
    pub(crate) fn judge(&self, sent: impl Fn(usize) -> u32, lanes: usize) -> Verdict {
        let expected: u64 = (0..lanes).map(|lane| u64::from(sent(lane))).sum();
        let last = |lane: usize| self.last.get(lane).copied().unwrap_or(0);
        let surplus = |lane: usize| u64::from(last(lane).saturating_sub(if lane < lanes { sent(lane) } else { 0 }));
        let foreign: u64 = (0..lanes.max(self.last.len())).map(surplus).sum();
        let unsent = self.missing.iter().filter(|(lane, seq)| *seq > sent(*lane as usize)).count() as u64;
        let lost = (expected + foreign).saturating_sub(self.received).saturating_sub(unsent);
        let mut verdict = Verdict { received: self.received, lost, foreign: foreign - unsent, ..Verdict::default() };
        (verdict.duplicates, verdict.late) = (self.duplicates, self.late);
        verdict
    }

    /// Streams of one user must see one order, whoever published: equal here if equal there.
    pub(crate) fn order(&self) -> u64 {
        self.order
    }
}

/// What became of the deliveries of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) received: u64,
    /// Sent, acknowledged, and not received.
    pub(crate) lost: u64,
    /// Received more than once.
    pub(crate) duplicates: u64,
    /// Received after a later one of the same publisher.
    pub(crate) late: u64,
    /// Received, and never sent to this user.
    pub(crate) foreign: u64,
    /// Streams that saw all, in another order than another stream of their user.
    pub(crate) disagreeing: u64,
    /// Streams that the server ended.
    pub(crate) cut: u64,
}

impl Verdict {
    pub(crate) fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.lost += other.lost;
        self.duplicates += other.duplicates;
        self.late += other.late;
        self.foreign += other.foreign;
        self.disagreeing += other.disagreeing;
        self.cut += other.cut;
    }

    /// Everything once, in order, nothing else.
    pub(crate) fn is_exact(&self) -> bool {
        *self == Self { received: self.received, ..Self::default() }
    }

    pub(crate) fn line(&self) -> String {
        if self.is_exact() {
            return format!("{} deliveries, each once and in order", self.received);
        }
        let Self { received, lost, duplicates, late, foreign, disagreeing, cut } = self;
        format!(
            "{received} deliveries, {lost} LOST, {duplicates} duplicates, {late} out of order, {foreign} foreign, \
             {disagreeing} streams in another order, {cut} streams cut"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that got these (lane, seq), of 5 sent on lane 0 and 2 on lane 1.
    fn verdict(got: &[(u32, u32)]) -> Verdict {
        let mut seen = Seen::default();
        got.iter().for_each(|&(lane, seq)| seen.note(Stamp { lane, seq, at: 0 }));
        seen.judge(|lane| [5, 2].get(lane).copied().unwrap_or(0), 2)
    }

    const ALL: [(u32, u32); 7] = [(0, 1), (1, 1), (0, 2), (0, 3), (1, 2), (0, 4), (0, 5)];

    #[test]
    fn everything_once_and_in_order_is_exact() {
        assert!(verdict(&ALL).is_exact());
        assert_eq!(verdict(&ALL).received, 7);
    }

    #[test]
    fn each_one_that_is_missing_is_lost_wherever_it_is() {
        for missing in 0..ALL.len() {
            let mut got = ALL.to_vec();
            got.remove(missing);
            assert_eq!(verdict(&got), Verdict { received: 6, lost: 1, ..Verdict::default() });
        }
        assert_eq!(verdict(&[]).lost, 7);
    }

    #[test]
    fn each_one_that_comes_twice_is_a_duplicate_and_makes_up_for_none_that_is_lost() {
        for twice in ALL {
            let mut got = ALL.to_vec();
            got.insert(ALL.len() - 1, twice);
            assert_eq!(verdict(&got), Verdict { received: 7, duplicates: 1, ..Verdict::default() }, "{twice:?}");
        }
        let got: Vec<_> = ALL.iter().map(|&one| if one == (0, 3) { (0, 2) } else { one }).collect();
        assert_eq!(verdict(&got), Verdict { received: 6, lost: 1, duplicates: 1, ..Verdict::default() });
    }

    #[test]
    fn one_that_comes_after_a_later_one_is_late_and_not_lost() {
        let mut got = ALL.to_vec();
        got.swap(2, 3);
        assert_eq!(verdict(&got), Verdict { received: 7, late: 1, ..Verdict::default() });
    }

    #[test]
    fn what_was_never_sent_here_is_foreign_and_makes_up_for_none_that_is_lost() {
        let mut got = ALL.to_vec();
        got.push((0, 6));
        assert_eq!(verdict(&got), Verdict { received: 8, foreign: 1, ..Verdict::default() });
        got.remove(0);
        assert_eq!(verdict(&got), Verdict { received: 7, lost: 1, foreign: 1, ..Verdict::default() });
        got.push((3, 2));
        assert_eq!(verdict(&got), Verdict { received: 8, lost: 1, foreign: 2, ..Verdict::default() });
    }

    #[test]
    fn streams_with_the_same_messages_in_another_order_disagree() {
        let order = |got: &[(u32, u32)]| {
            let mut seen = Seen::default();
            got.iter().for_each(|&(lane, seq)| seen.note(Stamp { lane, seq, at: 0 }));
            seen.order()
        };
        let mut other = ALL;
        other.swap(0, 1);
        assert_eq!(order(&ALL), order(&ALL));
        assert_ne!(order(&ALL), order(&other));
    }
}
