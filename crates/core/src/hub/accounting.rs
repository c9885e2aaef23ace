//! Whatever happens, what counts as held is what is there; and when it is too much, the largest goes first.

use super::{user::Pass, *};
use crate::{Counts, Epoch, Seq};
use proptest::prelude::*;
use std::task::Waker;

/// Room for some ten of the largest frames.
const BUDGET: usize = 20_000;

#[derive(Clone, Copy, Debug)]
enum Op {
    Join(u8),
    Leave(usize),
    /// A user, how many entries it leaves out, and its size.
    Announce(u8, u64, usize),
    Signal(u8, usize, Option<bool>),
    Pass(usize),
    Keep(usize, usize),
    Forget(u8),
    Wait(u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..3u8).prop_map(Op::Join),
        1 => any::<usize>().prop_map(Op::Leave),
        8 => (0..3u8, prop_oneof![4 => Just(0), 1 => 1..3u64], 0..2000usize).prop_map(|(u, s, l)| Op::Announce(u, s, l)),
        4 => (0..3u8, 0..2000usize, any::<Option<bool>>()).prop_map(|(u, l, k)| Op::Signal(u, l, k)),
        4 => any::<usize>().prop_map(Op::Pass),
        3 => (any::<usize>(), prop_oneof![Just(0), 1..9000usize]).prop_map(|(s, l)| Op::Keep(s, l)),
        1 => (0..3u8).prop_map(Op::Forget),
        1 => (0..3u8).prop_map(Op::Wait),
    ]
}

fn who(user: u8) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(format!("u{user}")).unwrap())
}

fn about(user: u8) -> About {
    let identity = Identity { recipient: who(user), expires_at: None, issued_at: None };
    let (id, since) = (ConnectionId::generate(), Timestamp::from_millis(0));
    About { id, identity, transport: Transport::Http1, since }
}

struct World {
    hub: Arc<Hub>,
    open: Vec<Lease>,
    heads: [u64; 3],
    chunk: Chunk,
}

impl World {
    fn new() -> Self {
        let options = SseOptions { memory_budget_bytes: BUDGET, buffer_frames: 8, ..SseOptions::default() };
        let hub = Hub::new(options, 1000, Metrics::default(), Handle::current(), None);
        Self { hub, open: Vec::new(), heads: [0; 3], chunk: Chunk::default() }
    }

    fn one(&self, of: usize) -> Option<&Lease> {
        self.open.get(of.checked_rem(self.open.len())?)
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Join(user) => self.join(user),
            Op::Leave(of) => {
                if let Some(at) = of.checked_rem(self.open.len()) {
                    self.open.swap_remove(at);
                }
            }
            Op::Announce(user, skipped, length) => self.announce(user, skipped, length),
            Op::Signal(user, length, key) => {
                let key = key.map(|key| key.to_string().into());
                let frame = self.hub.frame(vec![b'x'; length].into());
                self.hub.signal(&who(user), frame, key);
            }
            Op::Pass(of) => {
                let mut chunk = std::mem::take(&mut self.chunk);
                self.one(of).map(|lease| lease.pass(Waker::noop(), Instant::now(), &mut chunk));
                self.chunk = chunk;
            }
            Op::Keep(of, bytes) => drop(self.one(of).map(|lease| lease.keep(bytes, Waker::noop()))),
            Op::Forget(user) => self.hub.forget(&who(user)),
            Op::Wait(user) => self.hub.act(&who(user), |user| user.stop_waiting(self.hub.terms())),
        }
    }

    fn join(&mut self, user: u8) {
        let Ok(lease) = self.hub.join(about(user)) else { return };
        let seq = Seq(self.heads[usize::from(user)]);
        lease.place(Cursor { epoch: Epoch(1), seq }, seq);
        self.open.push(lease);
    }

    fn announce(&mut self, user: u8, skipped: u64, length: usize) {
        let head = &mut self.heads[usize::from(user)];
        *head += 1 + skipped;
        let cursor = Cursor { epoch: Epoch(1), seq: Seq(*head) };
        let (counts, frame) = (Counts::default(), self.hub.frame(vec![b'x'; length].into()));
        self.hub.announce(&who(user), Logged { cursor, counts, frame, at: Instant::now() });
    }

    /// What is there, added up from nothing; and how much of it is of streams that were told to end for it.
    fn there(&self) -> (usize, usize) {
        let shards = self.hub.shards.iter().map(|shard| shard.lock());
        let sums = shards.map(|shard| {
            let users = shard.users().map(|(_, user)| user.added_up());
            users.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        });
        sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

proptest! {
    #[test]
    fn what_is_held_never_drifts_from_the_sum_and_stays_within_the_budget(
        ops in proptest::collection::vec(op(), 1..120)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let _entered = runtime.enter();
        let mut world = World::new();
        for op in ops {
            world.apply(op);
            let (held, (sum, ending)) = (world.hub.budget.held(), world.there());
            prop_assert_eq!(held, sum, "after {:?}", op);
            prop_assert_eq!(i64::try_from(held).unwrap(), world.hub.metrics.held_bytes.get());
            prop_assert!(held - ending <= BUDGET, "{} held, {} of it ending, after {:?}", held, ending, op);
        }
        world.open.clear();
        prop_assert_eq!(world.hub.budget.held(), 0);
    }
}

#[tokio::test]
async fn the_largest_backlog_goes_first_and_the_others_stay() {
    let mut world = World::new();
    (0..3).for_each(|user| world.join(user));
    world.announce(0, 0, 3000);
    world.announce(1, 0, 1000);
    world.open[2].keep(8000, Waker::noop());
    assert_eq!(world.there().1, 0);
    world.announce(1, 0, 9000);
    let shed = |kind| world.hub.metrics.sheds.get_or_create(&[("kind", kind)]).get();
    assert_eq!((shed("ring"), shed("stream")), (1, 0), "the ring of the second user was the largest");
    assert_eq!(world.open[1].ends(), None);
    let mut chunk = Chunk::default();
    let pass = world.open[1].pass(Waker::noop(), Instant::now(), &mut chunk);
    assert_eq!(pass, Pass::Hole(Seq(0)), "what was let go of is read again");
    world.open[0].keep(15_000, Waker::noop());
    assert_eq!(world.open[0].ends(), Some(EndReason::Busy));
    assert_eq!(world.open[2].ends(), None);
}
