//! What the tests run as a process of its own, to trace it, to fill its disk, and to kill it. Says on its outputs what was acknowledged.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a program for tests")]

use campanile_core::{
    Change, Mark, MarkTarget, Notification, NotificationId, Recipient, Seq, Severity, StateChange, Tenant, Timestamp,
    Topic, TypeName, UpToState, UserId,
    store::{Appended, Done, Idempotency, Publish, Published, Store, StoreAudience, StoreResult, Sweep},
};
use campanile_sqlite::Sqlite;
use std::{io::Write, sync::Arc};
use tokio::sync::oneshot;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let store = match Sqlite::open(&args[1]) {
        Ok(store) => store,
        Err(why) => return println!("{why}"),
    };
    match args[0].as_str() {
        "sequence" => sequence(&store, args[2].parse().unwrap()).await,
        "endless" => endless(&store).await,
        "chaos" => chaos(&store, args[2].parse().unwrap()).await,
        _ => hold().await,
    }
    store.close().await;
}

fn user(n: usize) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(format!("user-{n}")).unwrap())
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_001)
}

/// When what the retention finds was published.
fn old() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000)
}

fn notification() -> Notification {
    Notification {
        id: NotificationId::generate(),
        tenant: Tenant::default(),
        type_name: TypeName::new("test.child").unwrap(),
        severity: Severity::Info,
        occurred_at: Timestamp::from_seconds(1_800_000_000),
        body: "x".repeat(300).into(),
    }
}

fn to_users(notification: Notification, users: Vec<Recipient>) -> Publish {
    Publish {
        notification: Arc::new(notification),
        audience: StoreAudience::Users(users),
        max_recipients: 10_000,
        idempotency: None,
    }
}

fn stored(published: Published) -> Vec<Appended> {
    let Published::Stored(appended) = published else { panic!("not stored: {published:?}") };
    appended
}

async fn ask<T: Send + 'static>(call: impl FnOnce(Done<T>)) -> StoreResult<T> {
    let (send, answer) = oneshot::channel();
    call(Box::new(|result| drop(send.send(result))));
    answer.await.unwrap()
}

/// Publishes one after the other; each acknowledgement is one system call on the error output, made where the store gives it.
async fn sequence(store: &Sqlite, n: usize) {
    for n in 0..n {
        let publish = to_users(notification(), vec![user(n % 3)]);
        let (send, answer) = oneshot::channel();
        let acknowledge = move |result: StoreResult<Published>| {
            result.unwrap();
            std::io::stderr().write_all(b"ACK\n").unwrap();
            send.send(()).unwrap();
        };
        store.publish(publish, Box::new(acknowledge));
        answer.await.unwrap();
    }
}

/// Publishes for ever, and says how each went.
async fn endless(store: &Sqlite) {
    loop {
        let notification = notification();
        let id = notification.id;
        let publish = to_users(notification, vec![user(0)]);
        match ask(|done| store.publish(publish, done)).await.map(stored) {
            Ok(appended) => say(&format!("ok {} {id}", appended[0].head.seq)),
            Err(_) => say(if store.check().await.is_ok() { "refused, ready" } else { "refused, not ready" }),
        }
    }
}

/// Does everything there is to do from many tasks at once, for ever, and says what was acknowledged.
async fn chaos(store: &Sqlite, seed: u64) {
    let tasks = (0..16).map(|task| {
        let store = store.clone();
        let mut chaos = Chaos { store, task, seed, step: 0, rng: fastrand::Rng::with_seed(seed * 100 + task) };
        tokio::spawn(async move {
            loop {
                chaos.step().await;
            }
        })
    });
    futures_util::future::join_all(tasks).await;
}

/// One of many tasks.
struct Chaos {
    store: Sqlite,
    task: u64,
    seed: u64,
    step: u64,
    rng: fastrand::Rng,
}

impl Chaos {
    async fn step(&mut self) {
        self.step += 1;
        let mut users: Vec<usize> = (0..20).collect();
        self.rng.shuffle(&mut users);
        users.truncate(self.rng.usize(1..4));
        let id = self.publish(users.iter().copied().map(user).collect()).await;
        let everything_read = MarkTarget::UpTo { up_to: None, state: UpToState::Read };
        let some_seen = MarkTarget::UpTo { up_to: Some(Seq(self.rng.u64(0..100))), state: UpToState::Seen };
        let to_state = |state| MarkTarget::Notifications { ids: vec![id], state };
        match self.rng.u8(0..12) {
            0 => self.mark(users[0], to_state(StateChange::read(true)), id).await,
            1 => self.mark(users[0], to_state(StateChange::REMOVED), id).await,
            2 => self.mark(users[0], everything_read, id).await,
            3 => self.mark(users[0], some_seen, id).await,
            4 => self.withdraw(id).await,
            5 => self.publish_under_a_key().await,
            6 => self.gather().await,
            7 => self.come_and_go().await,
            8 => self.expire().await,
            _ => {}
        }
    }

