//! Putting it together: what is given, what is missing, what contradicts.

#[cfg(feature = "axum")]
use crate::access::Access;
use crate::{Campanile, NotificationType, typed};
use campanile_core::{
    Clock, Definitions, DraftLimits, Engine, EngineBuilder, OptionFaults, RetentionOptions, ShutdownOptions,
    SseOptions, SystemClock, TypeName,
    bus::Bus,
    channel::{Channel, ChannelOptions},
    store::{Store, StoreError},
};
use std::{future::pending, sync::Arc};

/// Why nothing was built.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let error = campanile::Campanile::builder().build().await.unwrap_err();
/// eprintln!("{error}"); // such as: no credentials are given: use .authenticate(…), .jwt_secret(…) or .public_keys(…)
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no store: one in memory is only taken if it is asked for.
    #[error("no store is given: use .store(…)")]
    NoStore,
    /// Nobody could ever open a stream.
    #[error("no credentials are given: use .authenticate(…), .jwt_secret(…) or .public_keys(…)")]
    NoCredentials,
    /// The secret for tokens is too short.
    #[error("the secret for tokens must have at least 32 bytes")]
    ShortSecret,
    /// Options that make no sense, or contradict one another: all of them.
    #[error("{0}")]
    Options(#[from] OptionFaults),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A [`Campanile`] in the making. Everything but the store and the credentials has a default: the protocol's.
///
/// ```
/// # #[cfg(feature = "axum")] mod example {
/// use campanile::{Campanile, HttpOptions, MemoryStore, SseOptions};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let campanile = Campanile::builder()
///     .store(MemoryStore::default())
///     .jwt_secret("example-secret-from-the-documentation-do-not-use")
///     .sse(SseOptions { heartbeat: Duration::from_secs(15), max_connections_per_user: 5, ..SseOptions::default() })
///     .http(HttpOptions { cors_origins: vec!["https://app.example".into()], ..HttpOptions::default() })
///     .build()
///     .await?;
/// # drop(campanile); Ok(()) }
/// # }
/// # #[cfg(feature = "axum")] fn main() -> Result<(), Box<dyn std::error::Error>> { example::main() }
/// # #[cfg(not(feature = "axum"))] fn main() {}
/// ```
pub struct Builder {
    store: Option<Arc<dyn Store>>,
    bus: Option<Arc<dyn Bus>>,
    clock: Arc<dyn Clock>,
    sse: SseOptions,
    retention: RetentionOptions,
    types: Definitions,
    /// Declared in code: what `types` says goes before.
    typed: Definitions,
    limits: DraftLimits,
    channels: Vec<(Arc<dyn Channel>, ChannelOptions)>,
    shutdown: ShutdownOptions,
    token: campanile_core::BoxFuture<'static, ()>,
    #[cfg(feature = "axum")]
    pub(crate) access: Access,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            store: None,
            bus: None,
            clock: Arc::new(SystemClock),
            sse: SseOptions::default(),
            retention: RetentionOptions::default(),
            types: Definitions::default(),
            typed: Definitions::default(),
            limits: DraftLimits::default(),
            channels: Vec::new(),
            shutdown: ShutdownOptions::default(),
            token: Box::pin(pending()),
            #[cfg(feature = "axum")]
            access: Access::default(),
        }
    }
}

impl std::fmt::Debug for Builder {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("sse", &self.sse).field("retention", &self.retention).finish_non_exhaustive()
    }
}

impl Builder {
    /// Where inboxes and logs are kept. Required.
    ///
    /// ```
    /// let builder = campanile::Campanile::builder().store(campanile::MemoryStore::default());
    /// ```
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Joins other nodes over this bus. Default: this node is alone.
    ///
    /// ```
    /// let builder = campanile::Campanile::builder().bus(campanile::MemoryBus::default());
    /// ```
    #[must_use]
    pub fn bus(mut self, bus: impl Bus) -> Self {
        self.bus = Some(Arc::new(bus));
        self
    }

