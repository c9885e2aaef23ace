//! Publishers: each sends one notification after the other, and keeps what it was told.

use crate::{PUBLISHERS, USERS, record::Record, schedule::Schedule, user};
use campanile_testkit::{Oracle, Request, TestNode};
use serde_json::json;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};

/// The publishers, until they are stopped.
pub(crate) struct Publishers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Vec<Sent>>,
}

/// A publish that left its publisher.
struct Sent {
    publisher: usize,
    mark: String,
    users: Vec<String>,
    acknowledged: bool,
}

impl Publishers {
    pub(crate) fn start(node: &TestNode, schedule: &Schedule, record: &Arc<Record>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..PUBLISHERS {
            let publisher = Publisher {
                number,
                rng: schedule.rng(1, number),
                to: node.address(),
                key: node.api_key().to_owned(),
                record: Arc::clone(record),
            };
            tasks.spawn(publisher.run(stopped.clone()));
        }
        Self { stop, tasks }
    }

    /// Lets everybody finish what is under way, and tells the oracle what came of it.
    pub(crate) async fn stop(self) -> Oracle {
        self.stop.send_replace(true);
        let mut oracle = Oracle::default();
        for sent in self.tasks.join_all().await.into_iter().flatten() {
            for user in &sent.users {
                match sent.acknowledged {
                    true => oracle.acknowledged(user, sent.publisher, &sent.mark),
                    false => oracle.unanswered(user, &sent.mark),
                }
            }
        }
        oracle
    }
}

struct Publisher {
    number: usize,
    rng: fastrand::Rng,
    to: SocketAddr,
    key: String,
    record: Arc<Record>,
}

impl Publisher {
    async fn run(mut self, stopped: watch::Receiver<bool>) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut count = 0u32;
        while !*stopped.borrow() {
            count += 1;
            let mark = format!("{}-{count}", self.number);
            let users = self.audience();
            match self.publish(&mark, &users).await {
                Ok(acknowledged) => sent.push(Sent { publisher: self.number, mark, users, acknowledged }),
                Err(_) => self.record.unsent(),
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(0..4))).await;
        }
        sent
    }

    /// Mostly one user, sometimes several: one transaction for all of them.
    fn audience(&mut self) -> Vec<String> {
        let size = if self.rng.u8(0..4) == 0 { self.rng.usize(2..8) } else { 1 };
        self.rng.choose_multiple(0..USERS, size).into_iter().map(user).collect()
    }

    /// Whether it was acknowledged. An error means that it was not even sent.
    async fn publish(&mut self, mark: &str, users: &[String]) -> io::Result<bool> {
        let filler = "x".repeat(self.rng.usize(0..600));
        let draft = json!({"type": "kill", "to": {"users": users}, "data": {"mark": mark}, "body": filler});
        let request = Request::post("/api/notifications").bearer(&self.key).json(draft);
        match tokio::time::timeout(Duration::from_secs(10), request.try_send(self.to)).await {
            Ok(Ok(answer)) if answer.status() == 202 => {
                self.record.acknowledged();
                Ok(true)
            }
            Ok(Ok(answer)) => panic!("{answer}"),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(error),
            Ok(Err(_)) | Err(_) => {
                self.record.unanswered();
                Ok(false)
            }
        }
    }
}
