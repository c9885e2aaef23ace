//! Background work: retention, what other nodes announce, and the slow look at heads that finds a lost last entry.

use super::{committed, publish::Announcer};
use crate::{
    Clock, Recipient, RetentionOptions,
    bus::{Announcement, Bus, BusSink},
    frame,
    hub::{Hub, Logged, Refills},
    store::{Store, StoreResult, Sweep, Swept},
};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// Items that one sweep touches: small, so that publishes do not wait for it.
const SWEEP_BATCH: usize = 500;
/// How long a publish's key makes a repetition answer what the first one did.
pub(super) const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How often the heads of this node's users are compared while other nodes announce over a bus.
const HEADS_EVERY: Duration = Duration::from_secs(5);
/// Users of one comparison.
const HEADS_BATCH: usize = 500;

pub(super) fn start(
    hub: &Arc<Hub>,
    store: &Arc<dyn Store>,
    bus: Option<&Arc<dyn Bus>>,
    clock: &Arc<dyn Clock>,
    retention: &RetentionOptions,
) -> Vec<JoinHandle<()>> {
    let announcer = Announcer { hub: Arc::clone(hub), bus: bus.cloned(), reached: Arc::default() };
    let mut tasks =
        vec![tokio::spawn(sweep_for_ever(Arc::clone(store), announcer, Arc::clone(clock), retention.clone()))];
    // Alone, a node hears of every commit; it compares only when it is in doubt.
    let every = if bus.is_some() { HEADS_EVERY } else { Duration::MAX };
    for _ in 0..hub.options.max_refills.max(1) {
        tasks.push(tokio::spawn(Refills::serve(Arc::clone(hub), Arc::clone(store))));
    }
    tasks.push(tokio::spawn(compare_heads_for_ever(Arc::clone(hub), Arc::clone(store), every)));
    tasks
}

async fn sweep_for_ever(
    store: Arc<dyn Store>,
    announcer: Announcer,
    clock: Arc<dyn Clock>,
    retention: RetentionOptions,
) {
    let announcer = Arc::new(announcer);
    let mut ticks = interval(retention.sweep_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        loop {
            match sweep_once(&*store, &announcer, &*clock, &retention).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "the retention sweep failed; it goes on later");
                    break;
                }
            }
        }
    }
}

/// Answers whether there is more to sweep.
async fn sweep_once(
    store: &dyn Store,
    announcer: &Arc<Announcer>,
    clock: &dyn Clock,
    retention: &RetentionOptions,
) -> StoreResult<bool> {
    let (started, now, announcer) = (Instant::now(), clock.now(), Arc::clone(announcer));
    let sweep = Sweep {
        at: now,
        inbox_before: now.minus(retention.inbox),
        log_before: now.minus(retention.log),
        log_entries: retention.log_entries,
        keys_before: now.minus(IDEMPOTENCY_KEPT),
        batch: SWEEP_BATCH,
    };
    let announce = move |swept: &Swept| {
        for (appended, change) in &swept.removed {
            announcer.announce(std::slice::from_ref(appended), &frame::change(change), started);
        }
    };
    committed(|done| store.sweep(sweep, done), announce).await.map(|swept| swept.more)
}

/// Compares the heads of all users that have streams here with the store's.
async fn compare_heads(hub: &Hub, store: &dyn Store) {
    for users in hub.users().chunks(HEADS_BATCH) {
        match store.heads(users.to_vec()).await {
            Ok(heads) => found(hub, users, &heads),
            Err(error) => tracing::warn!(%error, "heads cannot be compared; trying again later"),
        }
    }
}

fn found(hub: &Hub, users: &[Recipient], heads: &[Option<crate::store::Head>]) {
    for (user, head) in users.iter().zip(heads) {
        if let Some(head) = head {
            hub.found_head(user, head.cursor());
        }
    }
}

async fn compare_heads_for_ever(hub: Arc<Hub>, store: Arc<dyn Store>, every: Duration) {
    loop {
        // At once after an interruption, else now and then: either way it is time to look.
        let _ = timeout(every, hub.interrupted.notified()).await;
        compare_heads(&hub, &*store).await;
    }
}

/// Where the bus hands over what other nodes announce.
pub(super) fn sink(hub: &Arc<Hub>) -> Arc<dyn BusSink> {
    Arc::new(Sink { hub: Arc::downgrade(hub) })
}

struct Sink {
    hub: Weak<Hub>,
}

impl BusSink for Sink {
    fn announced(&self, announcement: Announcement) {
        let Some(hub) = self.hub.upgrade() else { return };
        match announcement {
            Announcement::Entry { recipient, cursor, counts, frame } => {
                let frame = hub.frame(frame);
                hub.announce(&recipient, Logged { cursor, counts, frame, at: Instant::now() });
            }
            Announcement::Signal { recipient, frame, key } => {
                hub.signal(&recipient, hub.frame(frame), key);
            }
        }
    }

    fn interrupted(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.interrupted.notify_one();
        }
    }
}
