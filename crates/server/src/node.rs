//! The composition root: what is plugged into what.

use crate::{
    config::{Config, StoreUrl},
    credentials,
    failure::Failure,
};
use axum::Router;
use campanile_core::{
    DraftLimits, Engine,
    store::{MemoryStore, Store},
};
use campanile_http::{Http, HttpOptions, LOCALHOST, openapi};
use campanile_sqlite::{OpenError, Sqlite};
use prometheus_client::registry::Registry;
use std::{net::SocketAddr, path::Path, sync::Arc};

/// One engine with its routes.
pub(crate) struct Node {
    http: Http,
    base_path: String,
    /// Empty: all.
    allowed_hosts: Vec<String>,
}

impl Node {
    /// Starts the engine over an open store. Its `/metrics` shows what is in `metrics` too.
    ///
    /// # Errors
    ///
    /// What the configuration names is not there any more.
    pub(crate) fn start(config: &Config, store: Arc<dyn Store>, metrics: Registry) -> Result<Self, Failure> {
        let credentials = credentials::accepted(config)?;
        let engine = Engine::builder(store)
            .sse(config.sse.clone())
            .retention(config.retention.clone())
            .limits(DraftLimits { users: config.limits.users_per_publish, ..DraftLimits::default() })
            .definitions(config.definitions.clone())
            .start();
        let options = HttpOptions {
            cors_origins: config.cors_origins.clone(),
            body_bytes: config.limits.body_bytes,
            connects_per_minute: config.limits.connects_per_minute,
            changes_per_minute: config.limits.changes_per_minute,
            cookie: config.auth.cookie.clone(),
            admin_keys: config.admin_keys.clone(),
            ..HttpOptions::default()
        };
        let http = Http::with_registry(engine, credentials, options, metrics)
            .map_err(|faults| Failure::Runtime(faults.to_string()))?;
        Ok(Self { http, base_path: config.base_path.clone(), allowed_hosts: config.allowed_hosts.clone() })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        self.http.engine()
    }

    /// Makes `/health/ready` fail from now on.
    pub(crate) fn fail_readiness(&self) {
        self.http.fail_readiness();
    }

    /// The routes for users and applications, with others beside them.
    pub(crate) fn public(&self, beside: Router) -> Router {
        let routes = self
            .http
            .finish(Router::new())
            .nest(&format!("{}/notifications", self.base_path), self.http.user_router())
            .nest(&format!("{}/api", self.base_path), self.http.api_router())
            .merge(self.about())
            .merge(beside);
        self.http.for_hosts(routes, &self.allowed_hosts)
    }

    /// What both listeners answer: how the node is, and what its routes are.
    fn about(&self) -> Router {
        self.http.ops_router().merge(self.http.openapi_router(&openapi::document(&self.base_path)))
    }

    /// The routes for whoever operates the node, to be served at this address.
    pub(crate) fn admin(&self, at: SocketAddr) -> Router {
        let routes = self.http.finish(Router::new()).merge(self.about()).merge(self.http.metrics_router());
        self.http.for_hosts(routes, self.admin_hosts(at))
    }

    /// On loopback it may ask for no key: no page may reach it under another name. Elsewhere a key is needed, and probes call it by addresses.
    fn admin_hosts(&self, at: SocketAddr) -> Vec<&str> {
        if at.ip().is_loopback() {
            self.allowed_hosts.iter().map(String::as_str).chain(LOCALHOST).collect()
        } else {
            Vec::new()
        }
    }
}

/// Opens the store.
///
/// # Errors
///
/// The store's own words; [`Failure::Taken`] while another process has it.
pub(crate) fn open(store: &StoreUrl) -> Result<Arc<dyn Store>, Failure> {
    match store {
        StoreUrl::Sqlite(path) => Ok(Arc::new(open_file(path)?)),
        StoreUrl::Memory => Ok(Arc::new(MemoryStore::default())),
    }
}

fn open_file(path: &Path) -> Result<Sqlite, Failure> {
    Sqlite::open(path).map_err(|error| match error {
        OpenError::InUse { .. } => Failure::Taken(error.to_string()),
        error => Failure::Runtime(error.to_string()),
    })
}
