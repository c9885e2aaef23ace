//! Streaming clients: each comes back to where it was, whatever cut it, and keeps every byte.

use crate::{record::Record, scene::Scene};
use campanile_testkit::{Client, Connection, PATIENCE, SseReader, StreamRequest, TestNode};
use std::{collections::HashMap, net::SocketAddr, ops::Range, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::Instant};

/// Where each user's log ends; `None` while it goes on.
type Heads = Option<Arc<HashMap<String, u64>>>;

/// What a kernel keeps for a reader that stalls, in bytes: little, so that the server notices.
const SMALL_BUFFER: u32 = 4096;

/// How clients behave.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    /// Where they connect: at one of these.
    pub(crate) through: Vec<SocketAddr>,
    /// After how many milliseconds they leave by themselves.
    pub(crate) stay: Range<u64>,
    /// Whether they stop reading now and then.
    pub(crate) stall: bool,
    /// Whether the server they meet may be one that drains: it refuses new streams.
    pub(crate) drains: bool,
}

/// All clients, until they have caught up.
pub(crate) struct Clients {
    /// Who has come to the end may go.
    heads: watch::Sender<Heads>,
    tasks: JoinSet<Client>,
}

impl Clients {
    /// Starts them, and waits until each has its first stream: who comes later has no claim to what was before.
    pub(crate) async fn start(node: &TestNode, scene: &Scene, habits: &Habits) -> Self {
        let (heads, watch) = watch::channel(None);
        let (begun, mut all_begun) = watch::channel(0);
        let mut tasks = JoinSet::new();
        for number in 0..scene.cast.clients {
            let user = scene.user(number % scene.cast.users);
            let reader = Reader {
                request: node.stream(&user),
                client: Client { user, connections: Vec::new() },
                rng: scene.rng(2, number),
                record: Arc::clone(&scene.record),
                position: None,
                heads: watch.clone(),
                habits: habits.clone(),
            };
            tasks.spawn(reader.run(begun.clone()));
        }
        let all = all_begun.wait_for(|begun| *begun == scene.cast.clients);
        let waited = tokio::time::timeout(PATIENCE, all).await;
        assert!(matches!(waited, Ok(Ok(_))), "not every client has a stream");
        Self { heads, tasks }
    }

    /// Waits until each client has come to the end of its user's log, and gives back all bytes. Whoever gets no further for a while is judged as it
    /// is: then the oracle says what is missing.
    pub(crate) async fn caught_up(self, heads: HashMap<String, u64>) -> Vec<Client> {
        self.heads.send_replace(Some(Arc::new(heads)));
        self.tasks.join_all().await
    }
}

/// What becomes of a connection.
enum Outcome {
    /// It ended, one way or another.
    Ended,
    /// The client leaves, in order or not.
    Leaves,
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
    habits: Habits,
}

impl Reader {
    async fn run(mut self, begun: watch::Sender<usize>) -> Client {
        let mut counted = false;
        let mut waits = None;
        loop {
            if let Some(stream) = self.open().await {
                if !std::mem::replace(&mut counted, true) {
                    begun.send_modify(|begun| *begun += 1);
                }
                if let Outcome::CaughtUp = self.read(stream).await {
                    return self.client;
                }
            }
            if self.heads.borrow().is_some() && self.has_waited_in_vain(&mut waits) {
                return self.client;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(1..25))).await;
        }
    }

    /// Whether the server is there again, and yet nothing has come for too long: then the oracle has to say what is missing. Who is slow and has much to
    /// catch up with may take its time.
    fn has_waited_in_vain(&self, waits: &mut Option<(Option<String>, Instant)>) -> bool {
        let now = Instant::now();
        if waits.as_ref().is_none_or(|(place, _)| *place != self.position) {
            *waits = Some((self.position.clone(), now + PATIENCE));
        }
        waits.as_ref().is_some_and(|(_, until)| *until < now)
    }

    /// The next request: by another way than the last, perhaps.
    fn request(&mut self) -> StreamRequest {
        let through = self.habits.through[self.rng.usize(..self.habits.through.len())];
        let mut request = self.request.clone().via(through);
        if let Some(position) = &self.position {
            request = request.position(position);
        }
        if self.habits.stall && self.rng.bool() {
            request = request.receive_buffer(SMALL_BUFFER);
        }
        if self.rng.u8(0..3) == 0 { request.http2() } else { request }
    }

    async fn open(&mut self) -> Option<SseReader> {
        let request = self.request();
        match tokio::time::timeout(PATIENCE, request.try_open()).await {
            Ok(Ok(stream)) if !(self.habits.drains && stream.status() == 503) => {
                assert_eq!(stream.status(), 200, "{}", String::from_utf8_lossy(stream.head().raw()));
                self.record.opened();
                Some(stream)
            }
            Ok(_) | Err(_) => {
                self.record.refused();
                None
            }
        }
    }

    async fn read(&mut self, mut stream: SseReader) -> Outcome {
        let outcome = self.outcome(&mut stream).await;
        stream.pass_over();
        let told = stream.last_event_id().to_owned();
        let resumed_from = self.position.clone();
        self.position = Some(told).filter(|told| !told.is_empty()).or_else(|| resumed_from.clone());
        let resets = matches!(outcome, Outcome::Leaves) && self.rng.bool();
        let body = if resets { stream.reset() } else { stream.into_body() };
        self.client.connections.push(Connection { resumed_from, body });
        outcome
    }

    /// Reads until the stream ends, or the client leaves by itself (now and then), or it has everything.
    async fn outcome(&mut self, stream: &mut SseReader) -> Outcome {
        let leaves = tokio::time::sleep(Duration::from_millis(self.rng.u64(self.habits.stay.clone())));
        tokio::pin!(leaves);
        loop {
            if self.is_at_the_end(stream) {
                return Outcome::CaughtUp;
            }
            tokio::select! {
                event = stream.event_or_end() => match event {
                    Ok(_) => self.stall().await,
                    Err(_) => {
                        self.record.cut();
                        return Outcome::Ended;
                    }
                },
                _ = self.heads.changed() => {}
                () = &mut leaves => {
                    self.record.left();
                    return Outcome::Leaves;
                }
            }
        }
    }

    /// Does not read for a while, now and then, unless there is nothing left to fail.
    async fn stall(&mut self) {
        if self.habits.stall && self.rng.u8(0..60) == 0 && self.heads.borrow().is_none() {
            self.record.stalled();
            tokio::time::sleep(Duration::from_millis(self.rng.u64(0..2500))).await;
        }
    }

    fn is_at_the_end(&self, stream: &SseReader) -> bool {
        let heads = self.heads.borrow();
        let head = heads.as_ref().and_then(|heads| heads.get(&self.client.user).copied());
        let told = stream.last_event_id().rsplit_once('-').and_then(|(_, seq)| seq.parse::<u64>().ok());
        head.is_some_and(|head| told.is_some_and(|told| told >= head))
    }
}
