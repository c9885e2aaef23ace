//! Killed at random moments: everything acknowledged is there, whole.

use crate::{
    child::Running,
    kit::{assert_whole, log, user},
};
use campanile_core::{Change, store::Store};
use campanile_sqlite::Sqlite;
use std::{path::Path, time::Duration};

const ROUNDS: u64 = 8;
const SEED: u64 = 20_261_123;

/// What the child was told: whose log, which place, what kind of entry, which notification.
struct Acknowledged {
    name: String,
    seq: usize,
    arrived: bool,
    id: String,
}

impl Acknowledged {
    fn parse(line: &str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, seq, kind, id] = words[..] else { panic!("the child said {line:?}") };
        Self { name: name.into(), seq: seq.parse().unwrap(), arrived: kind == "arrived", id: id.into() }
    }
}

/// Runs the child until it has acknowledged `n` things, lets it run on for a moment, kills it.
async fn run_and_kill(database: &Path, seed: u64, n: usize, moment: Duration) -> Vec<Acknowledged> {
    let mut child = Running::work("chaos", database, &[&seed.to_string()]);
    let mut lines: Vec<String> = (0..n).map(|_| child.line()).collect();
    tokio::time::sleep(moment).await;
    lines.extend(child.kill());
    lines.iter().map(|line| Acknowledged::parse(line)).collect()
}

#[tokio::test]
async fn a_killed_process_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("a.db");
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let (n, moment) = (rng.usize(1..800), Duration::from_micros(rng.u64(0..5000)));
        println!("round {round} of seed {SEED}: killed {moment:?} after {n} acknowledgements");
        all.extend(run_and_kill(&database, round, n, moment).await);
        let store = Sqlite::open(&database).unwrap();
        check(&store, &all).await;
        store.close().await;
    }
}

async fn check(store: &Sqlite, all: &[Acknowledged]) {
    let names = (0..20).map(|n| format!("user-{n}"));
    for name in names {
        if store.heads(vec![user(&name)]).await.unwrap()[0].is_none() {
            assert!(all.iter().all(|one| one.name != name));
            continue;
        }
        let page = log(store, &name).await;
        assert_whole(&page);
        for one in all.iter().filter(|one| one.name == name) {
            let change = &page.entries.get(one.seq - 1).expect("an acknowledged entry is there").change;
            let fits = match change {
                Change::Arrived(notification) => one.arrived && notification.id.to_string() == one.id,
                Change::Gone(id) => one.arrived && id.to_string() == one.id,
                Change::Updated { .. } | Change::UpTo { .. } => !one.arrived,
            };
            assert!(fits, "{name} {}: {change:?}", one.seq);
        }
    }
}
