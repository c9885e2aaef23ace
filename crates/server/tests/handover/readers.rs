//! Streams: each ends with a `reconnect`, cleanly, and is opened again at once where it was, whatever `retryMs` says.

use crate::{READERS, USERS, crowd::Promised, user};
use campanile_testkit::{Client, Connection, End, SseReader, StreamRequest, TestNode, soon};
use std::{collections::HashSet, sync::Arc};
use tokio::{sync::watch, task::JoinSet};

/// The marks that each user must have received; `None` while publishing goes on.
type Expected = Option<Arc<Promised>>;

/// All streams, until they have everything.
pub(crate) struct Readers {
    expected: watch::Sender<Expected>,
    tasks: JoinSet<Client>,
}

struct Reader {
    client: Client,
    request: StreamRequest,
    position: Option<String>,
    marks: HashSet<String>,
    expected: watch::Receiver<Expected>,
}

impl Readers {
    /// Opens them; all are there before this is done.
    pub(crate) async fn start(node: &TestNode) -> Self {
        let (expected, watch) = watch::channel(None);
        let mut tasks = JoinSet::new();
        for number in 0..READERS {
            let reader = Reader {
                client: Client { user: user(number), connections: Vec::new() },
                request: node.stream(&user(number)),
                position: None,
                marks: HashSet::new(),
                expected: watch.clone(),
            };
            let first = reader.open().await;
            tasks.spawn(reader.run(first));
        }
        Self { expected, tasks }
    }

    /// Waits until each has what its user was promised, and gives back all bytes.
    pub(crate) async fn caught_up(self, mut promised: Promised) -> Vec<Client> {
        for number in 0..USERS {
            promised.entry(user(number)).or_default();
        }
        self.expected.send_replace(Some(Arc::new(promised)));
        soon("what was acknowledged", self.tasks.join_all()).await
    }
}

impl Reader {
    async fn open(&self) -> SseReader {
        let request = self.request.clone();
        let request = self.position.as_ref().map_or(request.clone(), |position| request.position(position));
        let stream = request.open().await;
        assert_eq!(stream.status(), 200, "{}", String::from_utf8_lossy(stream.head().raw()));
        stream
    }

    async fn run(mut self, first: SseReader) -> Client {
        let mut stream = first;
        while !self.read(stream).await {
            stream = self.open().await;
        }
        self.client
    }

    /// Reads to the stream's end, or until there is nothing left to wait for; whether that is so.
    async fn read(&mut self, mut stream: SseReader) -> bool {
        let mut last = String::new();
        let done = loop {
            if self.has_everything() {
                break true;
            }
            tokio::select! {
                event = stream.event_or_end() => match event {
                    Ok(event) => {
                        if event.name == "notification" {
                            self.marks.extend(event.json()["data"]["mark"].as_str().map(str::to_owned));
                        }
                        last = event.name;
                    }
                    Err(end) => {
                        assert_eq!((end, last.as_str()), (End::Clean, "reconnect"), "{stream}");
                        break false;
                    }
                },
                _ = self.expected.changed() => {}
            }
        };
        let resumed_from = self.position.replace(stream.last_event_id().to_owned());
        self.client.connections.push(Connection { resumed_from, body: stream.into_body() });
        done
    }

    fn has_everything(&self) -> bool {
        let expected = self.expected.borrow();
        let mine = expected.as_ref().and_then(|expected| expected.get(&self.client.user));
        mine.is_some_and(|mine| mine.is_subset(&self.marks))
    }
}
