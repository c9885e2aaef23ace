//! Real sessions behind the server: an engine in memory, and a route that opens a stream for whoever the query names.

use super::{Wire, brief, soon};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use campanile_core::{
    AudienceDraft, Draft, Engine, Identity, Offered, OpenRequest, Recipient, RetentionOptions, SignalDraft, SseOptions,
    Tenant, Timestamp, Transport, UserId, store::MemoryStore,
};
use campanile_live::{LiveOptions, LiveStats, Server, bind};
use http_body::{Frame, SizeHint};
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// A server of streams.
pub(crate) struct Streams {
    pub(crate) engine: Engine,
    pub(crate) address: SocketAddr,
    pub(crate) stats: Arc<LiveStats>,
    pub(crate) guards: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<io::Result<()>>,
}

/// A session as a body.
struct SessionBody(Offered);

impl http_body::Body for SessionBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_next(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// A body with something that a layer has hung on it.
struct Guarded {
    body: Body,
    guards: Arc<AtomicUsize>,
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.guards.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn guard(State(guards): State<Arc<AtomicUsize>>, request: Request, next: Next) -> Response {
    guards.fetch_add(1, Ordering::SeqCst);
    next.run(request).await.map(|body| Body::new(Guarded { body, guards }))
}

/// `GET /?user,expires-in-ms`.
async fn open(State(engine): State<Engine>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or("u").to_owned();
    let (user, expires) = query.split_once(',').map_or((&*query, None), |(user, ms)| (user, ms.parse().ok()));
    let now = engine.clock().now();
    let identity = Identity {
        recipient: Recipient::new(Tenant::default(), UserId::new(user).unwrap()),
        expires_at: expires.map(|ms: i64| Timestamp::from_millis(now.as_millis() + ms)),
        issued_at: None,
    };
    let position = request.headers().get("last-event-id").map(|id| Bytes::copy_from_slice(id.as_bytes()));
    let session = engine.open(OpenRequest { identity, position, transport: Transport::Http1 }).await.unwrap();
    let offered = Offered::new(session);
    let takeover = offered.takeover();
    let mut response = Response::new(Body::new(SessionBody(offered)));
    response.headers_mut().insert("connection", "close".parse().unwrap());
    response.headers_mut().insert("content-type", "text/event-stream".parse().unwrap());
    *response.version_mut() = axum::http::Version::HTTP_10;
    response.extensions_mut().insert(takeover);
    response
}

impl Streams {
    pub(crate) fn start(direct: bool) -> Self {
        Self::with(&SseOptions::default(), brief(|options| options.direct = direct))
    }

    pub(crate) fn with(sse: &SseOptions, options: LiveOptions) -> Self {
        let sse = SseOptions { max_connections_per_user: 10_000, ..sse.clone() };
        let retention = RetentionOptions { log_entries: 1_000_000, ..RetentionOptions::default() };
        let engine = Engine::builder(Arc::new(MemoryStore::default())).sse(sse).retention(retention).start();
        let guards = Arc::new(AtomicUsize::new(0));
        let router = Router::new()
            .route("/", get(open))
            .layer(middleware::from_fn_with_state(guards.clone(), guard))
            .route("/plain", get(|| async { "plain" }))
            .route("/large", get(|| async { "large\n".repeat(200_000) }))
            .with_state(engine.clone());
        let server = Server::new(options);
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, stats) = (listener.local_addr().unwrap(), server.stats());
        let (stop, stopped) = oneshot::channel();
        let serving =
            tokio::spawn(
                async move { server.serve([listener], router, async move { stopped.await.unwrap_or(()) }).await },
            );
        Self { engine, address, stats, guards, stop: Some(stop), serving }
    }

    /// Opens a stream and reads its greeting.
    pub(crate) async fn open(&self, query: &str) -> Wire {
        let mut wire = Wire::connect(self.address).await;
        wire.send(request(query)).await;
        wire.until("event: ready").await;
        wire.until("heartbeatSeconds\":30}\n\n").await;
        wire
    }

    /// Publishes to a user.
    pub(crate) async fn publish(&self, user: &str, title: &str) {
        let draft = Draft { title: Some(title.into()), ..Draft::new("t", AudienceDraft::users([user])) };
        self.engine.publish(&Tenant::default(), &draft).await.unwrap();
    }

    /// A signal to a user. Says how many streams it reached.
    pub(crate) async fn signal(&self, user: &str, text: &str) -> usize {
        let draft = SignalDraft {
            to: AudienceDraft::users([user]),
            event: "tick".into(),
            data: campanile_core::Json::of(&text).ok(),
            key: None,
        };
        self.engine.signal(&Tenant::default(), &draft).await.unwrap()
    }

    /// Waits until so many streams are open.
    pub(crate) async fn streams(&self, wanted: usize) {
        let what = format!("{wanted} streams, not {}", self.engine.connections());
        soon(&what, async {
            while self.engine.connections() != wanted {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        })
        .await;
    }

    /// Asks the server to stop, and waits for its end.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        soon("the server's end", &mut self.serving).await.unwrap().unwrap();
    }

    /// Drops the server's future.
    pub(crate) fn abort(&self) {
        self.serving.abort();
    }
}

/// The request that opens a stream.
pub(crate) fn request(query: &str) -> String {
    format!("GET /?{query} HTTP/1.1\r\nhost: a\r\n\r\n")
}
