//! Publishers: each sends one notification after the other, takes one back now and then, and tells the oracle what it was told.

use crate::{PUBLISHERS, Shared, USERS, schedule::Schedule, user};
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
    pub(crate) fn start(node: &TestNode, schedule: &Schedule, shared: &Shared) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..PUBLISHERS {
            let publisher = Publisher {
                number,
                rng: schedule.rng(1, number),
                to: node.address(),
                key: node.api_key().to_owned(),
                shared: shared.clone(),
                published: VecDeque::new(),
            };
            tasks.spawn(publisher.run(stopped.clone()));
        }
        Self { stop, tasks }
    }

    /// Lets everybody finish what is under way.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.tasks.join_all().await;
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
    shared: Shared,
    published: VecDeque<Published>,
}

impl Publisher {
    async fn run(mut self, stopped: watch::Receiver<bool>) {
        let mut count = 0u32;
        while !*stopped.borrow() {
            count += 1;
            let mark = format!("{}-{count}", self.number);
            let users = self.audience();
            self.publish(&mark, users).await;
            if self.rng.u8(0..8) == 0 {
                self.withdraw().await;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(0..4))).await;
        }
    }

    /// Mostly one user, sometimes several: one transaction for all of them.
    fn audience(&mut self) -> Vec<String> {
        let size = if self.rng.u8(0..4) == 0 { self.rng.usize(2..8) } else { 1 };
        self.rng.choose_multiple(0..USERS, size).into_iter().map(user).collect()
    }

    async fn publish(&mut self, mark: &str, users: Vec<String>) {
        let filler = "x".repeat(self.rng.usize(0..600));
        let draft = json!({"type": "kill", "to": {"users": users}, "data": {"mark": mark}, "body": filler});
        match self.send(Request::post("/api/notifications").json(draft)).await {
            Ok(Some(answer)) => {
                let id = answer.expect(202).json()["notificationId"].as_str().expect("an id").to_owned();
                self.shared.record.acknowledged();
                self.shared.tell(|oracle| {
                    users.iter().for_each(|user| oracle.acknowledged(user, self.number, mark, &id));
                });
                self.published.truncate(REMEMBERED);
                self.published.push_front(Published { id, users });
            }
            Ok(None) => {
                self.shared.record.unanswered();
                self.shared.tell(|oracle| users.iter().for_each(|user| oracle.unanswered(user, mark)));
            }
            Err(_) => self.shared.record.unsent(),
        }
    }

    /// Takes one of the last ones back.
    async fn withdraw(&mut self) {
        let Some(Published { id, users }) = self.rng.choice(&self.published) else { return };
        let request = Request::new("DELETE", format!("/api/notifications/{id}"));
        let Ok(answer) = self.send(request).await else { return };
        let acknowledged = answer.map(|answer| answer.expect(202)).is_some();
        if acknowledged {
            self.shared.record.withdrawn();
        }
        self.shared.tell(|oracle| users.iter().for_each(|user| oracle.withdrawn(user, id, acknowledged)));
    }

    async fn send(&self, request: Request) -> io::Result<Option<Answer>> {
        crate::send(self.to, request.bearer(&self.key)).await
    }
}
