//! What the tests run as a process of its own, to trace it, to fill its disk, and to kill it. Says on its outputs what was acknowledged.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a program for tests")]

use campanile_core::{
    Mark, MarkTarget, Notification, NotificationId, Recipient, Seq, Severity, StateChange, Tenant, Timestamp, TypeName,
    UpToState, UserId,
    store::{Appended, Done, Publish, Published, Store, StoreAudience, StoreResult},
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

/// Publishes and marks from many tasks at once, for ever, and says what was acknowledged.
async fn chaos(store: &Sqlite, seed: u64) {
    let tasks = (0..16).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut rng = fastrand::Rng::with_seed(seed * 100 + task);
            loop {
                one_of_many(&store, &mut rng).await;
            }
        })
    });
    futures_util::future::join_all(tasks).await;
}

async fn one_of_many(store: &Sqlite, rng: &mut fastrand::Rng) {
    let notification = notification();
    let id = notification.id;
    let mut users: Vec<usize> = (0..20).collect();
    rng.shuffle(&mut users);
    users.truncate(rng.usize(1..4));
    let recipients = users.iter().copied().map(user).collect();
    let published = ask(|done| store.publish(to_users(notification, recipients), done)).await.unwrap();
    for Appended { recipient, head } in stored(published) {
        say(&format!("{} {} arrived {id}", recipient.user, head.seq));
    }
    let target = match rng.u8(0..5) {
        0 => MarkTarget::Notifications { ids: vec![id], state: StateChange::read(true) },
        1 => MarkTarget::Notifications { ids: vec![id], state: StateChange::REMOVED },
        2 => MarkTarget::UpTo { up_to: None, state: UpToState::Read },
        3 => MarkTarget::UpTo { up_to: Some(Seq(rng.u64(0..100))), state: UpToState::Seen },
        _ => return,
    };
    let mark = Mark { recipient: user(users[0]), target, at: Timestamp::from_seconds(1_800_000_001) };
    let marked = ask(|done| store.mark(mark, done)).await.unwrap();
    if let Some((Appended { recipient, head }, _)) = marked.entry {
        say(&format!("{} {} changed {id}", recipient.user, head.seq));
    }
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
