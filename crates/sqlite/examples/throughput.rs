//! How many publishes per second the store takes: closed loops of 8 and 64 submitters, one random user of a thousand each time, bodies of
//! 300 bytes; and batches of a thousand handed over at once.
//!
//! `cargo run --release -p campanile-sqlite --example throughput [seconds per row] [folder]`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints figures")]

use campanile_core::{
    Notification, NotificationId, Recipient, Severity, Tenant, Timestamp, TypeName, UserId,
    store::{Done, Publish, Store, StoreAudience},
};
use campanile_sqlite::Sqlite;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64, atomic::Ordering},
    time::{Duration, Instant},
};

fn main() {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().map_or(5.0, |text| text.parse().unwrap());
    let folder = args.next().map(PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for submitters in [1, 8, 64] {
        runtime.block_on(measure(seconds, folder.as_deref(), &format!("{submitters} submitters"), submitters, 1));
    }
    runtime.block_on(measure(seconds, folder.as_deref(), "batches of 1,000", 1, 1000));
}

async fn measure(seconds: f64, folder: Option<&Path>, name: &str, submitters: u64, at_once: usize) {
    let folder = folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    let store = Sqlite::open(folder.path().join("throughput.db")).unwrap();
    let users: Arc<Vec<Recipient>> = Arc::new((0..1000).map(user).collect());
    let (count, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let end = began + Duration::from_secs_f64(seconds);
    let loops = (0..submitters).map(|seed| {
        let (store, users, count) = (store.clone(), users.clone(), count.clone());
        tokio::spawn(async move {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut waits = Vec::new();
            while Instant::now() < end {
                let asked = Instant::now();
                publish(&store, &users, &mut rng, at_once).await;
                waits.push(asked.elapsed());
                count.fetch_add(u64::try_from(at_once).unwrap(), Ordering::Relaxed);
            }
            waits
        })
    });
    let before = Cost::now();
    let mut waits = Vec::new();
    for submitter in loops.collect::<Vec<_>>() {
        waits.extend(submitter.await.unwrap());
    }
    let took = began.elapsed();
    store.close().await;
    report(name, count.load(Ordering::Relaxed), took, &mut waits, &before);
}

/// What the system has counted of this process: time on the processor, bytes handed to the disk. Zeros where `/proc` is not.
struct Cost {
    micros: u64,
    bytes: u64,
}

impl Cost {
    fn now() -> Self {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default();
        let (stat, io) = (text("/proc/self/stat"), text("/proc/self/io"));
        // After the name in parentheses: user and system time are the 12th and 13th, in hundredths of a second.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        let bytes = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap_or(0);
        Self { micros: ticks * 10_000, bytes }
    }
}

fn report(name: &str, count: u64, took: Duration, waits: &mut [Duration], before: &Cost) {
    let (now, each) = (Cost::now(), count.max(1));
    waits.sort_unstable();
    let at = |per_mille: usize| waits.get(waits.len() * per_mille / 1000).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let rate = count as f64 / took.as_secs_f64();
    let rate = format!("{rate:9.0} publishes/s, p50 {:.2?}, p99 {:.2?}, max {:.2?}", at(500), at(990), at(999));
    let (cpu, bytes) = ((now.micros - before.micros) / each, (now.bytes - before.bytes) / each);
    println!("{name:>18}: {rate}; each {cpu} µs of processor, {bytes} bytes written");
}

async fn publish(store: &Sqlite, users: &[Recipient], rng: &mut fastrand::Rng, n: usize) {
    let answers: Vec<_> = (0..n)
        .map(|_| {
            let (send, answer) = tokio::sync::oneshot::channel();
            let done: Done<_> = Box::new(move |result| drop(send.send(result)));
            let recipients = vec![users[rng.usize(..users.len())].clone()];
            store.publish(
                Publish {
                    notification: Arc::new(notification()),
                    audience: StoreAudience::Users(recipients),
                    max_recipients: 10_000,
                    idempotency: None,
                },
                done,
            );
            answer
        })
        .collect();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
}

fn user(n: usize) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(format!("user-{n:04}")).unwrap())
}

fn notification() -> Notification {
    Notification {
        id: NotificationId::generate(),
        tenant: Tenant::default(),
        type_name: TypeName::new("bench.publish").unwrap(),
        severity: Severity::Info,
        occurred_at: Timestamp::from_seconds(1_800_000_000),
        body: "x".repeat(300).into(),
    }
}
