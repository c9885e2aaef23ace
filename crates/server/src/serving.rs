//! Both accept loops, from the first connection to the last.

use crate::{
    config::Config,
    listen::{Listener, Listeners},
};
use axum::Router;
use campanile_live::{LiveOptions, LiveStats, Server};
use prometheus_client::registry::Registry;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::sleep};

/// How often it is looked whether the last connections are closed.
const LOOK: Duration = Duration::from_millis(5);

/// The servers, before there is anything to serve.
pub(crate) struct Servers {
    public: Server,
    admin: Server,
}

impl Servers {
    /// With the limits of this configuration.
    pub(crate) fn new(config: &Config, listeners: &Listeners) -> Self {
        let server = |listener: &Listener| {
            Server::new(LiveOptions {
                write_timeout: config.write_timeout,
                direct: config.direct,
                shared_sockets: listener.inherited,
                ..LiveOptions::for_streams()
            })
        };
        Self { public: server(&listeners.public), admin: server(&listeners.admin) }
    }

    /// What they count.
    pub(crate) fn metrics(&self) -> Registry {
        let mut registry = Registry::with_prefix("campanile");
        campanile_live::register(&mut registry, [("public", self.public.stats()), ("admin", self.admin.stats())]);
        registry
    }

    /// Begins to accept connections.
    pub(crate) fn serve(self, listeners: Listeners, public: Router, admin: Router) -> Serving {
        let Listeners { public: at, admin: admin_at, .. } = listeners;
        let mut loops = JoinSet::new();
        let public = Door::open(&mut loops, self.public, at, public);
        let admin = Door::open(&mut loops, self.admin, admin_at, admin);
        Serving { loops, public, admin }
    }
}

/// Both accept loops. Dropping them closes everything at once.
pub(crate) struct Serving {
    loops: JoinSet<()>,
    public: Door,
    admin: Door,
}

/// One of them from outside.
struct Door {
    stop: watch::Sender<bool>,
    stats: Arc<LiveStats>,
    shared: bool,
}

impl Door {
    fn open(loops: &mut JoinSet<()>, server: Server, listener: Listener, app: Router) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let (stats, shared) = (server.stats(), listener.inherited);
        loops.spawn(async move {
            let stop = async move { _ = stopped.wait_for(|stop| *stop).await };
            // It fails only where there is nothing to listen on.
            _ = server.serve(listener.sockets, app, stop).await;
        });
        Self { stop, stats, shared }
    }
}

impl Serving {
    /// Leaves whoever comes for the public listener to those who have its sockets too. Whether anybody has: otherwise everything goes on.
    pub(crate) fn hand_over(&self) -> bool {
        if self.public.shared {
            self.public.stop.send_replace(true);
        }
        self.public.shared
    }

    /// Takes nothing more, and waits for the answers under way.
    pub(crate) async fn end(&mut self) {
        for door in [&self.public, &self.admin] {
            door.stop.send_replace(true);
        }
        while self.loops.join_next().await.is_some() {}
    }

    /// Closes everything at once.
    pub(crate) async fn cut(&mut self) {
        self.loops.shutdown().await;
    }

    /// Waits for the peers that have their answers to close.
    pub(crate) async fn closed(&self) {
        while self.public.stats.open() + self.admin.stats.open() > 0 {
            sleep(LOOK).await;
        }
    }
}
