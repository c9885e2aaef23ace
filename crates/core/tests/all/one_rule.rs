//! The one rule, proven: two engines over one store, and a bus between them that loses, delays, repeats and reorders.

use crate::support::{Reader, publish, who};
use campanile_core::{
    Engine, MarkTarget, Recipient, SseOptions, UpToState,
    bus::{Announcement, Bus, BusSink},
    store::MemoryStore,
};
use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

/// The other end's sink, behind a line that does everything a line can do.
struct ChaosBus {
    own: Arc<OnceLock<Arc<dyn BusSink>>>,
    other: Arc<OnceLock<Arc<dyn BusSink>>>,
    random: Arc<Mutex<fastrand::Rng>>,
}

impl ChaosBus {
    fn pair(seed: u64) -> [Self; 2] {
        let (a, b) = (Arc::<OnceLock<_>>::default(), Arc::<OnceLock<_>>::default());
        let random = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
        let end = |own: &Arc<_>, other: &Arc<_>| Self {
            own: Arc::clone(own),
            other: Arc::clone(other),
            random: Arc::clone(&random),
        };
        [end(&a, &b), end(&b, &a)]
    }
}

impl Bus for ChaosBus {
    fn attach(&self, sink: Arc<dyn BusSink>) {
        let _ = self.own.set(sink);
    }

    fn announce(&self, announcements: Vec<Announcement>) {
        for announcement in announcements {
            let mut random = self.random.lock().unwrap();
            let copies = [0, 1, 1, 1, 1, 2][random.usize(0..6)];
            for _ in 0..copies {
                let delay = Duration::from_millis([0, 0, 0, 1, 5, 15, 40, 300][random.usize(0..8)]);
                let (other, announcement) = (Arc::clone(&self.other), announcement.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    other.get().unwrap().announced(announcement);
                });
            }
            if random.u8(0..50) == 0 {
                self.other.get().unwrap().interrupted();
            }
        }
    }

    // It hands over everything, asked for or not: a node takes only what it holds.
    fn watch(&self, _: &Recipient) {}
    fn unwatch(&self, _: &Recipient) {}
}

const PUBLISHES: u64 = 150;

async fn life(seed: u64) {
    let store = Arc::new(MemoryStore::default());
    let sse = SseOptions { buffer_frames: 8, ..SseOptions::default() };
    let engines =
        ChaosBus::pair(seed).map(|bus| Engine::builder(store.clone()).bus(Arc::new(bus)).sse(sse.clone()).start());
    let users = ["u1", "u2", "u3"];
    let mut readers = Vec::new();
    for user in users {
        for engine in &engines {
            for patience in [0, 30] {
                readers.push(tokio::spawn(read(engine.clone(), user, patience, seed)));
            }
        }
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut random = fastrand::Rng::with_seed(seed);
    for n in 0..PUBLISHES {
        let engine = &engines[random.usize(0..2)];
        if random.u8(0..10) == 0 {
            let target = MarkTarget::UpTo { up_to: None, state: UpToState::Read };
            engine.mark(&who(users[random.usize(0..3)]), target).await.unwrap();
        }
        publish(engine, &users[..random.usize(1..=3)], &n.to_string()).await;
        tokio::time::sleep(Duration::from_millis(random.u64(0..30))).await;
    }
    publish(&engines[0], &users, "last").await;
    let mut seen = Vec::new();
    for reader in readers {
        seen.push(reader.await.unwrap());
    }
    for (user, seen) in users.iter().flat_map(|user| [user; 4]).zip(seen) {
        let head = engines[0].head(&who(user)).await.unwrap().seq.0;
        assert_eq!(seen, (1..=head).collect::<Vec<_>>(), "seed {seed}, {user}");
    }
}

/// Reads until the last publish: with pauses (so that the ring overflows) and reconnects.
async fn read(engine: Engine, user: &'static str, patience: u64, seed: u64) -> Vec<u64> {
    let mut random = fastrand::Rng::with_seed(seed ^ patience);
    let start = { engine.head(&who(user)).await.unwrap().cursor().to_string() };
    let (mut position, mut seen) = (start, Vec::new());
    loop {
        let mut reader = Reader::open(&engine, user, Some(&position)).await;
        assert_eq!(reader.named("ready").await.data["resume"], "exact");
        for _ in 0..random.usize(1..60) {
            let event = reader.take(1).await.remove(0);
            seen.push(event.seq());
            position.clone_from(&reader.last_id);
            if event.title() == "last" {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(random.u64(0..=patience))).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_repeated_or_disordered_whatever_the_bus_does() {
    for seed in 0..40 {
        life(seed).await;
    }
}
