//! Putting an engine together.

use super::{
    Engine, Inner, ShutdownOptions,
    leave::{self, Leaving},
    operate::Revocations,
    publish::InFlight,
    shown::Shown,
    upkeep,
};
use crate::{
    BoxFuture, Clock, Definitions, DraftLimits, Metrics, OptionFaults, RetentionOptions, SseOptions, SystemClock,
    bus::Bus,
    channel::{Channel, ChannelOptions, Lanes},
    hub::Hub,
    store::Store,
};
use std::sync::Arc;
use tokio::runtime::Handle;

/// An engine in the making.
pub struct EngineBuilder {
    store: Arc<dyn Store>,
    bus: Option<Arc<dyn Bus>>,
    clock: Arc<dyn Clock>,
    sse: SseOptions,
    retention: RetentionOptions,
    limits: DraftLimits,
    definitions: Definitions,
    channels: Vec<(Arc<dyn Channel>, ChannelOptions)>,
    metrics: Metrics,
    shutdown: ShutdownOptions,
    token: Option<BoxFuture<'static, ()>>,
}

impl EngineBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            bus: None,
            clock: Arc::new(SystemClock),
            sse: SseOptions::default(),
            retention: RetentionOptions::default(),
            limits: DraftLimits::default(),
            definitions: Definitions::default(),
            channels: Vec::new(),
            metrics: Metrics::default(),
            shutdown: ShutdownOptions::default(),
            token: None,
        }
    }

    /// Joins other nodes over this bus. Default: this node is alone.
    #[must_use]
    pub fn bus(self, bus: Arc<dyn Bus>) -> Self {
        Self { bus: Some(bus), ..self }
    }

    /// How streams behave.
    #[must_use]
    pub fn sse(self, sse: SseOptions) -> Self {
        Self { sse, ..self }
    }

    /// How long things are kept.
    #[must_use]
    pub fn retention(self, retention: RetentionOptions) -> Self {
        Self { retention, ..self }
    }

    /// How much one publish may hold.
    #[must_use]
    pub fn limits(self, limits: DraftLimits) -> Self {
        Self { limits, ..self }
    }

    /// What is known of notification types.
    #[must_use]
    pub fn definitions(self, definitions: Definitions) -> Self {
        Self { definitions, ..self }
    }

    /// Adds a way of delivery. A later one of the same name takes the earlier one's place.
    #[must_use]
    pub fn channel(self, channel: Arc<dyn Channel>) -> Self {
        self.channel_with(channel, ChannelOptions::default())
    }

    /// The same, worked on in another way than the default.
    #[must_use]
    pub fn channel_with(mut self, channel: Arc<dyn Channel>, options: ChannelOptions) -> Self {
        self.channels.push((channel, options));
        self
    }

    /// The wall clock. Default: the system's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Where the engine counts. Default: metrics of its own.
    #[must_use]
    pub fn metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// How the engine leaves.
    #[must_use]
    pub fn shutdown_options(self, shutdown: ShutdownOptions) -> Self {
        Self { shutdown, ..self }
    }

    /// Makes the engine leave by itself, as [`Engine::leave`] does, once `token` is ready. It is dropped with the engine.
    #[must_use]
    pub fn leave_on(self, token: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { token: Some(Box::pin(token)), ..self }
    }

    /// What of its options makes no sense: an amount or a time of nothing where that cannot be meant, a limit that another one keeps from
    /// ever being reached. The engine itself does not ask: whoever lets people choose does, before [`EngineBuilder::start`].
    #[must_use]
    pub fn faults(&self) -> OptionFaults {
        let mut faults = OptionFaults::default();
        faults.sse(&self.sse);
        faults.retention(&self.retention, &self.sse);
        faults.limits(&self.limits);
        for (n, (channel, options)) in self.channels.iter().enumerate() {
            let name = channel.name();
            faults.channel(name, options);
            if self.channels[..n].iter().any(|(earlier, _)| earlier.name() == name) {
                faults.add(format!("channel({name})"), "is given twice");
            }
        }
        faults
    }

    /// Starts the engine and its background work.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled.
    #[must_use]
    pub fn start(self) -> Engine {
        let hub = Hub::new(self.sse, self.retention.log_entries, self.metrics, Handle::current(), self.bus.clone());
        if let Some(bus) = &self.bus {
            bus.attach(upkeep::sink(&hub));
        }
        let mut upkeep = upkeep::start(&hub, &self.store, self.bus.as_ref(), &self.clock, &self.retention);
        let channels = Arc::new(Lanes::start(self.channels, &hub.metrics));
        warn_of_unregistered(&self.definitions, &channels);
        let (leaving, token) = (Leaving::new(self.shutdown), self.token);
        let inner = Arc::new_cyclic(|engine| {
            upkeep.push(tokio::spawn(leave::when_asked(engine.clone(), leaving.asked(), token)));
            Inner {
                store: self.store,
                bus: self.bus,
                hub,
                clock: self.clock,
                definitions: self.definitions,
                limits: self.limits,
                retention: self.retention,
                channels,
                reached: Arc::default(),
                shown: Shown::default(),
                revocations: Revocations::default(),
                in_flight: InFlight::default(),
                leaving,
                upkeep,
            }
        });
        Engine { inner }
    }
}

/// Says which types go to channels that nobody has registered: perhaps not yet, perhaps by a slip.
fn warn_of_unregistered(definitions: &Definitions, channels: &Lanes) {
    for (name, definition) in &definitions.types {
        for channel in definition.channels.iter().filter(|channel| !channels.knows(channel)) {
            channels.begin_unregistered(channel);
            tracing::warn!(r#type = %name, channel, "a type names a channel that is not registered");
        }
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder").field("sse", &self.sse).finish_non_exhaustive()
    }
}
