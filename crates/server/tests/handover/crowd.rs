//! Those who ask: on a new connection each time, on one that they keep, and publishers. Each waits for its answer, and nothing but an answer
//! will do.

use crate::{ASKERS, KEEPERS, PUBLISHERS, SPEAKERS, http2::Http2, user};
use campanile_testkit::{Oracle, Request, Socket, TestNode, soon};
use serde_json::json;
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// A connection that was kept for this long without a request may have been closed, as with any server; then the request is made anew.
/// A node that leaves waits twice as long.
const KEPT: Duration = Duration::from_millis(500);

/// Everybody who asks, until they are stopped.
pub(crate) struct Crowd {
    stop: watch::Sender<bool>,
    answers: Arc<AtomicU64>,
    askers: JoinSet<()>,
    publishers: JoinSet<(usize, Vec<(String, String)>)>,
}

#[derive(Clone)]
struct Member {
    number: usize,
    to: SocketAddr,
    stopped: watch::Receiver<bool>,
    answers: Arc<AtomicU64>,
}

impl Crowd {
    pub(crate) fn start(node: &TestNode) -> Self {
        let (stop, stopped) = watch::channel(false);
        let answers = Arc::<AtomicU64>::default();
        let member = |number| Member { number, to: node.address(), stopped: stopped.clone(), answers: answers.clone() };
        let counts = |number| Request::get("/notifications/counts").bearer(&node.token(&user(number)));
        let (mut askers, mut publishers) = (JoinSet::new(), JoinSet::new());
        for number in 0..ASKERS {
            askers.spawn(member(number).ask(counts(number)));
        }
        for number in 0..KEEPERS {
            askers.spawn(member(number).keep(counts(number).field("Connection", "keep-alive")));
        }
        for number in 0..SPEAKERS {
            askers.spawn(member(number).speak(Http2::new(node.address(), node.token(&user(number)))));
        }
        for number in 0..PUBLISHERS {
            publishers.spawn(member(number).publish(node.api_key().to_owned()));
        }
        Self { stop, answers, askers, publishers }
    }

    /// Waits until there were as many answers as there are clients who ask.
    pub(crate) async fn is_answered(&self) {
        let enough = self.answers.load(Ordering::Relaxed) + (ASKERS + KEEPERS + SPEAKERS + PUBLISHERS) as u64;
        let answered = async {
            while self.answers.load(Ordering::Relaxed) < enough {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        soon("answers", answered).await;
    }

    /// Lets everybody finish; what was acknowledged, the marks that each user was promised, and how many answers there were.
    pub(crate) async fn stop(self) -> (Oracle, Promised, u64) {
        self.stop.send_replace(true);
        self.askers.join_all().await;
        let (mut oracle, mut promised) = (Oracle::default(), Promised::new());
        for (publisher, published) in self.publishers.join_all().await {
            let user = user(publisher);
            for (mark, id) in published {
                oracle.acknowledged(&user, publisher, &mark, &id);
                promised.entry(user.clone()).or_default().insert(mark);
            }
        }
        (oracle, promised, self.answers.load(Ordering::Relaxed))
    }
}

/// The marks that each user was promised.
pub(crate) type Promised = HashMap<String, HashSet<String>>;

impl Member {
    /// Whether to go on, after a moment.
    async fn goes_on(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..60))).await;
        !*self.stopped.borrow()
    }

    fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    async fn ask(self, request: Request) {
        while self.goes_on().await {
            let _ = request.send(self.to).await.expect(200);
            self.answered();
        }
    }

    /// Publishes one after the other; the marks, with their notifications' ids.
    async fn publish(self, key: String) -> (usize, Vec<(String, String)>) {
        let mut marks = Vec::new();
        while self.goes_on().await {
            let mark = format!("{}-{}", self.number, marks.len());
            let draft = json!({"type": "t", "to": {"users": [user(self.number)]}, "data": {"mark": mark}});
            let request = Request::post("/api/notifications").bearer(&key).json(draft);
            let answer = request.send(self.to).await.expect(202).json();
            marks.push((mark, answer["notificationId"].as_str().expect("an id").to_owned()));
            self.answered();
        }
        (self.number, marks)
    }

    async fn speak(self, mut http2: Http2) {
        while self.goes_on().await {
            assert_eq!(http2.counts().await, 200);
            self.answered();
        }
    }

    async fn keep(self, request: Request) {
        let mut kept: Option<(Socket, Instant)> = None;
        while self.goes_on().await {
            let (mut socket, since) = match kept.take() {
                Some((socket, since)) => (socket, Some(since)),
                None => (soon("a connection", Socket::connect(self.to, None)).await.expect("a connection"), None),
            };
            // The socket takes what is sent even if its other end is closed; only reading tells.
            let sent = socket.send(&request.encode(self.to)).await;
            let head = soon("a head", socket.head()).await;
            let Some(head) = sent.and(head).expect("no reset") else {
                assert!(since.is_some_and(|since| since.elapsed() > KEPT), "closed before it had an answer");
                continue;
            };
            assert_eq!(head.status(), 200);
            soon("a body", socket.body()).await.expect("a whole answer");
            self.answered();
            if head.get("connection") != Some("close") {
                kept = Some((socket, Instant::now()));
            }
        }
    }
}
