//! All registered channels.

use super::{Channel, ChannelOptions, DeliveryBatch, lane::Lane};
use crate::{
    Definition, Metrics, Notification, Recipient,
    definition::{IN_APP, SSE},
    metrics::count_delivery,
};
use futures_util::future::join_all;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The registered channels by name.
pub(crate) struct Lanes {
    by_name: HashMap<String, Lane>,
    metrics: Metrics,
}

impl Lanes {
    /// Starts the work of each. A later one of the same name takes the earlier one's place.
    pub(crate) fn start(channels: Vec<(Arc<dyn Channel>, ChannelOptions)>, metrics: &Metrics) -> Self {
        let start = |(channel, options): (Arc<dyn Channel>, _)| {
            let name = channel.name().to_owned();
            let lane = Lane::start(channel, &name, options, metrics.clone());
            (name, lane)
        };
        Self { by_name: channels.into_iter().map(start).collect(), metrics: metrics.clone() }
    }

    /// Whether somebody delivers what goes there.
    pub(crate) fn knows(&self, name: &str) -> bool {
        [IN_APP, SSE].contains(&name) || self.by_name.contains_key(name)
    }

    /// Begins the series of a channel that is not registered.
    pub(crate) fn begin_unregistered(&self, name: &str) {
        count_delivery(&self.metrics, name, "unregistered", 0);
    }

    /// Hands a notification to the channels that its type goes to, beside the engine's own. Never waits.
    pub(crate) fn hand_over<'a>(
        &self,
        definition: &Definition,
        notification: &Arc<Notification>,
        recipients: &(impl Iterator<Item = &'a Recipient> + Clone),
    ) {
        for name in definition.channels.iter().filter(|name| ![IN_APP, SSE].contains(&name.as_str())) {
            match self.by_name.get(name) {
                Some(lane) => in_batches(lane, notification, recipients.clone()),
                None => self.unregistered(name, notification, recipients.clone().count()),
            }
        }
    }

    fn unregistered(&self, name: &str, notification: &Notification, recipients: usize) {
        tracing::warn!(channel = name, notification = %notification.id, recipients, "no such channel is registered");
        count_delivery(&self.metrics, name, "unregistered", recipients);
    }

    /// Waits for all queues to be empty, so long. What is left then is counted.
    pub(crate) async fn close(&self, limit: Duration) {
        join_all(self.by_name.values().map(|lane| lane.close(limit))).await;
    }
}

fn in_batches<'a>(lane: &Lane, notification: &Arc<Notification>, mut recipients: impl Iterator<Item = &'a Recipient>) {
    loop {
        let batch: Vec<_> = recipients.by_ref().take(lane.batch()).cloned().collect();
        if batch.is_empty() {
            return;
        }
        lane.enqueue(DeliveryBatch { notification: Arc::clone(notification), recipients: batch });
    }
}
