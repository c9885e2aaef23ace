//! An engine in memory, and a reader that takes a session's bytes as a browser would.

use campanile_core::{
    AudienceDraft, Draft, Engine, EngineBuilder, Identity, NotificationId, OpenRequest, Recipient, Session, Tenant,
    Timestamp, Transport, UserId, store::MemoryStore,
};
use campanile_sse::{Item, Limits, Parser};
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::time::timeout;

pub(crate) fn builder() -> EngineBuilder {
    Engine::builder(Arc::new(MemoryStore::default()))
}

pub(crate) fn who(user: &str) -> Recipient {
    Recipient::new(Tenant::default(), UserId::new(user).unwrap())
}

pub(crate) fn request(user: &str, position: Option<&str>) -> OpenRequest {
    OpenRequest {
        identity: Identity { recipient: who(user), expires_at: None, issued_at: None },
        position: position.map(|p| p.as_bytes().to_vec().into()),
        transport: Transport::Http1,
    }
}

pub(crate) fn until(user: &str, expires_at: Timestamp) -> OpenRequest {
    let mut request = request(user, None);
    request.identity.expires_at = Some(expires_at);
    request
}

/// Publishes to some users; the title is the notification's mark.
pub(crate) async fn publish(engine: &Engine, users: &[&str], title: &str) -> NotificationId {
    let draft = Draft { title: Some(title.into()), ..Draft::new("test", AudienceDraft::users(users.iter().copied())) };
    engine.publish(&Tenant::default(), &draft).await.unwrap().notification_id
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    /// The id that this very event carried.
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn title(&self) -> &str {
        self.data["title"].as_str().unwrap_or_default()
    }

    pub(crate) fn seq(&self) -> u64 {
        self.id.as_ref().and_then(|id| id.split_once('-')).and_then(|(_, seq)| seq.parse().ok()).unwrap()
    }
}

pub(crate) struct Reader {
    pub(crate) session: Session,
    parser: Parser,
    /// The id of the last event that was taken.
    pub(crate) last_id: String,
    parsed_id: String,
    ready: VecDeque<Event>,
}

impl Reader {
    pub(crate) async fn open(engine: &Engine, user: &str, position: Option<&str>) -> Self {
        Self::new(engine.open(request(user, position)).await.unwrap())
    }

    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            parser: Parser::new(Limits::default()),
            last_id: String::new(),
            parsed_id: String::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next event that is more than a sign of life.
    async fn next_real(&mut self) -> Event {
        for _ in 0..200 {
            let event = self.next().await.expect("the stream goes on");
            if event.name != "__heartbeat__" {
                return event;
            }
        }
        panic!("nothing but heartbeats");
    }

    /// The next event; `None` at the stream's end. Waits up to an hour of (paused) time.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                if let Some(id) = &event.id {
                    self.last_id.clone_from(id);
                }
                return Some(event);
            }
            let bytes =
                timeout(Duration::from_secs(3600), self.session.next()).await.expect("an event within an hour")?;
            self.feed(&bytes);
        }
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(item) = self.parser.next_item(&mut bytes).unwrap().map(Item::into_owned) {
            let Item::Event(event) = item else { continue };
            let id = self.parser.last_event_id();
            // Seqs only grow, so an id that did not change was not there.
            let id = (id != self.parsed_id).then(|| id.to_owned());
            self.parsed_id = self.parser.last_event_id().to_owned();
            let data = if event.data.is_empty() { Value::Null } else { serde_json::from_str(&event.data).unwrap() };
            self.ready.push_back(Event { name: event.name.into_owned(), id, data });
        }
    }

    /// The next event of this name.
    pub(crate) async fn named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next_real().await;
            if event.name == name {
                return event;
            }
        }
    }

    /// The next `n` events that are neither counts nor heartbeats.
    pub(crate) async fn take(&mut self, n: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < n {
            let event = self.next_real().await;
            if event.name != "counts" {
                events.push(event);
            }
        }
        events
    }

    pub(crate) async fn titles(&mut self, n: usize) -> Vec<String> {
        self.take(n).await.iter().map(|event| event.title().to_owned()).collect()
    }

    /// Nothing but heartbeats for this long.
    pub(crate) async fn silent(&mut self, span: Duration) {
        let end = tokio::time::Instant::now() + span;
        while let Ok(event) = tokio::time::timeout_at(end, self.next()).await {
            assert_eq!(event.map(|e| e.name).as_deref(), Some("__heartbeat__"));
        }
    }
}
