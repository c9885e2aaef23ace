//! What all routes share.

use crate::{ApiKey, Credentials, is_cookie_name, is_origin, origin::Origins, rate::Rate, tickets::Tickets};
use campanile_core::{Engine, OptionFaults, Timestamp};
use prometheus_client::{encoding::text, registry::Registry};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// How the routes behave. Every default is the contract's.
///
/// ```
/// use campanile_http::HttpOptions;
///
/// let options = HttpOptions { body_bytes: 16 * 1024, connects_per_minute: 60, ..HttpOptions::default() };
/// ```
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Origins whose pages may read answers and use cookies. Default: none but the own one.
    pub cors_origins: Vec<String>,
    /// The largest body. Default 64 KiB.
    pub body_bytes: usize,
    /// The cookie that may hold a user's token. Default `campanile_token`.
    pub cookie: String,
    /// How many streams and long polls one user may open in a minute. Default 600.
    pub connects_per_minute: u32,
    /// How many changes (marks, deletions) one user may ask for in a minute. Default 600.
    pub changes_per_minute: u32,
    /// What this node is called in the list of connections. Default: a name drawn at random.
    pub node: String,
    /// Keys for `/metrics`; without any it is open to whoever reaches it.
    pub admin_keys: Vec<ApiKey>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            body_bytes: 64 * 1024,
            cookie: "campanile_token".into(),
            connects_per_minute: 600,
            changes_per_minute: 600,
            node: format!("node-{:08x}", fastrand::u32(..)),
            admin_keys: Vec::new(),
        }
    }
}

impl HttpOptions {
    /// What of them makes no sense.
    #[must_use]
    pub fn faults(&self) -> OptionFaults {
        let mut faults = OptionFaults::default();
        for origin in self.cors_origins.iter().filter(|origin| !is_origin(origin)) {
            let why = "which is no origin as browsers send it: https://host or https://host:port in lower case, without a path";
            faults.add("http.cors_origins", format!("lists {origin:?}, {why}"));
        }
        faults.zeros(
            "http",
            [
                ("body_bytes", self.body_bytes == 0),
                ("connects_per_minute", self.connects_per_minute == 0),
                ("changes_per_minute", self.changes_per_minute == 0),
            ],
        );
        if !is_cookie_name(&self.cookie) {
            faults.add("http.cookie", "must be a cookie's name: letters, digits and !#$%&'*+-.^_`|~");
        }
        for clash in ApiKey::clashes(&self.admin_keys) {
            faults.add("http.admin_keys", clash);
        }
        faults
    }
}

/// The HTTP side of one engine: makes its routers. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    credentials: Credentials,
    options: HttpOptions,
    origins: Origins,
    tickets: Tickets,
    connects: Rate,
    changes: Rate,
    registry: Registry,
    leaving: AtomicBool,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("engine", &self.inner.engine).finish_non_exhaustive()
    }
}

impl Http {
    /// Puts routes over an engine.
    ///
    /// # Errors
    ///
    /// [`HttpOptions::faults`], if there are any.
    pub fn new(engine: Engine, credentials: Credentials, options: HttpOptions) -> Result<Self, OptionFaults> {
        Self::with_registry(engine, credentials, options, Registry::with_prefix("campanile"))
    }

    /// The same, with a registry whose metrics `/metrics` shows too.
    ///
    /// # Errors
    ///
    /// Those of [`Http::new`].
    pub fn with_registry(
        engine: Engine,
        credentials: Credentials,
        options: HttpOptions,
        mut registry: Registry,
    ) -> Result<Self, OptionFaults> {
        options.faults().or_ok(())?;
        engine.metrics().register(&mut registry);
        if let Some(store) = engine.store().metrics() {
            store.register(&mut registry);
        }
        let inner = Inner {
            connects: Rate::per_minute(options.connects_per_minute),
            changes: Rate::per_minute(options.changes_per_minute),
            tickets: Tickets::default(),
            leaving: AtomicBool::new(false),
            origins: Origins::new(&options.cors_origins),
            engine,
            credentials,
            options,
            registry,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The engine beneath.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Makes `/health/ready` fail from now on, while everything else goes on: the first step of leaving, before [`Engine::drain`].
    pub fn fail_readiness(&self) {
        self.inner.leaving.store(true, Ordering::Release);
    }

    /// All metrics as OpenMetrics text.
    ///
    /// # Errors
    ///
    /// The encoder's; none is known.
    pub fn metrics_text(&self) -> Result<String, fmt::Error> {
        let mut to = String::new();
        text::encode(&mut to, &self.inner.registry)?;
        Ok(to)
    }

    pub(crate) fn is_draining(&self) -> bool {
        let engine = &self.inner.engine;
        self.inner.leaving.load(Ordering::Acquire) || engine.is_leaving() || engine.is_draining()
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    pub(crate) fn origins(&self) -> &Origins {
        &self.inner.origins
    }

    pub(crate) fn tickets(&self) -> &Tickets {
        &self.inner.tickets
    }

    pub(crate) fn connects(&self) -> &Rate {
        &self.inner.connects
    }

    pub(crate) fn changes(&self) -> &Rate {
        &self.inner.changes
    }

    pub(crate) fn node(&self) -> &str {
        &self.inner.options.node
    }

    pub(crate) fn cookie(&self) -> &str {
        &self.inner.options.cookie
    }

    pub(crate) fn admin_keys(&self) -> &[ApiKey] {
        &self.inner.options.admin_keys
    }

    pub(crate) fn body_bytes(&self) -> usize {
        self.inner.options.body_bytes
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.engine.clock().now()
    }
}
