//! What accept loops count, as metrics.

use crate::LiveStats;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use std::{fmt, sync::Arc};

/// Name and meaning of a metric.
type Words = (&'static str, &'static str);
type Total = fn(&LiveStats) -> u64;

const OPEN: Words = ("sockets", "Connections open now");

const BACKLOG: Words = ("direct_backlog_bytes", "Bytes held for streams whose sockets do not take them now");

const TOTALS: [(Words, Total); 10] = [
    (("sockets_accepted", "Connections accepted, the refused ones included"), LiveStats::accepted),
    (("sockets_refused", "Connections refused because there were too many"), LiveStats::refused),
    (("accept_errors", "Failures to accept, such as running out of file descriptors"), LiveStats::accept_errors),
    (("bad_requests", "Requests that were none: malformed, too large, without a host"), LiveStats::bad_requests),
    (("head_timeouts", "Connections closed because a request's head did not come in time"), LiveStats::head_timeouts),
    (("body_timeouts", "Requests whose body did not come in time"), LiveStats::body_timeouts),
    (("idle_closes", "Connections closed because they had no request for too long"), LiveStats::idle_closes),
    (("direct_streams", "Streams over HTTP/1.1 that are written past the HTTP library"), LiveStats::direct_streams),
    (("write_timeouts", "Connections reset because their peer accepted no byte"), LiveStats::write_timeouts),
    (("stalled_streams", "HTTP/2 streams reset because their peer accepted no byte"), LiveStats::stalled_streams),
];

/// The counts of the listeners, by name.
#[derive(Debug)]
struct Sockets(Vec<(&'static str, Arc<LiveStats>)>);

/// Adds what accept loops count to a registry, each under the name of its `listener`.
pub fn register(to: &mut Registry, listeners: impl IntoIterator<Item = (&'static str, Arc<LiveStats>)>) {
    to.register_collector(Box::new(Sockets(listeners.into_iter().collect())));
}

impl Sockets {
    fn family<M: EncodeMetric>(
        &self,
        to: &mut DescriptorEncoder<'_>,
        (name, help): (&str, &str),
        kind: MetricType,
        metric: impl Fn(&LiveStats) -> M,
    ) -> fmt::Result {
        let mut family = to.encode_descriptor(name, help, None, kind)?;
        self.0
            .iter()
            .try_for_each(|(listener, stats)| metric(stats).encode(family.encode_family(&[("listener", *listener)])?))
    }
}

impl Collector for Sockets {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> fmt::Result {
        let gauges: [(Words, Total); 2] = [(OPEN, LiveStats::open), (BACKLOG, LiveStats::direct_backlog)];
        gauges.iter().try_for_each(|(words, now)| {
            self.family(&mut to, *words, MetricType::Gauge, |stats| {
                ConstGauge::new(i64::try_from(now(stats)).unwrap_or(i64::MAX))
            })
        })?;
        TOTALS.iter().try_for_each(|(words, total)| {
            self.family(&mut to, *words, MetricType::Counter, |stats| ConstCounter::new(total(stats)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listener_has_its_own_counts() {
        let mut registry = Registry::with_prefix("campanile");
        register(&mut registry, [("public", Arc::default()), ("admin", Arc::default())]);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for listener in ["public", "admin"] {
            assert!(text.contains(&format!("campanile_sockets{{listener=\"{listener}\"}} 0\n")), "{text}");
            assert!(text.contains(&format!("campanile_write_timeouts_total{{listener=\"{listener}\"}} 0\n")), "{text}");
        }
        assert_eq!(text.lines().filter(|line| line.starts_with("# TYPE")).count(), TOTALS.len() + 2);
    }
}
