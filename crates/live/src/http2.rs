//! One HTTP/2 connection: hyper's state machine, and beside it the clock of a connection without streams and the signal to stop.

use crate::{
    LiveOptions, PeerAddr,
    answer::AnswerBody,
    body::TimedBody,
    checks,
    io::Io,
    server::{self, App, Context},
    sniff::Begun,
    socket::Transport,
    stall::{Pieces, Streams},
    stats::Count,
    timer::Alarm,
};
use axum::{body::Body, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http2, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use std::{
    convert::Infallible,
    future::{Future, poll_fn, ready},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::time::Instant;
use tower::ServiceExt;

/// What a peer may send before it is read, by stream and by connection: the protocol's own 64 KiB. Requests are small.
const WINDOW: u32 = 65_535;

/// What a stream holds for its peer beyond what the peer has a window for.
const SEND_BUFFER: usize = 64 * 1024;

type Answer = Pieces<AnswerBody<OpenGuard>>;

/// Serves a connection to its end.
pub(crate) async fn serve<T: Transport, A: App>(transport: T, begun: Begun, context: Arc<Context<A>>, peer: PeerAddr) {
    let (options, stats, mut stop) = (context.options.clone(), context.stats.clone(), context.stop.clone());
    let open = Arc::new(OpenStreams::new());
    let io = Io::new(transport, begun.bytes, None, options.clone(), stats.clone());
    let streams = Streams::new(options.write_timeout, stats.clone());
    let requests = Requests { context, open: open.clone(), peer };
    let mut connection = pin!(builder(streams, &options).serve_connection(TokioIo::new(io), requests));
    let mut clock = Clock { open, options, alarm: Alarm::default(), closing: None };
    loop {
        let driven = poll_fn(|cx| match connection.as_mut().poll(cx) {
            Poll::Ready(end) => Poll::Ready(Driven::Ended(end)),
            Poll::Pending => clock.poll(cx).map(Driven::Late),
        });
        tokio::select! {
            biased;
            driven = driven => match driven {
                Driven::Ended(Ok(())) | Driven::Late(Late::Closing) => return,
                Driven::Ended(Err(error)) => return tracing::debug!(%error, "connection failed"),
                Driven::Late(Late::Idle) => {
                    stats.count(Count::idle_closes);
                    clock.close();
                    connection.as_mut().graceful_shutdown();
                }
            },
            order = stop.changed() => match order {
                Ok(()) => {
                    clock.close();
                    connection.as_mut().graceful_shutdown();
                }
                Err(_) => return,
            },
        }
    }
}

fn builder(streams: Streams, options: &LiveOptions) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_concurrent_streams(options.max_streams)
        .max_header_list_size(u32::try_from(options.max_head).unwrap_or(u32::MAX))
        .keep_alive_interval(options.keep_alive)
        .keep_alive_timeout(options.keep_alive);
    builder
}

enum Driven {
    Ended(hyper::Result<()>),
    Late(Late),
}

enum Late {
    /// No stream for too long.
    Idle,
    /// It was asked to close, and did not.
    Closing,
}

/// The clock of a connection without streams.
struct Clock {
    open: Arc<OpenStreams>,
    options: Arc<LiveOptions>,
    alarm: Alarm,
    /// Since when the connection is asked to close: a peer has to answer that, in the time that it has for a head.
    closing: Option<Instant>,
}

impl Clock {
    fn close(&mut self) {
        self.closing.get_or_insert_with(Instant::now);
    }

    fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Late> {
        loop {
            // With streams open it is looked at again later: one of them will have ended, or not.
            let deadline = self.deadline();
            let next = deadline.unwrap_or_else(|| Instant::now() + self.patience());
            if !self.alarm.poll(cx, next) {
                return Poll::Pending;
            }
            if deadline.is_some() {
                return Poll::Ready(if self.closing.is_some() { Late::Closing } else { Late::Idle });
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.open.idle_since().map(|idle| self.closing.map_or(idle, |closing| closing.max(idle)) + self.patience())
    }

    fn patience(&self) -> Duration {
        if self.closing.is_some() { self.options.head_timeout } else { self.options.idle_timeout }
    }
}

/// How many streams are open, from their request to the end of their answer.
#[derive(Debug)]
struct OpenStreams(Mutex<(usize, Instant)>);

impl OpenStreams {
    fn new() -> Self {
        Self(Mutex::new((0, Instant::now())))
    }

    fn idle_since(&self) -> Option<Instant> {
        let (open, since) = *self.0.lock();
        (open == 0).then_some(since)
    }

    fn begin(self: &Arc<Self>) -> OpenGuard {
        self.0.lock().0 += 1;
        OpenGuard(self.clone())
    }
}

/// Lives as long as a stream is open.
struct OpenGuard(Arc<OpenStreams>);

impl Drop for OpenGuard {
    fn drop(&mut self) {
        let (open, since) = &mut *self.0.0.lock();
        (*open, *since) = (*open - 1, Instant::now());
    }
}

/// The requests of one connection.
struct Requests<A> {
    context: Arc<Context<A>>,
    open: Arc<OpenStreams>,
    peer: PeerAddr,
}

impl<A: App> Service<Request<Incoming>> for Requests<A> {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let open = self.open.begin();
        if let Some(refusal) = checks::refusal(&parts, &self.context.options) {
            self.context.stats.count(Count::bad_requests);
            return Box::pin(ready(Ok(shape(refusal.response(), open))));
        }
        server::introduce(&mut parts, self.peer);
        let body = TimedBody::new(body, self.context.body_deadline(), self.context.stats.clone(), ());
        let answer = self.context.app.clone().oneshot(Request::from_parts(parts, Body::new(body)));
        Box::pin(async move { answer.await.map(|response| shape(response, open)) })
    }
}

fn shape(response: Response, open: OpenGuard) -> Response<Answer> {
    response.map(|body| Pieces::new(AnswerBody::new(body, open)))
}
