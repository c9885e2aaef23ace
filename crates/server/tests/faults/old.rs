//! Notifications that are about to expire: published into the server's file while it is away, by an engine whose clock is almost as far
//! behind as a notification is kept. The server finds them too old when it is started for the next time but one, or later.

use crate::{kill::INBOX_DAYS, scene::Scene};
use campanile_core::{AudienceDraft, Clock, Draft, Engine, Json, ManualClock, RetentionOptions, SystemClock, Tenant};
use campanile_sqlite::Sqlite;
use std::{path::Path, sync::Arc, time::Duration};

/// How long they may still stay.
pub(crate) const SOON: Duration = Duration::from_millis(250);

/// How many are published at once.
const COUNT: usize = 6;

/// Publishes some, and answers who has which.
pub(crate) async fn publish(
    file: &Path,
    round: usize,
    rng: &mut fastrand::Rng,
    scene: &Scene,
) -> Vec<(String, String)> {
    let store = Sqlite::open(file).expect("a file that nobody holds");
    let kept = Duration::from_secs(INBOX_DAYS * 24 * 60 * 60);
    let clock = ManualClock::at(SystemClock.now().minus(kept).plus(SOON));
    // It leaves the logs as they are: that is the server's to do.
    let retention = RetentionOptions { log_entries: u64::MAX, ..RetentionOptions::default() };
    let engine = Engine::builder(Arc::new(store)).clock(Arc::new(clock)).retention(retention).start();
    let mut published = Vec::new();
    for number in 0..COUNT {
        let users = scene.some_users(rng, 4);
        let mark = format!("old-{round}-{number}");
        let id = publish_one(&engine, &mark, &users).await;
        for user in users {
            scene.record.planted();
            scene.tell(|oracle| {
                oracle.acknowledged(&user, scene.cast.publishers, &mark, &id);
                oracle.old(&user, &id);
            });
            published.push((user, id.clone()));
        }
    }
    engine.shutdown().await;
    published
}

async fn publish_one(engine: &Engine, mark: &str, users: &[String]) -> String {
    let draft = Draft {
        type_name: "kill".into(),
        to: AudienceDraft::users(users),
        data: Some(Json::parse(&format!(r#"{{"mark":"{mark}"}}"#)).expect("JSON")),
        ..Draft::default()
    };
    engine.publish(&Tenant::default(), &draft).await.expect("a store").notification_id.to_string()
}
