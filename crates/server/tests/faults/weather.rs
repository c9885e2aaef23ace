//! The network between clients and server, and what it does to them.

use crate::scene::Scene;
use campanile_testkit::{Cut, TcpProxy};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};

/// What a kernel keeps of each connection on its way, in bytes.
const BUFFERS: usize = 4096;

/// Some ways to the server, each with weather of its own, until it clears up.
pub(crate) struct Weather {
    proxies: Vec<Arc<TcpProxy>>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Weather {
    pub(crate) async fn start(to: SocketAddr, ways: usize, scene: &Scene) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (mut proxies, mut tasks) = (Vec::new(), JoinSet::new());
        for number in 0..ways {
            let proxy = Arc::new(TcpProxy::with_buffers(to, BUFFERS).await);
            let way = Way { proxy: Arc::clone(&proxy), rng: scene.rng(5, number), scene: scene.clone() };
            tasks.spawn(way.run(stopped.clone()));
            proxies.push(proxy);
        }
        Self { proxies, stop, tasks }
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.proxies.iter().map(|proxy| proxy.address()).collect()
    }

    /// Lets nothing through until it clears up.
    pub(crate) fn hang_everywhere(&self) {
        self.proxies.iter().for_each(|proxy| proxy.hang());
    }

    /// Lets everything through from now on.
    pub(crate) async fn clear_up(&mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        self.proxies.iter().for_each(|proxy| proxy.forward());
    }
}

struct Way {
    proxy: Arc<TcpProxy>,
    rng: fastrand::Rng,
    scene: Scene,
}

impl Way {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let lasts = Duration::from_millis(self.change());
            let _ = tokio::time::timeout(lasts, stopped.wait_for(|stopped| *stopped)).await;
        }
    }

    /// What it is like now, and for how many milliseconds.
    fn change(&mut self) -> u64 {
        self.proxy.forward();
        match self.rng.u8(0..8) {
            0 => {
                self.scene.record.hung();
                self.proxy.hang();
                self.rng.u64(20..2500)
            }
            1 => {
                self.scene.record.slowed();
                self.proxy.slow(self.rng.u64(1_000..40_000));
                self.rng.u64(200..2000)
            }
            2 => {
                self.scene.record.torn();
                self.proxy.cut(if self.rng.bool() { Cut::Reset } else { Cut::Close });
                self.rng.u64(1..500)
            }
            _ => self.rng.u64(50..800),
        }
    }
}
