//! The hub: every open stream of this node, by user. It knows no socket and no store.
//!
//! Users are spread over shards; a shard is one short lock around plain data. No waker is woken and nothing is awaited under it.

#[cfg(test)]
mod accounting;
mod budget;
mod chunk;
mod connection;
mod end;
mod lease;
mod line;
mod open;
mod refill;
mod ring;
mod session;
mod shard;
mod shed;
mod slot;
mod takeover;
mod times;
mod user;
#[cfg(test)]
mod waiting;
mod wake;

pub use chunk::Chunk;
pub use connection::Connection;
pub use end::{EndReason, ResetReason, Resume};
pub use open::{Identity, OpenError, OpenRequest, Transport};
pub use session::{Session, SessionStats, Step};
pub use takeover::{Offered, Takeover};

pub(crate) use connection::{About, Moment};
pub(crate) use lease::Lease;
pub(crate) use open::{Opening, resume};
pub(crate) use refill::Refills;
pub(crate) use user::Logged;

use crate::{
    ConnectionId, ConnectionLimitPolicy, Cursor, Metrics, Recipient, SseOptions, Tenant, Timestamp, UserId, bus::Bus,
    frame::Frame,
};
use budget::Budget;
use parking_lot::Mutex;
use ring::RingLimits;
use shard::Shard;
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{runtime::Handle, sync::Notify, time::Instant};
use user::{Terms, User};
use wake::WakeList;

/// More shards than cores, so that two publishers seldom meet at one lock.
const SHARDS: usize = 64;
/// How long an entry that overtook its predecessor waits for it before the store is read.
const REORDER_WAIT: Duration = Duration::from_millis(20);

/// The streams of this node.
pub(crate) struct Hub {
    shards: Box<[Mutex<Shard>]>,
    hash: RandomState,
    open: AtomicUsize,
    next_key: AtomicU64,
    all_closed: Notify,
    drain: OnceLock<Drain>,
    /// Whose turn it is to be given a moment of the drain.
    drain_turn: AtomicU32,
    runtime: Handle,
    bus: Option<Arc<dyn Bus>>,
    pub(crate) refills: Refills,
    budget: Arc<Budget>,
    /// The bus lost announcements: every stream is perhaps behind.
    pub(crate) interrupted: Notify,
    pub(crate) options: SseOptions,
    /// How many entries of a log are kept.
    pub(crate) log_entries: u64,
    pub(crate) metrics: Metrics,
}

/// A drain under way: streams end one by one until `ends`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drain {
    pub(crate) began: Instant,
    pub(crate) ends: Instant,
    /// Whether streams can move to another node at once.
    pub(crate) others: bool,
    /// Whether streams still open.
    pub(crate) admits: bool,
}

impl Hub {
    pub(crate) fn new(
        options: SseOptions,
        log_entries: u64,
        metrics: Metrics,
        runtime: Handle,
        bus: Option<Arc<dyn Bus>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hash: RandomState::new(),
            open: AtomicUsize::new(0),
            next_key: AtomicU64::new(0),
            all_closed: Notify::new(),
            drain: OnceLock::new(),
            drain_turn: AtomicU32::new(fastrand::u32(..)),
            runtime,
            bus,
            interrupted: Notify::new(),
            refills: Refills::new(),
            budget: Budget::new(options.memory_budget_bytes, metrics.clone()),
            options,
            log_entries,
            metrics,
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the low bits choose the shard")]
    fn shard_of(&self, recipient: &Recipient) -> usize {
        self.hash.hash_one(recipient) as usize % SHARDS
    }

    fn shard(&self, recipient: &Recipient) -> &Mutex<Shard> {
        &self.shards[self.shard_of(recipient)]
    }

    fn terms(&self) -> Terms<'_> {
        let limits = RingLimits { frames: self.options.buffer_frames, bytes: self.options.buffer_bytes };
        Terms { limits, metrics: &self.metrics }
    }

    /// The frame as it is to be announced: what it holds counts, once, while anybody has it.
    pub(crate) fn frame(&self, frame: Frame) -> Frame {
        self.budget.count(frame)
    }

