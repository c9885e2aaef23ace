//! Publishers: each sends one notification after the other, takes one back now and then, and tells the oracle what it was told.

use crate::scene::{Cast, Scene};
use campanile_testkit::{Answer, Request, TestNode};
use serde_json::json;
use std::{collections::VecDeque, io, net::SocketAddr, time::Duration};
use tokio::{sync::watch, task::JoinSet};

/// So many of its notifications a publisher remembers, to take one of them back.
const REMEMBERED: usize = 30;

/// The publishers, until they are stopped.
pub(crate) struct Publishers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Publishers {
    pub(crate) fn start(node: &TestNode, scene: &Scene) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..scene.cast.publishers {
            tasks.spawn(Publisher::new(number, node, scene).run(stopped.clone()));
        }
        Self { stop, tasks }
    }

    /// Lets everybody finish what is under way.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.tasks.join_all().await;
    }

    /// Publishers of the nth flood, who each send what is large, without a pause: to all users at once, and then to each by itself.
    pub(crate) async fn flood(node: &TestNode, scene: &Scene, n: usize) {
        let number = |of| (n + 1) * scene.cast.publishers + of;
        let publishers = (0..scene.cast.publishers).map(|of| Publisher::new(number(of), node, scene).flood());
        publishers.collect::<JoinSet<_>>().join_all().await;
    }
}

/// What a notification became.
struct Published {
    id: String,
    users: Vec<String>,
}

struct Publisher {
    number: usize,
    rng: fastrand::Rng,
    to: SocketAddr,
    key: String,
    scene: Scene,
    published: VecDeque<Published>,
    count: u32,
}

impl Publisher {
    fn new(number: usize, node: &TestNode, scene: &Scene) -> Self {
        Self {
            number,
            rng: scene.rng(1, number),
            to: node.address(),
            key: node.api_key().to_owned(),
            scene: scene.clone(),
            published: VecDeque::new(),
            count: 0,
        }
    }

    async fn run(mut self, stopped: watch::Receiver<bool>) {
        let Cast { bursts, pause, .. } = self.scene.cast;
        while !*stopped.borrow() {
            let users = self.audience();
            if bursts > 0 && self.rng.u32(0..bursts) == 0 {
                self.burst(&users).await;
            } else {
                self.publish(users).await;
            }
            if self.rng.u8(0..8) == 0 {
                self.withdraw().await;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(0..pause))).await;
        }
    }

    /// More than a ring holds, without a pause.
    async fn burst(&mut self, users: &[String]) {
        for _ in 0..self.rng.usize(20..80) {
            self.publish(users.to_vec()).await;
        }
    }

    async fn flood(mut self) {
        let (everybody, size) = (self.scene.users().collect::<Vec<_>>(), self.scene.cast.body);
        for _ in 0..10 {
            self.publish_sized(everybody.clone(), size).await;
        }
        for user in everybody {
            self.publish_sized(vec![user], size).await;
        }
    }

    /// Mostly one user, sometimes several: one transaction for all of them.
    fn audience(&mut self) -> Vec<String> {
        let size = if self.rng.u8(0..4) == 0 { self.rng.usize(2..8) } else { 1 };
        self.scene.some_users(&mut self.rng, size)
    }

    async fn publish(&mut self, users: Vec<String>) {
        let size = self.rng.usize(0..self.scene.cast.body);
        self.publish_sized(users, size).await;
    }

    async fn publish_sized(&mut self, users: Vec<String>, size: usize) {
        self.count += 1;
        let mark = &format!("{}-{}", self.number, self.count);
        let filler = "x".repeat(size);
        let draft = json!({"type": "kill", "to": {"users": users}, "data": {"mark": mark}, "body": filler});
        match self.send(Request::post("/api/notifications").json(draft)).await {
            Ok(Some(answer)) => {
                let id = answer.expect(202).json()["notificationId"].as_str().expect("an id").to_owned();
                self.scene.record.acknowledged();
                self.scene.tell(|oracle| {
                    users.iter().for_each(|user| oracle.acknowledged(user, self.number, mark, &id));
                });
                self.published.truncate(REMEMBERED);
                self.published.push_front(Published { id, users });
            }
            Ok(None) => {
                self.scene.record.unanswered();
                self.scene.tell(|oracle| users.iter().for_each(|user| oracle.unanswered(user, mark)));
            }
            Err(_) => self.scene.record.unsent(),
        }
    }

    /// Takes one of the last ones back.
    async fn withdraw(&mut self) {
        let Some(Published { id, users }) = self.rng.choice(&self.published) else { return };
        let request = Request::new("DELETE", format!("/api/notifications/{id}"));
        let Ok(answer) = self.send(request).await else { return };
        let acknowledged = answer.map(|answer| answer.expect(202)).is_some();
        if acknowledged {
            self.scene.record.withdrawn();
        }
        self.scene.tell(|oracle| users.iter().for_each(|user| oracle.withdrawn(user, id, acknowledged)));
    }

    async fn send(&self, request: Request) -> io::Result<Option<Answer>> {
        crate::send(self.to, request.bearer(&self.key)).await
    }
}
