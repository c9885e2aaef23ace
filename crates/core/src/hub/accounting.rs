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

    fn ends(&self, of: usize) -> Option<EndReason> {
        self.open[of].ends(Waker::noop())
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

    /// What is there, added up from nothing.
    fn there(&self) -> usize {
        let shards = self.hub.shards.iter().map(|shard| shard.lock());
        shards.map(|shard| shard.users().map(|(_, user)| user.added_up()).sum::<usize>()).sum()
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
            let held = world.hub.budget.held();
            prop_assert_eq!(held, world.there(), "after {:?}", op);
            prop_assert_eq!(i64::try_from(held).unwrap(), world.hub.metrics.held_bytes.get());
            prop_assert!(held <= BUDGET, "{} held after {:?}", held, op);
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
    world.announce(1, 0, 9000);
    let metrics = world.hub.metrics.clone();
    let shed = |kind| metrics.sheds.get_or_create(&[("kind", kind)]).get();
    assert_eq!((shed("ring"), shed("stream")), (1, 0), "the ring of the second user was the largest");
    assert_eq!(world.ends(1), None);
    let mut chunk = Chunk::default();
    let pass = world.open[1].pass(Waker::noop(), Instant::now(), &mut chunk);
    assert_eq!(pass, Pass::Hole(Seq(0)), "what was let go of is read again");
    world.open[0].keep(15_000, Waker::noop());
    assert_eq!((world.ends(0), world.ends(2)), (Some(EndReason::Busy), None));
    // Its writer has had no turn yet: what was let go of is not looked for once more.
    world.apply(Op::Signal(2, 10, None));
    world.apply(Op::Signal(0, 10, None));
    assert_eq!((world.ends(2), shed("stream")), (None, 1));
}

#[tokio::test]
async fn who_was_asked_to_move_on_while_its_reader_stalls_can_still_be_cut_off() {
    let mut world = World::new();
    (0..2).for_each(|user| world.join(user));
    world.open[0].keep(8000, Waker::noop());
    world.open[1].keep(15_000, Waker::noop());
    assert_eq!((world.ends(0), world.ends(1)), (None, Some(EndReason::Busy)));
    world.hub.cut_user(&who(0));
    world.hub.cut_user(&who(1));
    assert_eq!((world.ends(0), world.ends(1)), (Some(EndReason::Evicted), Some(EndReason::Busy)));
    world.open[0].keep(19_000, Waker::noop());
    assert_eq!(world.hub.budget.held(), 19_000, "what was let go of does not count");
    world.hub.revoke(&who(0), Timestamp::from_millis(1));
    assert_eq!((world.ends(0), world.hub.budget.held()), (Some(EndReason::Revoked), 0));
}