    /// Streams open now, on this node.
    pub(crate) fn connections(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Whether a stream could be opened now. Only [`Hub::join`] decides for good.
    pub(crate) fn check(&self, recipient: &Recipient) -> Result<(), OpenError> {
        if self.drain().is_some_and(|drain| !drain.admits) {
            return Err(OpenError::Draining);
        }
        if self.options.max_connections.is_some_and(|max| self.connections() >= max) {
            return Err(OpenError::NodeLimit);
        }
        let counted = self.shard(recipient).lock().get(recipient).map_or(0, User::counted);
        let evicts = self.options.connection_limit_policy == ConnectionLimitPolicy::EvictOldest;
        if counted >= self.options.max_connections_per_user && !evicts {
            return Err(OpenError::UserLimit);
        }
        Ok(())
    }

    /// Takes a place, atomically with the counting: of many that arrive together exactly the limit gets one.
    pub(crate) fn join(self: &Arc<Self>, about: About) -> Result<Lease, OpenError> {
        if self.drain().is_some_and(|drain| !drain.admits) {
            return Err(OpenError::Draining);
        }
        self.take_node_place()?;
        let shard = self.shard_of(&about.identity.recipient);
        match self.take_user_place(shard, &about) {
            Ok((user, key, evicted)) => {
                evicted.wake();
                self.metrics.connections.inc();
                let hub = Arc::clone(self);
                Ok(Lease { hub, id: about.id, recipient: about.identity.recipient, shard, user, key })
            }
            Err(error) => {
                self.give_node_place();
                Err(error)
            }
        }
    }

    fn take_node_place(&self) -> Result<(), OpenError> {
        let max = self.options.max_connections.unwrap_or(usize::MAX);
        self.open
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < max).then_some(open + 1))
            .map(drop)
            .map_err(|_| OpenError::NodeLimit)
    }

    fn give_node_place(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.all_closed.notify_waiters();
        }
    }

    /// Answers where the user is, the newcomer's key, and whom it displaced.
    fn take_user_place(&self, shard: usize, about: &About) -> Result<(usize, u64, WakeList), OpenError> {
        let recipient = &about.identity.recipient;
        let mut shard = self.shards[shard].lock();
        let known = shard.get(recipient).is_some();
        // Under the lock, so that those of one user grow.
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        // A user's first key is its serial number: it was never given before.
        let (place, user) = shard.enter(recipient, || User::new(key));
        let mut evicted = WakeList::default();
        if user.counted() >= self.options.max_connections_per_user {
            match self.options.connection_limit_policy {
                ConnectionLimitPolicy::RejectNewest => return Err(OpenError::UserLimit),
                ConnectionLimitPolicy::EvictOldest => evicted.extend(user.end_oldest(EndReason::Evicted)),
            }
        }
        user.join(key, about, Instant::now());
        // Under the lock, so that watch and unwatch of one user cannot change places.
        if let (false, Some(bus)) = (known, &self.bus) {
            bus.watch(recipient);
        }
        Ok((place, key, evicted))
    }

    fn leave(&self, lease: &Lease) {
        let mut shard = self.shards[lease.shard].lock();
        let left = shard.change_at(lease.user, &self.budget, |user| {
            user.leave(lease.key);
            user.is_empty()
        });
        if left == Some(true) {
            shard.remove(&lease.recipient, &self.budget);
            if let Some(bus) = &self.bus {
                bus.unwatch(&lease.recipient);
            }
        }
    }

    /// Announces a committed entry to the user's streams. Answers how many will write it.
    pub(crate) fn announce(self: &Arc<Self>, recipient: &Recipient, entry: Logged) -> usize {
        let mut shard = self.shard(recipient).lock();
        let announced = shard.change(recipient, &self.budget, |user| user.announce(entry, self.terms()));
        drop(shard);
        let announced = announced.unwrap_or_default();
        if announced.began_waiting {
            self.stop_waiting_soon(recipient.clone());
        }
        if announced.doubtful {
            self.interrupted.notify_one();
        }
        self.shed();
        announced.wakers.wake();
        announced.reached
    }

    fn stop_waiting_soon(self: &Arc<Self>, recipient: Recipient) {
        let hub = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(REORDER_WAIT).await;
            hub.act(&recipient, |user| user.stop_waiting(hub.terms()));
        });
    }

    /// Hands a live event to the user's streams. Answers how many will write it.
    pub(crate) fn signal(&self, recipient: &Recipient, frame: Frame, key: Option<Box<str>>) -> usize {
        let signal = |user: &mut User| user.signal(frame, key, Instant::now(), self.terms());
        let announced = self.shard(recipient).lock().change(recipient, &self.budget, signal).unwrap_or_default();
        self.shed();
        announced.wakers.wake();
        announced.reached
    }

    /// The users that have streams here.
    pub(crate) fn users(&self) -> Vec<Recipient> {
        self.shards.iter().flat_map(|shard| shard.lock().recipients().cloned().collect::<Vec<_>>()).collect()
    }

    /// A look at the store found this head.
    pub(crate) fn found_head(&self, recipient: &Recipient, head: Cursor) {
        self.act(recipient, |user| user.found_head(head));
    }

    /// The user's log is gone.
    pub(crate) fn forget(&self, recipient: &Recipient) {
        self.act(recipient, User::forget);
    }

    /// Ends a user's streams whose credentials were issued before a moment.
    pub(crate) fn revoke(&self, recipient: &Recipient, issued_before: Timestamp) {
        self.act(recipient, |user| user.revoke(issued_before));
    }

    /// Cuts all streams of a user.
    pub(crate) fn cut_user(&self, recipient: &Recipient) {
        self.act(recipient, |user| user.cut(None));
    }

    /// Cuts one stream of a tenant; answers whether this node has it.
    pub(crate) fn cut(&self, tenant: &Tenant, id: ConnectionId) -> bool {
        self.shards.iter().any(|shard| {
            let mut shard = shard.lock();
            let who =
                shard.users().find(|(who, user)| who.tenant == *tenant && user.has(id)).map(|(who, _)| who.clone());
            let cut = |user: &mut User| user.cut(Some(id));
            let Some(wakers) = who.and_then(|who| shard.change(&who, &self.budget, cut)) else { return false };
            drop(shard);
            wakers.wake();
            true
        })
    }

    fn act(&self, recipient: &Recipient, act: impl FnOnce(&mut User) -> WakeList) {
        let wakers = self.shard(recipient).lock().change(recipient, &self.budget, act);
        self.shed();
        wakers.unwrap_or_default().wake();
    }

    /// The streams of a tenant, or of one of its users, in the order of their ids.
    pub(crate) fn list(&self, tenant: &Tenant, user: Option<&UserId>, now: Moment) -> Vec<Connection> {
        let wanted = |who: &Recipient| who.tenant == *tenant && user.is_none_or(|user| who.user == *user);
        let mut connections = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            let users = shard.users().filter(|(who, _)| wanted(who));
            connections.extend(users.flat_map(|(who, user)| user.connections(who, now)));
        }
        connections.sort_unstable_by_key(|connection| connection.id);
        connections
    }

    pub(crate) fn drain(&self) -> Option<Drain> {
        self.drain.get().copied()
    }

    /// Ends the streams one by one over the window. Streams that want to open are refused from now on, or end in the window too.
    pub(crate) fn begin_drain(&self, window: Duration, admits: bool) {
        let began = Instant::now();
        self.drain.get_or_init(|| Drain { began, ends: began + window, others: self.bus.is_some(), admits });
        for shard in &self.shards {
            let wakers: WakeList = shard.lock().users_mut().flat_map(User::take_all_wakers).collect();
            wakers.wake();
        }
    }

    /// Where in the window of the drain the next stream ends. Multiples of the golden ratio are evenly spread however many there are.
    pub(crate) fn drain_share(&self) -> f64 {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        (f64::from(self.drain_turn.fetch_add(1, Ordering::Relaxed)) * GOLDEN).fract()
    }

    /// Waits until no stream is open. Cancel safe.
    pub(crate) async fn all_closed(&self) {
        loop {
            let closed = self.all_closed.notified();
            if self.connections() == 0 {
                return;
            }
            closed.await;
        }
    }
}
