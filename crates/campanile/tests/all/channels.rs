//! A channel of an application, beside streams: what it does to others, and what is told of it.

use super::{SECRET, get, mounted};
use campanile::{
    BoxFuture, Campanile, Channel, ChannelOptions, DeliveryBatch, IN_APP, MemoryStore, NotificationType, Outcome,
    ShutdownOptions,
};
use std::{future::pending, time::Duration};

struct Alarm;

impl NotificationType for Alarm {
    type Data = ();
    const NAME: &'static str = "alarm";
    const CHANNELS: &'static [&'static str] = &[IN_APP, "hangs", "panics", "works", "missing"];

    fn data(&self) -> &() {
        &()
    }
}

struct Named(&'static str);

impl Channel for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(async move {
            match self.0 {
                "hangs" => pending().await,
                "panics" => panic!("as it does"),
                _ => vec![Outcome::Delivered { reached: 1 }; batch.recipients.len()],
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_and_one_that_panics_delay_nobody_and_every_outcome_is_in_the_metrics() {
    let second = Duration::from_secs(1);
    let impatient = ChannelOptions { timeout: second, attempts: 2, ..ChannelOptions::default() };
    let options = ShutdownOptions { channels: 60 * second, ..ShutdownOptions::default() };
    let building = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).shutdown_options(options);
    let building = building.channel_with(Named("hangs"), impatient).channel(Named("panics")).channel(Named("works"));
    let campanile = building.build().await.unwrap();
    let app = mounted(&campanile);
    let began = tokio::time::Instant::now();
    for _ in 0..10 {
        campanile.publisher().publish(&Alarm).to_users(["u1", "u2"]).await.unwrap();
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "no publish waits for a channel");
    assert!(get(&app, "/push/counts").await.1.contains(r#""unread":10"#));
    campanile.shutdown().await;
    let metrics = get(&app, "/metrics").await.1;
    for (channel, outcome, count) in [
        ("works", "delivered", 20),
        ("panics", "panic", 20),
        ("hangs", "delivered", 0),
        ("missing", "unregistered", 20),
    ] {
        let line = format!("campanile_deliveries_total{{channel=\"{channel}\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    let of_hangs = |outcome| {
        let begin = format!("campanile_deliveries_total{{channel=\"hangs\",outcome=\"{outcome}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&begin)).unwrap();
        line.parse::<u32>().unwrap()
    };
    assert_eq!(of_hangs("given-up") + of_hangs("abandoned"), 20, "each one that hung has come to its end");
}
