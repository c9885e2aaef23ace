//! What the engine counts. The names are the ones that `/metrics` shows, under the prefix `campanile`.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{borrow::Cow, time::Duration};

/// Bounds in seconds, from 50 µs to 10 s.
const LATENCY_BOUNDS: [f64; 16] =
    [50e-6, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const BATCH_BOUNDS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// One label: how something ended.
pub type Outcomes = Family<[(&'static str, &'static str); 1], Counter>;

/// Counts `n` of an outcome under the label `label`.
pub(crate) fn count(outcomes: &Outcomes, label: &'static str, value: &'static str, n: u64) {
    outcomes.get_or_create(&[(label, value)]).inc_by(n);
}

/// Deliveries, by `channel` and `outcome`.
pub type Deliveries = Family<[(&'static str, Cow<'static, str>); 2], Counter>;

/// What may become of a delivery by a channel that is registered.
const DELIVERIES: [&str; 10] = [
    "delivered",
    "skipped",
    "permanent",
    "transient",
    "timeout",
    "given-up",
    "panic",
    "unanswered",
    "overflow",
    "abandoned",
];

/// Counts so many deliveries of a channel.
pub(crate) fn count_delivery(metrics: &Metrics, channel: &str, outcome: &'static str, deliveries: usize) {
    let labels = [("channel", Cow::Owned(channel.to_owned())), ("outcome", Cow::Borrowed(outcome))];
    metrics.deliveries.get_or_create(&labels).inc_by(deliveries as u64);
}

/// What the engine counts of itself. Cheap to clone; clones share their values.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Streams open now.
    pub connections: Gauge,
    /// Attempts to open a stream, by `outcome`.
    pub connects: Outcomes,
    /// Streams ended, by `reason`.
    pub ends: Outcomes,
    /// Events handed to connections.
    pub events_written: Counter,
    /// Bytes handed to connections.
    pub bytes_written: Counter,
    /// Reads of the log for streams that were behind, by `outcome`.
    pub refills: Outcomes,
    /// Reads of the store that those were: one may be of many logs.
    pub refill_reads: Counter,
    /// Bytes that rings, streams whose readers stall, and reads of logs hold now.
    pub held_bytes: Gauge,
    /// Backlogs let go of because too much was held, by `kind`: a `ring` was emptied, a `stream` closed.
    pub sheds: Outcomes,
    /// The bytes that those held.
    pub shed_bytes: Outcomes,
    /// `gap` events written.
    pub gaps: Counter,
    /// Frames dropped from rings before every stream had them, by `kind`: `logged` ones are refilled, `live` ones are told by `gap`.
    pub dropped: Outcomes,
    /// Signals replaced by a newer one of their key before they were written.
    pub conflated: Counter,
    /// Publishes, by `outcome`.
    pub publishes: Outcomes,
    /// From a publish to its durable answer.
    pub publish_seconds: Histogram,
    /// From a publish to the hand-over of its frame to a connection.
    pub publish_to_write_seconds: Histogram,
    /// Deliveries by `channel` and `outcome`: those of [`ChannelOptions`](crate::channel::ChannelOptions).
    pub deliveries: Deliveries,
    /// Announcements that had to wait for a missing predecessor.
    pub reordered: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            connections: Gauge::default(),
            connects: Outcomes::default(),
            ends: Outcomes::default(),
            events_written: Counter::default(),
            bytes_written: Counter::default(),
            refills: Outcomes::default(),
            refill_reads: Counter::default(),
            held_bytes: Gauge::default(),
            sheds: Outcomes::default(),
            shed_bytes: Outcomes::default(),
            gaps: Counter::default(),
            dropped: Outcomes::default(),
            conflated: Counter::default(),
            publishes: Outcomes::default(),
            publish_seconds: Histogram::new(LATENCY_BOUNDS),
            publish_to_write_seconds: Histogram::new(LATENCY_BOUNDS),
            deliveries: Deliveries::default(),
            reordered: Counter::default(),
        }
    }
}

impl Metrics {
    /// Begins the series of a channel.
    pub(crate) fn begin_channel(&self, channel: &str) {
        DELIVERIES.into_iter().for_each(|outcome| count_delivery(self, channel, outcome, 0));
    }

