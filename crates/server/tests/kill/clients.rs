//! Streaming clients: each comes back to where it was, whatever cut it, and keeps every byte.

use crate::{CLIENTS, USERS, record::Record, schedule::Schedule, user};
use campanile_testkit::{Client, Connection, PATIENCE, SseReader, StreamRequest, TestNode};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};

/// Where each user's log ends; `None` while it goes on.
type Heads = Option<Arc<HashMap<String, u64>>>;

/// All clients, until they have caught up.
pub(crate) struct Clients {
    /// Who has come to the end may go.
    heads: watch::Sender<Heads>,
    tasks: JoinSet<Client>,
}

impl Clients {
    /// Starts them, and waits until each has its first stream: who comes later has no claim to what was before.
    pub(crate) async fn start(node: &TestNode, schedule: &Schedule, record: &Arc<Record>) -> Self {
        let (heads, watch) = watch::channel(None);
        let (begun, mut all_begun) = watch::channel(0);
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            let reader = Reader {
                client: Client { user: user(number % USERS), connections: Vec::new() },
                request: node.stream(&user(number % USERS)),
                rng: schedule.rng(2, number),
                record: Arc::clone(record),
                position: None,
                heads: watch.clone(),
            };
            let begun = begun.clone();
            tasks.spawn(reader.run(begun));
        }
        let all = all_begun.wait_for(|begun| *begun == CLIENTS);
        let waited = tokio::time::timeout(PATIENCE, all).await;
        assert!(matches!(waited, Ok(Ok(_))), "not every client has a stream");
        Self { heads, tasks }
    }

    /// Waits until each client has come to the end of its user's log, and gives back all bytes. Whoever does not get there in time is judged
    /// as it is: then the oracle says what is missing.
    pub(crate) async fn caught_up(self, heads: HashMap<String, u64>) -> Vec<Client> {
        self.heads.send_replace(Some(Arc::new(heads)));
        self.tasks.join_all().await
    }
}

/// What becomes of a connection.
enum Outcome {
    /// It ended, one way or another.
    Ended,
    /// There is nothing left to wait for.
    CaughtUp,
}

struct Reader {
    client: Client,
    request: StreamRequest,
    rng: fastrand::Rng,
    record: Arc<Record>,
    position: Option<String>,
    heads: watch::Receiver<Heads>,
}

impl Reader {
    async fn run(mut self, begun: watch::Sender<usize>) -> Client {
        let mut counted = false;
        let mut deadline = None;
        loop {
            if let Some(stream) = self.open().await {
                if !std::mem::replace(&mut counted, true) {
                    begun.send_modify(|begun| *begun += 1);
                }
                if let Outcome::CaughtUp = self.read(stream).await {
                    return self.client;
                }
            }
            // While the server is there again and yet nothing comes, the oracle has to say what is missing.
            let now = tokio::time::Instant::now();
            if self.heads.borrow().is_some() && *deadline.get_or_insert(now + PATIENCE) < now {
                return self.client;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(1..25))).await;
        }
    }

    async fn open(&mut self) -> Option<SseReader> {
        let request = match &self.position {
            Some(position) => self.request.clone().position(position),
            None => self.request.clone(),
        };
        match tokio::time::timeout(PATIENCE, request.try_open()).await {
            Ok(Ok(stream)) => {
                assert_eq!(stream.status(), 200, "{}", String::from_utf8_lossy(stream.head().raw()));
                self.record.opened();
                Some(stream)
            }
            Ok(Err(_)) | Err(_) => {
                self.record.refused();
                None
            }
        }
    }

    /// Reads until the stream ends, or the client leaves by itself (now and then), or it has everything.
    async fn read(&mut self, mut stream: SseReader) -> Outcome {
        let leaves = tokio::time::sleep(Duration::from_millis(self.rng.u64(100..2000)));
        tokio::pin!(leaves);
        let outcome = loop {
            if self.is_at_the_end(&stream) {
                break Outcome::CaughtUp;
            }
            tokio::select! {
                event = stream.event_or_end() => if event.is_err() {
                    self.record.cut();
                    break Outcome::Ended;
                },
                _ = self.heads.changed() => {}
                () = &mut leaves => {
                    self.record.left();
                    break Outcome::Ended;
                }
            }
        };
        let told = stream.last_event_id().to_owned();
        let resumed_from = self.position.clone();
        self.position = Some(told).filter(|told| !told.is_empty()).or_else(|| resumed_from.clone());
        self.client.connections.push(Connection { resumed_from, body: stream.into_body() });
        outcome
    }

    fn is_at_the_end(&self, stream: &SseReader) -> bool {
        let heads = self.heads.borrow();
        let head = heads.as_ref().and_then(|heads| heads.get(&self.client.user).copied());
        let told = stream.last_event_id().rsplit_once('-').and_then(|(_, seq)| seq.parse::<u64>().ok());
        head.is_some_and(|head| told.is_some_and(|told| told >= head))
    }
}
