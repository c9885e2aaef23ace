//! The one rule, proven: two engines over one store, and a bus between them that loses, delays, repeats and reorders.

use crate::support::{Reader, publish, who};
use campanile_core::{
    Cursor, Engine, MarkTarget, Recipient, Seq, SseOptions, UpToState,
    bus::{Announcement, Bus, BusSink},
    store::{Head, MemoryStore},
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

/// A bus that a test holds by hand.
#[derive(Default)]
struct HandBus(OnceLock<Arc<dyn BusSink>>);

impl Bus for HandBus {
    fn attach(&self, sink: Arc<dyn BusSink>) {
        let _ = self.0.set(sink);
    }

    fn announce(&self, _: Vec<Announcement>) {}
    fn watch(&self, _: &Recipient) {}
    fn unwatch(&self, _: &Recipient) {}
}

/// What another node would announce of entry `seq`, whose title is its number.
fn announcement(head: &Head, seq: u64) -> Announcement {
    let frame = format!("event: notification\ndata: {{\"title\":\"{seq}\"}}\n\n");
    let cursor = Cursor { epoch: head.epoch, seq: Seq(seq) };
    Announcement::Entry { recipient: who("u1"), cursor, counts: head.counts, frame: frame.into() }
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_overtook_another_waits_for_it_and_only_then_the_store_is_read() {
    let (store, bus) = (Arc::new(MemoryStore::default()), Arc::new(HandBus::default()));
    let elsewhere = Engine::builder(store.clone()).start();
    let engine = Engine::builder(store).bus(bus.clone()).start();
    let reads = || engine.metrics().refills.get_or_create(&[("outcome", "read")]).get();
    let sink = bus.0.get().unwrap();
    publish(&elsewhere, &["u1"], "1").await;
    let mut reader = Reader::open(&engine, "u1", None).await;
    reader.named("ready").await;
    for n in 2..=5 {
        publish(&elsewhere, &["u1"], &n.to_string()).await;
    }
    let head = elsewhere.head(&who("u1")).await.unwrap();
    for seq in [2, 4, 5] {
        sink.announced(announcement(&head, seq));
    }
    assert_eq!(reader.titles(1).await, ["2"]);
    tokio::time::sleep(Duration::from_millis(10)).await;
    sink.announced(announcement(&head, 3));
    assert_eq!((reader.titles(3).await, reads()), (["3", "4", "5"].map(String::from).to_vec(), 0));
    publish(&elsewhere, &["u1"], "6").await;
    publish(&elsewhere, &["u1"], "7").await;
    let asked = tokio::time::Instant::now();
    sink.announced(announcement(&head, 7));
    assert_eq!((reader.titles(2).await, reads()), (["6", "7"].map(String::from).to_vec(), 1));
    assert!(asked.elapsed() <= Duration::from_millis(25), "6 was waited for, and not for long");
}