    /// Begins the series of every label that is known beforehand: one that has not begun cannot be watched.
    fn begin(&self) {
        let begin = |family: &Outcomes, label, values: &[&'static str]| {
            values.iter().for_each(|value| count(family, label, value, 0));
        };
        let connects = ["fresh", "exact", "reset", "user-limit", "node-limit", "draining", "revoked", "store"];
        begin(&self.connects, "outcome", &connects);
        let ends = ["closed", "draining", "busy", "lifetime", "expired", "behind", "evicted", "revoked"];
        begin(&self.ends, "reason", &ends);
        begin(&self.refills, "outcome", &["read", "early", "failed"]);
        begin(&self.dropped, "kind", &["logged", "live"]);
        begin(&self.sheds, "kind", &["ring", "stream"]);
        begin(&self.shed_bytes, "kind", &["ring", "stream"]);
        begin(&self.publishes, "outcome", &["accepted", "replayed", "invalid", "conflict", "unavailable"]);
    }

    /// Adds all of them to a registry.
    pub fn register(&self, to: &mut Registry) {
        self.begin();
        let secs = || Unit::Seconds;
        to.register("connections", "Streams open now", self.connections.clone());
        to.register("connects", "Attempts to open a stream", self.connects.clone());
        to.register("stream_ends", "Streams ended", self.ends.clone());
        to.register("events_written", "Events handed to connections", self.events_written.clone());
        to.register_with_unit("written", "Bytes handed to connections", Unit::Bytes, self.bytes_written.clone());
        to.register("refills", "Log reads for streams that were behind", self.refills.clone());
        to.register("refill_reads", "Store reads for streams that were behind", self.refill_reads.clone());
        to.register_with_unit("held", "Bytes held for streams", Unit::Bytes, self.held_bytes.clone());
        to.register("sheds", "Backlogs let go of because too much was held", self.sheds.clone());
        to.register_with_unit(
            "shed",
            "Bytes let go of because too much was held",
            Unit::Bytes,
            self.shed_bytes.clone(),
        );
        to.register("gaps", "Gap events written", self.gaps.clone());
        to.register("dropped_frames", "Frames dropped from rings before every stream had them", self.dropped.clone());
        to.register("conflated_signals", "Signals replaced by a newer one of their key", self.conflated.clone());
        to.register("publishes", "Publishes", self.publishes.clone());
        to.register_with_unit("publish", "From a publish to its durable answer", secs(), self.publish_seconds.clone());
        to.register_with_unit(
            "publish_to_write",
            "From a publish to the hand-over of its frame to a connection",
            secs(),
            self.publish_to_write_seconds.clone(),
        );
        to.register("deliveries", "Deliveries by channels", self.deliveries.clone());
        to.register("reordered_entries", "Announcements that waited for a missing predecessor", self.reordered.clone());
    }
}

/// What a store counts of itself. Cheap to clone; clones share their values.
#[derive(Clone, Debug)]
pub struct StoreMetrics {
    /// Writes in one transaction.
    pub batch_size: Histogram,
    /// How long a commit took, its sync included.
    pub commit_seconds: Histogram,
    /// Writes refused because the queue was full.
    pub busy: Counter,
    /// Writes that failed.
    pub failed: Counter,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        Self {
            batch_size: Histogram::new(BATCH_BOUNDS),
            commit_seconds: Histogram::new(LATENCY_BOUNDS),
            busy: Counter::default(),
            failed: Counter::default(),
        }
    }
}

impl StoreMetrics {
    /// Adds all of them to a registry.
    pub fn register(&self, to: &mut Registry) {
        to.register("store_batch_size", "Writes in one transaction", self.batch_size.clone());
        to.register_with_unit("store_commit", "How long a commit took", Unit::Seconds, self.commit_seconds.clone());
        to.register("store_busy", "Writes refused because the queue was full", self.busy.clone());
        to.register("store_failed", "Writes that failed", self.failed.clone());
    }

    /// Records one commit.
    pub fn committed(&self, writes: usize, took: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "a batch has fewer than 2^52 writes")]
        self.batch_size.observe(writes as f64);
        self.commit_seconds.observe(took.as_secs_f64());
    }
}
