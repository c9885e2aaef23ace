//! One HTTP/1.1 connection: hyper's state machine, and beside it the clock and the signal to stop.
//!
//! The driver owns hyper's connection, so that the socket can be had back with `into_parts`.

use crate::{
    LiveOptions, LiveStats, PeerAddr, Refusal,
    activity::{Activity, Shape},
    answer::AnswerBody,
    body::{Pending, TimedBody},
    checks,
    direct::{self, Direct, Held, Stream},
    io::Io,
    places::Place,
    server::{self, App, Context},
    sniff::Begun,
    socket::Transport,
    stats::Count,
    timer::Alarm,
};
use axum::{body::Body, extract::Request, response::Response};
use campanile_core::{Session, Takeover};
use http::{
    HeaderValue, Version,
    header::{CONNECTION, HeaderMap},
    request::Parts,
};
use http_body::Body as _;
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn, ready},
    pin::Pin,
    sync::Arc,
    task::{Context as Waking, Poll},
};
use tokio::{sync::watch, time::Instant};
use tower::ServiceExt;

type Answer = AnswerBody<AnswerGuard>;
type Connection<T, A> = http1::Connection<TokioIo<Io<T>>, Requests<A>>;

/// hyper takes no smaller buffer.
const LEAST_BUFFER: usize = 8 * 1024;

/// Serves a connection to its end.
///
/// If that is an event stream, this is not the end of its socket: the writer has it then, with its place.
pub(crate) async fn serve<T: Transport, A: App>(
    transport: T,
    begun: Begun,
    context: Arc<Context<A>>,
    peer: PeerAddr,
    place: Place,
) {
    let (mut stop, writers) = (context.stop.clone(), context.direct.clone());
    let mut driver = Driver::new(transport, begun, context, peer);
    let end = loop {
        tokio::select! {
            biased;
            end = poll_fn(|cx| driver.poll(cx)) => break end,
            order = stop.changed() => match order {
                Ok(()) => driver.stopping = Some(Instant::now()),
                Err(_) => return,
            },
        }
    };
    if let End::Taken(taken) = end {
        return driver.hand_over(*taken, &writers, place, stop);
    }
    let closed = tokio::select! {
        closed = driver.finish(end) => closed,
        () = server::aborted(&mut stop) => return,
    };
    // Everything is answered: the server's end does not wait for what the peer does now.
    drop(stop);
    if let Some(mut io) = closed {
        io.linger().await;
    }
}

/// Drives one connection.
struct Driver<T: Transport, A: App> {
    connection: Connection<T, A>,
    activity: Arc<Activity>,
    taken: TakenSlot,
    options: Arc<LiveOptions>,
    stats: Arc<LiveStats>,
    alarm: Alarm,
    /// Since when the server stops, if it does.
    stopping: Option<Instant>,
}

/// An event stream on its way from the request that opened it to the writer.
struct Taken {
    session: Box<Session>,
    head: Vec<u8>,
    body: Body,
}

/// Where the request leaves it. hyper is not asked any more once it is there.
type TakenSlot = Arc<Mutex<Option<Box<Taken>>>>;

/// How a connection has ended.
enum End {
    /// As HTTP says: everything is written.
    Done,
    /// With a request that is not worth an answer of the application.
    Refused(Refusal),
    /// In the middle of an answer that its body could not go on with: that must not look like its end.
    Torn,
    /// There is nobody to write to.
    Broken,
    /// As far as HTTP goes: what follows is an event stream.
    Taken(Box<Taken>),
}

impl<T: Transport, A: App> Driver<T, A> {
    fn new(transport: T, begun: Begun, context: Arc<Context<A>>, peer: PeerAddr) -> Self {
        let activity = Arc::new(Activity::new(begun.first_byte));
        let (options, stats) = (context.options.clone(), context.stats.clone());
        let io = Io::new(transport, begun.bytes, Some(activity.clone()), options.clone(), stats.clone());
        let taken = TakenSlot::default();
        let takes = (options.direct && T::DIRECT).then(|| taken.clone());
        let requests = Requests { context, activity: activity.clone(), takes, peer };
        let connection = builder(&options).serve_connection(TokioIo::new(io), requests);
        Self { connection, activity, taken, options, stats, alarm: Alarm::default(), stopping: None }
    }

    fn poll(&mut self, cx: &mut Waking<'_>) -> Poll<End> {
        // With its shutdown: without, hyper may call a connection done that it has not yet written everything to.
        if let Poll::Ready(end) = Pin::new(&mut self.connection).poll(cx) {
            return Poll::Ready(self.ended(&end));
        }
        if let Some(taken) = self.taken() {
            return Poll::Ready(End::Taken(taken));
        }
        if self.activity.is_over() {
            return Poll::Ready(End::Done);
        }
        let deadline = self.activity.deadline(&self.options, self.stopping);
        self.alarm.poll_if(cx, deadline).map(|()| self.late())
    }

    /// The event stream that the socket is for now, once everything before it is written.
    fn taken(&self) -> Option<Box<Taken>> {
        if self.activity.owes() { None } else { self.taken.lock().take() }
    }

    /// Lets go of hyper, and of this task's memory with it.
    fn hand_over(self, taken: Taken, writers: &Direct, place: Place, stop: watch::Receiver<bool>) {
        let Taken { session, head, body } = taken;
        if let Some(socket) = self.connection.into_parts().io.into_inner().into_socket() {
            // A socket that cannot be handed over is closed, and its client comes back.
            let Ok(stream) = Stream::new(session, socket, head, Held { body, place, stop }) else { return };
            self.stats.count(Count::direct_streams);
            writers.take(stream);
        }
    }

