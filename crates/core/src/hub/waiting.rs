//! A stream that waits, for a read of its log or for its reader, still hears that it must end.

use super::*;
use crate::{Counts, Epoch, Seq, store::Head};
use std::{
    sync::atomic::AtomicBool,
    task::{Context, Poll, Wake, Waker},
};

const PATIENCE: Duration = Duration::from_secs(60);
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Rung(AtomicBool);

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A stream that is ten entries behind, in a hub where nobody reads logs: it waits for ever.
struct Waiting {
    hub: Arc<Hub>,
    session: Session,
    rung: Arc<Rung>,
    waker: Waker,
    chunk: Chunk,
}

fn identity(expires_in: Option<Duration>) -> Identity {
    let expires_at = expires_in.map(|span| Timestamp::from_millis(0).plus(span));
    Identity { expires_at, ..Identity::of(UserId::new("u").unwrap()) }
}

fn about(identity: &Identity) -> About {
    let (id, since) = (ConnectionId::generate(), Timestamp::from_millis(0));
    About { id, identity: identity.clone(), transport: Transport::Http1, since }
}

impl Waiting {
    fn new(expires_in: Option<Duration>) -> Self {
        let options = SseOptions {
            max_connections_per_user: 1,
            connection_limit_policy: ConnectionLimitPolicy::EvictOldest,
            ..SseOptions::default()
        };
        let hub = Hub::new(options, 1000, Metrics::default(), Handle::current(), None);
        let identity = identity(expires_in);
        let lease = hub.join(about(&identity)).unwrap();
        let head = Head { epoch: Epoch(7), seq: Seq(10), floor: Seq(0), counts: Counts::default() };
        let position = Cursor { epoch: Epoch(7), seq: Seq(0) }.to_string();
        let request = OpenRequest { identity, position: Some(position.into()), transport: Transport::Http1 };
        let session = Session::new(Opening { lease, request, head, floor: Seq(0), now: Timestamp::from_millis(0) });
        let rung = Arc::new(Rung::default());
        Self { hub, session, waker: Waker::from(rung.clone()), rung, chunk: Chunk::default() }
    }

    fn poll(&mut self) -> Poll<Step> {
        self.session.poll_step(&mut Context::from_waker(&self.waker), Instant::now(), &mut self.chunk)
    }

    fn who(&self) -> Recipient {
        self.session.recipient().clone()
    }

    /// Whether it was woken since this was asked last.
    fn was_woken(&self) -> bool {
        self.rung.0.swap(false, Ordering::SeqCst)
    }

    /// How long its reader is waited for, if it must end.
    fn waits(&mut self) -> Option<Duration> {
        let now = Instant::now();
        self.session.waits_until(&self.waker, now, PATIENCE).map(|until| until - now)
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_for_a_read_of_its_log_hears_that_it_must_end() {
    type Order = fn(&Waiting);
    let orders: [(Order, EndReason); 5] = [
        (|one| one.hub.cut_user(&one.who()), EndReason::Evicted),
        (|one| drop(one.hub.join(about(&identity(None))).unwrap()), EndReason::Evicted),
        (|one| one.hub.revoke(&one.who(), Timestamp::from_millis(1)), EndReason::Revoked),
        (|one| one.hub.forget(&one.who()), EndReason::Revoked),
        (|one| one.hub.begin_drain(WINDOW, false), EndReason::Draining),
    ];
    for (order, reason) in orders {
        let mut waiting = Waiting::new(None);
        assert_eq!(waiting.poll(), Poll::Ready(Step::More), "the greeting");
        assert_eq!(waiting.poll(), Poll::Pending);
        assert!(!waiting.was_woken());
        order(&waiting);
        assert!(waiting.was_woken(), "{reason:?}");
        if reason == EndReason::Draining {
            assert_eq!(waiting.poll(), Poll::Pending);
            assert!(waiting.session.deadline() <= Instant::now() + WINDOW);
            tokio::time::advance(WINDOW).await;
        }
        assert_eq!(waiting.poll(), Poll::Ready(Step::End));
        assert_eq!(waiting.session.stats().end, Some(reason));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_waited_for_when_it_is_only_asked_to_move_on() {
    let mut waiting = Waiting::new(None);
    waiting.session.keep(1000, &waiting.waker);
    assert_eq!(waiting.waits(), None);
    waiting.hub.cut_user(&waiting.who());
    assert!(waiting.was_woken());
    assert_eq!(waiting.waits(), Some(PATIENCE));
    // But not longer than the process lives.
    waiting.hub.begin_drain(WINDOW, false);
    assert!(waiting.was_woken());
    assert_eq!(waiting.waits(), Some(WINDOW));
    waiting.hub.revoke(&waiting.who(), Timestamp::from_millis(1));
    assert!(waiting.was_woken());
    assert_eq!(waiting.waits(), Some(Duration::ZERO));
    waiting.session.break_off(&waiting.waker, Instant::now());
    assert_eq!(waiting.session.stats().end, Some(EndReason::Revoked));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_beyond_the_end_of_the_token() {
    let mut waiting = Waiting::new(Some(Duration::from_secs(30)));
    waiting.session.keep(1000, &waiting.waker);
    assert_eq!(waiting.session.ends_at(), Some(Instant::now() + Duration::from_secs(30)));
    waiting.hub.cut_user(&waiting.who());
    assert_eq!(waiting.waits(), Some(Duration::from_secs(30)));
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(waiting.waits(), Some(Duration::ZERO));
    waiting.session.break_off(&waiting.waker, Instant::now());
    assert_eq!(waiting.session.stats().end, Some(EndReason::Expired));
}
