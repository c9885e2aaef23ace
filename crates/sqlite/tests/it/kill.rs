//! Killed at random moments: everything acknowledged is there, whole.

use crate::{
    child::Running,
    kit::{ask, assert_whole, log, notification, to_users, topic, user},
};
use campanile_core::{
    Change, NotificationId, Tenant, Timestamp,
    store::{Idempotency, LogPage, Publish, Published, Store},
};
use campanile_sqlite::Sqlite;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    time::Duration,
};

const ROUNDS: u64 = 8;
const SEED: u64 = 20_261_123;

/// An entry that the child was told of.
struct Acknowledged {
    epoch: String,
    seq: usize,
    arrived: bool,
    id: String,
}

/// Everything the child was told, over all of its lives.
#[derive(Default)]
struct Told {
    entries: BTreeMap<String, Vec<Acknowledged>>,
    withdrawn: BTreeSet<String>,
    /// What each key's publish became: an id, and a number of recipients.
    keys: BTreeMap<String, (String, usize)>,
    members: BTreeSet<(String, String)>,
    revoked: BTreeMap<String, i64>,
    /// The epochs that a user's log cannot have any more.
    past: HashMap<String, BTreeSet<String>>,
    /// Whose erasure was asked for and not acknowledged.
    erasing: BTreeSet<String>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            // Said by one of the child's tasks after another one said that the log was gone.
            ["entry", user, epoch, ..] if self.past.get(user).is_some_and(|past| past.contains(epoch)) => {}
            ["entry", user, epoch, seq, kind, id] => {
                let (epoch, seq, id) = (epoch.to_owned(), seq.parse().unwrap(), id.to_owned());
                let entry = Acknowledged { epoch, seq, arrived: kind == "arrived", id };
                self.entries.entry(user.into()).or_default().push(entry);
            }
            ["withdrawn", id] => drop(self.withdrawn.insert(id.into())),
            ["key", key, id, recipients] => {
                self.keys.insert(key.into(), (id.into(), recipients.parse().unwrap()));
            }
            ["joined", topic, user] => drop(self.members.insert((topic.into(), user.into()))),
            ["revoked", user, seconds] => {
                let latest = self.revoked.entry(user.into()).or_default();
                *latest = seconds.parse::<i64>().unwrap().max(*latest);
            }
            ["erasing", user] => drop(self.erasing.insert(user.into())),
            ["erased", user] => {
                self.erasing.remove(user);
                let gone = self.entries.remove(user).unwrap_or_default();
                self.past.entry(user.into()).or_default().extend(gone.into_iter().map(|entry| entry.epoch));
            }
            _ => panic!("the child said {line:?}"),
        }
    }

    /// After the child died. An erasure that was under way may have happened or not; which, is seen in the store.
    async fn settle(&mut self, store: &Sqlite) {
        for name in std::mem::take(&mut self.erasing) {
            let head = store.heads(vec![user(&name)]).await.unwrap()[0];
            let epoch = head.map(|head| head.epoch.to_string()).unwrap_or_default();
            if self.entries.get(&name).is_some_and(|entries| entries.iter().any(|entry| entry.epoch != epoch)) {
                self.hear(&format!("erased {name}"));
            }
        }
    }
}

/// Runs the child until it has acknowledged `n` things, lets it run on for a moment, kills it.
async fn run_and_kill(database: &Path, seed: u64, n: usize, moment: Duration, told: &mut Told) {
    let mut child = Running::work("chaos", database, &[&seed.to_string()]);
    let mut lines: Vec<String> = (0..n).map(|_| child.line()).collect();
    tokio::time::sleep(moment).await;
    lines.extend(child.kill());
    lines.iter().for_each(|line| told.hear(line));
}

#[tokio::test]
async fn a_killed_process_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("a.db");
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let (n, moment) = (rng.usize(1..1500), Duration::from_micros(rng.u64(0..5000)));
        println!("round {round} of seed {SEED}: killed {moment:?} after {n} acknowledgements");
        run_and_kill(&database, round, n, moment, &mut told).await;
        let store = Sqlite::open(&database).unwrap();
        told.settle(&store).await;
        check(&store, &told).await;
        store.close().await;
    }
    let kinds = [told.withdrawn.len(), told.keys.len(), told.members.len(), told.revoked.len(), told.past.len()];
    assert!(kinds.iter().all(|n| *n > 5), "of everything something: {kinds:?}");
}

async fn check(store: &Sqlite, told: &Told) {
    for (name, entries) in &told.entries {
        let page = log(store, name).await;
        assert_whole(&page);
        entries.iter().for_each(|one| check_entry(name, &page, one));
        let arrived = page.entries.iter().filter_map(|entry| match &entry.change {
            Change::Arrived(one) => Some(one.id.to_string()),
            _ => None,
        });
        assert!(arrived.into_iter().all(|id| !told.withdrawn.contains(&id)), "{name} has something withdrawn");
    }
    for (name, past) in &told.past {
        let head = store.heads(vec![user(name)]).await.unwrap()[0];
        assert!(head.is_none_or(|head| !past.contains(&head.epoch.to_string())), "{name} came back");
    }
    check_records(store, told).await;
    check_names(store, told).await;
}

fn check_entry(name: &str, page: &LogPage, one: &Acknowledged) {
    assert_eq!(page.head.epoch.to_string(), one.epoch, "another log of {name}");
    let change = &page.entries.get(one.seq - 1).expect("an acknowledged entry is there").change;
    let fits = match change {
        Change::Arrived(notification) => one.arrived && notification.id.to_string() == one.id,
        Change::Gone(id) => one.arrived && id.to_string() == one.id,
        Change::Updated { .. } | Change::UpTo { .. } => !one.arrived,
    };
    assert!(fits, "{name} {}: {change:?}", one.seq);
}

async fn check_records(store: &Sqlite, told: &Told) {
    for id in &told.withdrawn {
        let id: NotificationId = id.parse().unwrap();
        // What is old may have been forgotten altogether.
        let Some(record) = store.record(Tenant::default(), id).await.unwrap() else { continue };
        assert!(record.withdrawn && record.notification.body.is_empty());
        let recipients = store.recipients(Tenant::default(), id, None, 100).await.unwrap().unwrap();
        assert!(recipients.items.iter().all(|one| one.removed));
    }
    for (key, (id, recipients)) in &told.keys {
        let (notification_id, recipients) = (id.parse().unwrap(), *recipients);
        let idempotency = Some(Idempotency { credential: "child".into(), key: key.clone(), digest: [1; 32] });
        let again = Publish { idempotency, ..to_users(notification("again"), vec![user("user-0")]) };
        let answer = ask(|done| store.publish(again, done)).await.unwrap();
        assert_eq!(answer, Published::Replayed { notification_id, recipients });
    }
}

async fn check_names(store: &Sqlite, told: &Told) {
    for (name, member) in &told.members {
        let members = store.members(Tenant::default(), topic(name), None, 100).await.unwrap();
        assert!(members.items.contains(&user(member).user), "{member} of {name}");
    }
    let revoked: HashMap<_, _> = store.revocations().await.unwrap().into_iter().collect();
    for (name, seconds) in &told.revoked {
        assert!(revoked[&user(name)] >= Timestamp::from_seconds(*seconds));
    }
}