    /// The wall clock. Default: the system's.
    ///
    /// ```
    /// let builder = campanile::Campanile::builder().clock(campanile::SystemClock);
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How streams behave.
    ///
    /// ```
    /// use campanile::{Campanile, ConnectionLimitPolicy, SseOptions};
    ///
    /// let builder = Campanile::builder().sse(SseOptions {
    ///     max_connections_per_user: 4,
    ///     connection_limit_policy: ConnectionLimitPolicy::EvictOldest,
    ///     ..SseOptions::default()
    /// });
    /// ```
    #[must_use]
    pub fn sse(mut self, sse: SseOptions) -> Self {
        self.sse = sse;
        self
    }

    /// How long things are kept.
    ///
    /// ```
    /// use campanile::{Campanile, RetentionOptions};
    ///
    /// let month = std::time::Duration::from_secs(30 * 24 * 60 * 60);
    /// let builder = Campanile::builder().retention(RetentionOptions { inbox: month, ..RetentionOptions::default() });
    /// ```
    #[must_use]
    pub fn retention(mut self, retention: RetentionOptions) -> Self {
        self.retention = retention;
        self
    }

    /// What is known of notification types, and what is done with unknown ones.
    ///
    /// ```
    /// use campanile::{Campanile, Definition, Definitions, IN_APP, TypeName, TypesPolicy};
    ///
    /// let invoices = Definition { channels: vec![IN_APP.into(), "mail".into()], ..Definition::default() };
    /// let types = [(TypeName::new("invoices.approved")?, invoices)].into();
    /// let builder = Campanile::builder().types(Definitions { policy: TypesPolicy::Strict, types });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn types(mut self, types: Definitions) -> Self {
        self.types = types;
        self
    }

    /// Makes a type that is declared in code known by its name: for publishes over HTTP, and under
    /// [`TypesPolicy::Strict`](crate::TypesPolicy::Strict). What [`Builder::types`] says of the same name goes before.
    ///
    /// ```
    /// use campanile::{Campanile, NotificationType};
    ///
    /// struct InvoiceApproved;
    ///
    /// impl NotificationType for InvoiceApproved {
    ///     type Data = ();
    ///     const NAME: &'static str = "invoices.approved";
    ///     const DISPLAY_NAME: Option<&'static str> = Some("Invoice approved");
    ///
    ///     fn data(&self) -> &() { &() }
    /// }
    ///
    /// let builder = Campanile::builder().notification_type::<InvoiceApproved>();
    /// ```
    #[must_use]
    pub fn notification_type<T: NotificationType>(mut self) -> Self {
        // It compiles, so it is a name.
        if let Ok(name) = TypeName::new(typed::name::<T>()) {
            self.typed.types.insert(name, typed::definition::<T>());
        }
        self
    }

    /// How much one publish may hold.
    ///
    /// ```
    /// use campanile::{Campanile, DraftLimits};
    ///
    /// let builder = Campanile::builder().limits(DraftLimits { users: 500, ..DraftLimits::default() });
    /// ```
    #[must_use]
    pub fn limits(mut self, limits: DraftLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds a way of delivery beside the inbox and the stream. Its name is its own: not the name of one of those, nor of another channel.
    ///
    /// ```
    /// use campanile::{BoxFuture, Campanile, Channel, DeliveryBatch, Outcome};
    ///
    /// struct Pager;
    ///
    /// impl Channel for Pager {
    ///     fn name(&self) -> &str { "pager" }
    ///
    ///     fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
    ///         Box::pin(async { batch.recipients.iter().map(|_| Outcome::Delivered { reached: 1 }).collect() })
    ///     }
    /// }
    ///
    /// let builder = Campanile::builder().channel(Pager);
    /// ```
    #[must_use]
    pub fn channel(self, channel: impl Channel) -> Self {
        self.channel_with(channel, ChannelOptions::default())
    }

    /// The same, with a queue, workers, a time limit and attempts of its own.
    ///
    /// ```
    /// # use campanile::{BoxFuture, Campanile, Channel, ChannelOptions, DeliveryBatch, Outcome};
    /// # struct Pager;
    /// # impl Channel for Pager {
    /// #     fn name(&self) -> &str { "pager" }
    /// #     fn deliver<'a>(&'a self, _: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> { Box::pin(async { vec![] }) }
    /// # }
    /// let builder = Campanile::builder().channel_with(Pager, ChannelOptions { workers: 1, ..ChannelOptions::default() });
    /// ```
    #[must_use]
    pub fn channel_with(mut self, channel: impl Channel, options: ChannelOptions) -> Self {
        self.channels.push((Arc::new(channel), options));
        self
    }

    /// Begins to leave when `token` is ready, as [`Campanile::drain`] does: a signal, a `CancellationToken`'s `cancelled_owned()`, a
    /// `oneshot::Receiver`'s end, anything. It is polled in a task of its own, and dropped when the last of the engine's handles is.
    ///
    /// ```
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// let builder = campanile::Campanile::builder().shutdown(async { stopped.await.unwrap_or(()) });
    /// # drop(stop);
    /// ```
    #[must_use]
    pub fn shutdown(mut self, token: impl Future<Output = ()> + Send + 'static) -> Self {
        self.token = Box::pin(token);
        self
    }

    /// How long leaving may take.
    ///
    /// ```
    /// use campanile::{Campanile, ShutdownOptions};
    ///
    /// let five = std::time::Duration::from_secs(5);
    /// let builder = Campanile::builder().shutdown_options(ShutdownOptions { delay: five, ..ShutdownOptions::default() });
    /// ```
    #[must_use]
    pub fn shutdown_options(mut self, options: ShutdownOptions) -> Self {
        self.shutdown = options;
        self
    }

    /// Checks everything, asks the store whether it is there, and starts the engine's background work on the current runtime.
    ///
    /// ```
    /// use campanile::{BuildError, Campanile};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let missing = Campanile::builder().build().await.unwrap_err();
    /// println!("{missing}"); // what is missing, and how it is given
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`BuildError`] says what is missing or wrong. Nothing was started then.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropped while the store is asked, nothing was started.
    pub async fn build(mut self) -> Result<Campanile, BuildError> {
        let store = self.store.take().ok_or(BuildError::NoStore)?;
        #[cfg(feature = "axum")]
        let access = std::mem::take(&mut self.access);
        let engine = self.engine(Arc::clone(&store));
        let faults = engine.faults();
        #[cfg(feature = "axum")]
        let faults = faults.and(access.faults());
        faults.or_ok(())?;
        #[cfg(feature = "axum")]
        let access = access.checked()?;
        store.check().await?;
        let engine = engine.start();
        #[cfg(feature = "axum")]
        let stats = Arc::default();
        Ok(Campanile {
            #[cfg(feature = "axum")]
            http: access.routes(engine.clone(), Arc::clone(&stats))?,
            #[cfg(feature = "axum")]
            stats,
            engine,
        })
    }

    fn engine(self, store: Arc<dyn Store>) -> EngineBuilder {
        let mut types = self.typed;
        types.types.extend(self.types.types);
        types.policy = self.types.policy;
        let mut engine = Engine::builder(store)
            .clock(self.clock)
            .sse(self.sse)
            .retention(self.retention)
            .definitions(types)
            .limits(self.limits)
            .shutdown_options(self.shutdown)
            .leave_on(self.token);
        if let Some(bus) = self.bus {
            engine = engine.bus(bus);
        }
        let add = |engine: EngineBuilder, (channel, options)| engine.channel_with(channel, options);
        self.channels.into_iter().fold(engine, add)
    }
}
