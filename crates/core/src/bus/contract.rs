//! The contract of the port: every bus passes it. Feature `contract`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "these functions are tests: they fail by panicking"
)]

use super::{Announcement, Bus, BusSink};
use crate::{Counts, Cursor, Epoch, Recipient, Seq, Tenant, UserId, frame::Frame};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// Two nodes' ends of one bus, fresh for each function of the suite.
pub type Pair = [Arc<dyn Bus>; 2];

/// How long a bus may take over a network on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Collects what a node hears.
#[derive(Default)]
struct Heard(Mutex<Vec<Announcement>>);

impl BusSink for Heard {
    fn announced(&self, announcement: Announcement) {
        self.0.lock().push(announcement);
    }

    fn interrupted(&self) {}
}

impl Heard {
    fn on(bus: &Arc<dyn Bus>) -> Arc<Self> {
        let heard = Arc::new(Self::default());
        bus.attach(Arc::clone(&heard) as Arc<dyn BusSink>);
        heard
    }

    /// Waits until something was heard that satisfies `wanted`.
    async fn until(&self, wanted: impl Fn(&Announcement) -> bool) {
        let look = async {
            while !self.0.lock().iter().any(&wanted) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "heard {:?}", self.0.lock());
    }
}

fn who(user: &str) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(user).unwrap())
}

fn entry(user: &str, seq: u64) -> Announcement {
    Announcement::Entry {
        recipient: who(user),
        cursor: Cursor { epoch: Epoch(u64::MAX), seq: Seq(seq) },
        counts: Counts { unread: seq, unseen: 1 },
        frame: Frame::from_static(b"event: notification\ndata: {\"a\":\"\xc3\xa9\"}\n\n"),
    }
}

fn signal(user: &str, key: Option<&str>) -> Announcement {
    let frame = Frame::from_static(b"event: tick\ndata: 1\n\n");
    Announcement::Signal { recipient: who(user), frame, key: key.map(Into::into) }
}

/// Announces until the other node hears: a subscription over a network takes a moment, and until then loss is allowed.
async fn announce_until_heard(bus: &Arc<dyn Bus>, heard: &Heard, announcement: Announcement) {
    let repeat = async {
        for _ in 0.. {
            bus.announce(vec![announcement.clone()]);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let repeat = std::pin::pin!(repeat);
    let heard = std::pin::pin!(heard.until(|a| *a == announcement));
    futures_util::future::select(repeat, heard).await;
}

/// What one node announces for a user whom another one watches arrives there, byte for byte.
pub async fn a_watched_users_entries_and_signals_arrive([near, far]: Pair) {
    let (_, heard) = (Heard::on(&near), Heard::on(&far));
    far.watch(&who("u1"));
    announce_until_heard(&near, &heard, entry("u1", 7)).await;
    for announcement in [signal("u1", None), signal("u1", Some("key"))] {
        near.announce(vec![announcement.clone()]);
        heard.until(|a| *a == announcement).await;
    }
}

/// A node hears only of users that it watches, and no longer of those it watched once.
pub async fn an_unwatched_users_entries_do_not_arrive([near, far]: Pair) {
    let (_, heard) = (Heard::on(&near), Heard::on(&far));
    far.watch(&who("u1"));
    far.watch(&who("u2"));
    announce_until_heard(&near, &heard, entry("u2", 1)).await;
    far.unwatch(&who("u2"));
    announce_until_heard(&near, &heard, entry("u1", 1)).await;
    near.announce(vec![entry("u2", 2), entry("u3", 1), entry("u1", 2)]);
    heard.until(|a| *a == entry("u1", 2)).await;
    assert!(!heard.0.lock().iter().any(|a| *a == entry("u2", 2) || *a == entry("u3", 1)));
}

/// A node does not hear itself: it has told its own streams already.
pub async fn a_node_does_not_hear_itself([near, far]: Pair) {
    let (own, heard) = (Heard::on(&near), Heard::on(&far));
    near.watch(&who("u1"));
    far.watch(&who("u1"));
    announce_until_heard(&near, &heard, entry("u1", 1)).await;
    assert!(own.0.lock().is_empty());
}

/// Users of the same name in different tenants are different users.
pub async fn tenants_never_meet([near, far]: Pair) {
    let (_, heard) = (Heard::on(&near), Heard::on(&far));
    far.watch(&Recipient::new(Tenant::new("other").unwrap(), UserId::new("u1").unwrap()));
    far.watch(&who("u2"));
    near.announce(vec![entry("u1", 1)]);
    announce_until_heard(&near, &heard, entry("u2", 1)).await;
    assert!(!heard.0.lock().iter().any(|a| *a == entry("u1", 1)));
}

/// Runs the whole suite over pairs that `make` makes.
pub async fn run_all(mut make: impl AsyncFnMut() -> Pair) {
    a_watched_users_entries_and_signals_arrive(make().await).await;
    an_unwatched_users_entries_do_not_arrive(make().await).await;
    a_node_does_not_hear_itself(make().await).await;
    tenants_never_meet(make().await).await;
}
