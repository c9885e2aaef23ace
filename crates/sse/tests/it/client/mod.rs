//! The client against a scripted server, over real sockets, with the clock of the test.
//!
//! Time is paused: tokio moves it on to the next timer as soon as nobody has anything to do, and takes bytes under way for nothing. So the
//! sources under test have no read time-out, which would be that timer, unless [`frozen`] holds the clock while bytes travel.

mod answers;
mod ending;
mod limits;
mod redirects;
mod resuming;
mod server;
mod silence;
mod tokens;
mod waiting;

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use campanile_sse::client::{Connection, EventSource, EventSourceBuilder, EventSourceError};
use reqwest::redirect::Policy;
use tokio::task::JoinHandle;

pub(crate) use self::server::{GONE, Server};

/// An HTTP client as the documentation asks for: with a provider of the application's, and without redirects of its own.
pub(crate) fn http() -> reqwest::Client {
    // Only the first of many tests installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

/// A source of `GET /stream`.
pub(crate) fn source(server: &Server) -> EventSourceBuilder {
    EventSource::builder(http().get(server.url("/stream"))).read_timeout(None)
}

/// What a source gave until it ended: the data of events, the text of errors.
pub(crate) type Given = JoinHandle<Vec<String>>;

pub(crate) fn collect(builder: EventSourceBuilder) -> Given {
    let mut events = builder.open().unwrap();
    tokio::spawn(async move {
        let mut given = Vec::new();
        while let Some(event) = events.next().await {
            given.push(event.map_or_else(|error| chain(&error), |event| event.data.into_owned()));
        }
        assert!(events.next().await.is_none(), "ended is ended");
        given
    })
}

fn chain(error: &EventSourceError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What a listener heard, in words.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn listen(&self, builder: EventSourceBuilder) -> EventSourceBuilder {
        let log = self.clone();
        builder.on_connection(move |connection| log.note(&connection))
    }

    fn note(&self, connection: &Connection<'_>) {
        let line = match connection {
            Connection::Open => "open".to_owned(),
            Connection::Lost { why, .. } => why.to_string(),
            other => panic!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Holds the paused clock: tokio does not move it on while a blocking task runs.
pub(crate) struct Frozen {
    _task_ends_with_it: mpsc::Sender<()>,
}

pub(crate) fn frozen() -> Frozen {
    let (sender, receiver) = mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || receiver.recv().is_ok());
    Frozen { _task_ends_with_it: sender }
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