    fn ended(&self, end: &hyper::Result<()>) -> End {
        let Err(error) = end else { return End::Done };
        if let Some(refusal) = self.activity.refusal() {
            return End::Refused(refusal);
        }
        tracing::debug!(%error, "connection failed");
        if error.is_user() { End::Torn } else { End::Broken }
    }

    fn late(&self) -> End {
        if self.activity.in_head() {
            self.stats.count(Count::head_timeouts);
            return End::Refused(Refusal::HeadTimeout);
        }
        if self.stopping.is_none() {
            self.stats.count(Count::idle_closes);
        }
        End::Done
    }

    /// Says the last words and sends FIN. Answers the connection, to be held until the peer has read everything, if there is a peer.
    async fn finish(self, end: End) -> Option<Io<T>> {
        let mut io = self.connection.into_parts().io.into_inner();
        let said = match end {
            End::Broken | End::Taken(_) => return None,
            End::Torn => {
                io.tear();
                return None;
            }
            End::Done => Ok(()),
            End::Refused(refusal) => {
                if refusal != Refusal::HeadTimeout {
                    self.stats.count(Count::bad_requests);
                }
                io.write_last(&refusal.bytes()).await
            }
        };
        said.ok()?;
        io.fin().await.ok()?;
        Some(io)
    }
}

fn builder(options: &LiveOptions) -> http1::Builder {
    // A head is counted exactly in `checks`; this is what is read at most, so that a long request line can be told from a large head.
    let most = (options.max_head + options.max_uri).max(LEAST_BUFFER);
    let mut builder = http1::Builder::new();
    // The time for a head is ours to watch: hyper's would also end idle connections.
    builder.header_read_timeout(None).max_header_size(most).max_buf_size(most);
    builder
}

/// The requests of one connection.
struct Requests<A> {
    context: Arc<Context<A>>,
    activity: Arc<Activity>,
    /// Where event streams are left, if they may be taken over.
    takes: Option<TakenSlot>,
    peer: PeerAddr,
}

impl<A: App> Service<Request<Incoming>> for Requests<A> {
    type Response = Response<Answer>;
    type Error = Infallible;
    /// On the heap, so that the connection can be moved, and the socket taken out of it.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let shaper = Shaper::begin(&parts, &body, self.activity.clone(), self.context.stop.clone());
        if let Some(refusal) = checks::refusal(&parts, &self.context.options) {
            self.context.stats.count(Count::bad_requests);
            return Box::pin(ready(Ok(shaper.refuse(refusal))));
        }
        server::introduce(&mut parts, self.peer);
        let (until, stats) = (self.context.body_deadline(), self.context.stats.clone());
        let body = TimedBody::new(body, until, stats, BodyGuard(self.activity.clone()));
        let answer = self.context.app.clone().oneshot(Request::from_parts(parts, Body::new(body)));
        let takes = self.takes.clone();
        Box::pin(async move {
            let response = answer.await?;
            match shaper.take_over(response, takes) {
                // The driver takes it from here, and this future goes with hyper.
                Ok(()) => pending().await,
                Err(response) => Ok(shaper.shape(response)),
            }
        })
    }
}

/// Makes a response what goes out on this connection, and tells the connection what that is.
struct Shaper {
    version: Version,
    guard: AnswerGuard,
    stop: watch::Receiver<bool>,
}

impl Shaper {
    fn begin(parts: &Parts, body: &Incoming, activity: Arc<Activity>, stop: watch::Receiver<bool>) -> Self {
        activity.begin(parts.method.is_safe(), !body.is_end_stream());
        Self { version: parts.version, guard: AnswerGuard(activity), stop }
    }

    /// Leaves an event stream for the driver. Any other answer comes back.
    #[expect(clippy::result_large_err, reason = "most answers come back")]
    fn take_over(&self, response: Response, takes: Option<TakenSlot>) -> Result<(), Response> {
        let Some(slot) = takes.filter(|_| !self.guard.0.is_body_pending()) else { return Err(response) };
        let Some(session) = response.extensions().get::<Takeover>().and_then(Takeover::claim) else {
            return Err(response);
        };
        let (mut parts, body) = response.into_parts();
        let head = direct::head_bytes(&mut parts, self.version);
        *slot.lock() = Some(Box::new(Taken { session, head, body }));
        Ok(())
    }

    fn stopping(&self) -> bool {
        *self.stop.borrow()
    }

    fn shape(self, mut response: Response) -> Response<Answer> {
        if self.stopping() || self.guard.0.is_body_late() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let old = response.version() == Version::HTTP_10;
        let shape = Shape {
            last: old || closes(response.headers()),
            endless: response.body().size_hint().exact().is_none(),
            raise_version: old && self.version == Version::HTTP_11,
        };
        self.guard.0.answered(shape);
        response.map(|body| AnswerBody::new(body, self.guard))
    }

    fn refuse(self, refusal: Refusal) -> Response<Answer> {
        let mut response = refusal.response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        self.shape(response)
    }
}

/// Whether a response says that it is the connection's last.
fn closes(headers: &HeaderMap) -> bool {
    let mut options = headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// Lives as long as an answer is not handed over.
struct AnswerGuard(Arc<Activity>);

impl Drop for AnswerGuard {
    fn drop(&mut self) {
        self.0.answer_ended();
    }
}

/// Lives as long as somebody waits for more of a request's body.
struct BodyGuard(Arc<Activity>);

impl Pending for BodyGuard {
    fn late(&mut self) {
        self.0.body_is_late();
    }
}

impl Drop for BodyGuard {
    fn drop(&mut self) {
        self.0.body_ended();
    }
}
