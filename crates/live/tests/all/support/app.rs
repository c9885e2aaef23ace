//! The application under test: streams that the test feeds, handlers that the test lets go.

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, Version, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use campanile_live::PeerAddr;
use futures_util::{StreamExt, stream};
use std::{
    error::Error,
    io, iter,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, broadcast, watch};

use super::soon;

/// The routes, and what they hold open.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    open: watch::Sender<usize>,
    events: broadcast::Sender<Option<Bytes>>,
    let_go: Semaphore,
    /// How many bytes were taken from `/endless`.
    taken: AtomicUsize,
}

/// Counts whoever holds it as open.
struct Held(App);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.open.send_modify(|open| *open -= 1);
    }
}

impl App {
    pub(crate) fn new() -> Self {
        let (open, events) = (watch::channel(0).0, broadcast::channel(1024).0);
        Self(Arc::new(Inner { open, events, let_go: Semaphore::new(0), taken: AtomicUsize::new(0) }))
    }

    /// Waits until so many streams and handlers are open.
    pub(crate) async fn open(&self, wanted: usize) {
        let mut open = self.0.open.subscribe();
        let what = format!("{wanted} open, not {}", *open.borrow());
        soon(&what, open.wait_for(|open| *open == wanted)).await.unwrap();
    }

    /// How many are open now.
    pub(crate) fn open_now(&self) -> usize {
        *self.0.open.borrow()
    }

    /// Writes to all streams.
    pub(crate) fn send(&self, text: impl Into<Bytes>) {
        _ = self.0.events.send(Some(text.into()));
    }

    /// Ends all streams.
    pub(crate) fn end_streams(&self) {
        _ = self.0.events.send(None);
    }

    /// Lets one handler of `/wait` answer.
    pub(crate) fn let_go(&self) {
        self.0.let_go.add_permits(1);
    }

    /// How many bytes `/endless` has given out when nobody takes more.
    pub(crate) async fn taken_when_still(&self) -> usize {
        let (mut before, mut taken) = (0, 1);
        while taken != before {
            before = taken;
            tokio::time::sleep(Duration::from_millis(300)).await;
            taken = self.0.taken.load(Ordering::Relaxed);
        }
        taken
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/who", any(who))
            .route("/echo", post(echo))
            .route("/ignore", post(|| async { StatusCode::NO_CONTENT }))
            .route("/large", any(|| async { vec![b'x'; 1 << 20] }))
            .route("/broken", get(broken))
            .route("/panic", get(panics))
            .route("/stream", get(stream_route).post(stream_route))
            .route("/endless", get(endless))
            .route("/wait", get(wait).post(wait))
            .with_state(self.clone())
    }

    fn hold(&self) -> Held {
        self.0.open.send_modify(|open| *open += 1);
        Held(self.clone())
    }
}

async fn who(Extension(PeerAddr(peer)): Extension<PeerAddr>, request: Request) -> String {
    format!("{peer} {:?} {}", request.version(), request.uri())
}

/// Answers with the length of what came, 408 if it did not come in time.
async fn echo(body: Body) -> Response {
    match axum::body::to_bytes(body, 1 << 20).await {
        Ok(bytes) => bytes.len().to_string().into_response(),
        Err(error) if timed_out(&error) => (StatusCode::REQUEST_TIMEOUT, "too slow").into_response(),
        Err(_) => (StatusCode::BAD_REQUEST, "broken").into_response(),
    }
}

fn timed_out(error: &(dyn Error + 'static)) -> bool {
    iter::successors(Some(error), |error| (*error).source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// An event stream as the routers of Campanile make it: 1.0 in the response, so that hyper leaves it undivided.
fn undivided(version: Version, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    if version <= Version::HTTP_11 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        *response.version_mut() = Version::HTTP_10;
    }
    response
}

/// `data: first`, and then what the test sends until it ends.
async fn stream_route(State(app): State<App>, request: Request) -> Response {
    let (held, events) = (app.hold(), app.0.events.subscribe());
    let first = stream::iter([Ok(Bytes::from("data: first\n\n"))]);
    let later = stream::unfold((held, events), |(held, mut events)| async {
        let event = events.recv().await.ok()??;
        Some((Ok::<_, io::Error>(event), (held, events)))
    });
    undivided(request.version(), Body::from_stream(first.chain(later)))
}

async fn panics() {
    panic!("as asked for");
}

/// A stream that fails after its first event.
async fn broken(request: Request) -> Response {
    let events = [Ok("data: first\n\n"), Err(io::Error::other("broken"))];
    undivided(request.version(), Body::from_stream(stream::iter(events)))
}

/// As much as the peer takes.
async fn endless(State(app): State<App>, request: Request) -> Response {
    let held = app.hold();
    let chunks = stream::repeat(Bytes::from(vec![b'x'; 16 * 1024])).map(move |chunk| {
        held.0.0.taken.fetch_add(chunk.len(), Ordering::Relaxed);
        Ok::<_, io::Error>(chunk)
    });
    undivided(request.version(), Body::from_stream(chunks))
}

/// Answers when it is let go.
async fn wait(State(app): State<App>) -> &'static str {
    let _held = app.hold();
    app.0.let_go.acquire().await.unwrap().forget();
    "done"
}