    /// Publishes something; now and then something old, for the retention to find.
    async fn publish(&mut self, recipients: Vec<Recipient>) -> NotificationId {
        let mut notification = notification();
        if self.rng.u8(0..10) == 0 {
            notification.occurred_at = old();
        }
        let id = notification.id;
        let publish = to_users(notification, recipients);
        say_arrived(id, ask(|done| self.store.publish(publish, done)).await.unwrap());
        id
    }

    async fn mark(&self, n: usize, target: MarkTarget, id: NotificationId) {
        let mark = Mark { recipient: user(n), target, at: now() };
        let marked = ask(|done| self.store.mark(mark, done)).await.unwrap();
        if let Some((appended, _)) = marked.entry {
            say_entry(&appended, "changed", id);
        }
    }

    async fn withdraw(&self, id: NotificationId) {
        let withdrawn = ask(|done| self.store.withdraw(Tenant::default(), id, now(), done)).await.unwrap();
        for (appended, _) in &withdrawn.removed {
            say_entry(appended, "changed", id);
        }
        if withdrawn.found {
            say(&format!("withdrawn {id}"));
        }
    }

    async fn publish_under_a_key(&self) {
        let (notification, key) = (notification(), format!("{}-{}-{}", self.seed, self.task, self.step));
        let id = notification.id;
        let idempotency = Some(Idempotency { credential: "child".into(), key: key.clone(), digest: [1; 32] });
        let publish = Publish { idempotency, ..to_users(notification, vec![user(0), user(1)]) };
        say_arrived(id, ask(|done| self.store.publish(publish, done)).await.unwrap());
        say(&format!("key {key} {id} 2"));
    }

    /// Takes somebody into a topic of this task, and publishes to it.
    async fn gather(&self) {
        let (name, n) = (format!("topic-{}", self.task), usize::try_from(self.step % 20).unwrap());
        let topic = Topic::new(&name).unwrap();
        ask(|done| self.store.set_member(topic.clone(), user(n), true, done)).await.unwrap();
        say(&format!("joined {name} user-{n}"));
        let notification = notification();
        let id = notification.id;
        let audience = StoreAudience::Topic { topic, except: vec![user(0).user] };
        let publish = Publish { audience, ..to_users(notification, vec![]) };
        say_arrived(id, ask(|done| self.store.publish(publish, done)).await.unwrap());
    }

    /// A guest, whom nobody else knows, gets something, reads it, is revoked and erased.
    async fn come_and_go(&mut self) {
        let guest = Recipient::new(Tenant::default(), UserId::new(format!("guest-{}", self.task)).unwrap());
        self.publish(vec![guest.clone(), user(0)]).await;
        if self.rng.bool() {
            return;
        }
        say(&format!("erasing {}", guest.user));
        ask(|done| self.store.erase(guest.clone(), done)).await.unwrap();
        say(&format!("erased {}", guest.user));
        let seconds = i64::try_from(self.step).unwrap();
        ask(|done| self.store.revoke(guest.clone(), Timestamp::from_seconds(seconds), done)).await.unwrap();
        say(&format!("revoked {} {seconds}", guest.user));
    }

    async fn expire(&self) {
        let never = Timestamp::from_millis(i64::MIN);
        let sweep = Sweep {
            at: now(),
            inbox_before: old().plus(std::time::Duration::from_secs(1)),
            log_before: never,
            log_entries: u64::MAX,
            keys_before: never,
            batch: 20,
        };
        for (appended, change) in ask(|done| self.store.sweep(sweep, done)).await.unwrap().removed {
            let Change::Updated { ids, .. } = change else { panic!("{change:?}") };
            say_entry(&appended, "changed", ids[0]);
        }
    }
}

fn say_arrived(id: NotificationId, published: Published) {
    for appended in stored(published) {
        say_entry(&appended, "arrived", id);
    }
}

fn say_entry(Appended { recipient, head }: &Appended, what: &str, id: NotificationId) {
    say(&format!("entry {} {} {} {what} {id}", recipient.user, head.epoch, head.seq));
}

/// One line, in one system call: a killed process leaves no half ones.
fn say(line: &str) {
    // The reader may be gone; then nobody needs the line.
    std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()).ok();
}

/// Holds the store until the input ends.
async fn hold() {
    say("open");
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
}
