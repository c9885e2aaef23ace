//! HTTP/2 streams whose peer gives them no window. hyper then holds one piece of the answer and does not ask for the next; nothing in it gives
//! up. So a stream's task watches when its answer was last asked, and ends (which resets the stream) if that is too long ago.

use crate::{LiveStats, stats::Count, timer::Alarm};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use parking_lot::Mutex;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{task::futures::TaskLocalFuture, time::Instant};

/// The largest piece of an answer given out at once: what stays in hyper for a peer that reads nothing, and is given up with it.
const PIECE: usize = 16 * 1024;

tokio::task_local! {
    /// The stream whose task this is.
    static STREAM: Arc<Held>;
}

/// Since when a stream holds a piece that it did not get rid of.
#[derive(Debug, Default)]
struct Held(Mutex<Option<Instant>>);

/// Runs the streams of a connection, each as a task.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    timeout: Duration,
    stats: Arc<LiveStats>,
}

impl Streams {
    pub(crate) fn new(timeout: Duration, stats: Arc<LiveStats>) -> Self {
        Self { timeout, stats }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let held = Arc::<Held>::default();
        let stream = Box::pin(STREAM.scope(held.clone(), stream));
        let (timeout, stats) = (self.timeout, self.stats.clone());
        tokio::spawn(Watched { stream, held, alarm: Alarm::default(), timeout, stats });
    }
}

/// A stream that ends when it is stuck.
struct Watched<F> {
    stream: Pin<Box<TaskLocalFuture<Arc<Held>, F>>>,
    held: Arc<Held>,
    alarm: Alarm,
    timeout: Duration,
    stats: Arc<LiveStats>,
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let deadline = self.held.0.lock().map(|since| since + self.timeout);
        ready!(self.alarm.poll_if(cx, deadline));
        self.stats.count(Count::stalled_streams);
        Poll::Ready(())
    }
}

/// An answer's body in pieces, that tells its stream when it was asked and when it gave something.
pub(crate) struct Pieces<B> {
    body: B,
    rest: Bytes,
}

impl<B> Pieces<B> {
    pub(crate) fn new(body: B) -> Self {
        Self { body, rest: Bytes::new() }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Pieces<B> {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => self.rest = data,
                Some(Err(other)) => return Poll::Ready(Some(Ok(other))),
                None => return Poll::Ready(None),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Pieces<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let piece = self.poll_piece(cx);
        let given = matches!(piece, Poll::Ready(Some(_)));
        // Outside of a stream's task nobody wants to know.
        _ = STREAM.try_with(|held| *held.0.lock() = given.then(Instant::now));
        piece
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let (inner, mut hint) = (self.body.size_hint(), SizeHint::new());
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body as Whole;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_large_answer_comes_in_pieces_and_whole() {
        let bytes: Vec<u8> = (0..PIECE * 2 + 5).map(|n| u8::try_from(n % 251).unwrap_or(0)).collect();
        let mut body = Pieces::new(Whole::from(bytes.clone()));
        let (mut read, mut pieces) = (Vec::new(), 0);
        while !body.is_end_stream() {
            assert_eq!(body.size_hint().exact(), Some((bytes.len() - read.len()) as u64));
            let piece = body.frame().await.expect("a frame").expect("data").into_data().expect("data");
            assert!(piece.len() <= PIECE);
            read.extend_from_slice(&piece);
            pieces += 1;
        }
        assert_eq!((read == bytes, pieces), (true, 3));
    }

    /// A stream that asks for a piece and gets rid of it after a while.
    async fn stream(mut body: Pieces<Whole>, stuck: Duration) {
        body.frame().await;
        tokio::time::sleep(stuck).await;
        body.frame().await;
        std::future::pending::<()>().await;
    }

    async fn ends(stuck: Duration) -> bool {
        let body = Whole::from_stream(futures_util::StreamExt::chain(
            futures_util::stream::iter([Ok::<_, std::io::Error>("event")]),
            futures_util::stream::pending(),
        ));
        let held = Arc::<Held>::default();
        let watched = Watched {
            stream: Box::pin(STREAM.scope(held.clone(), stream(Pieces::new(body), stuck))),
            held,
            alarm: Alarm::default(),
            timeout: Duration::from_secs(60),
            stats: Arc::default(),
        };
        tokio::time::timeout(Duration::from_secs(3600), watched).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_keeps_its_piece_ends_and_an_idle_one_does_not() {
        assert!(ends(Duration::from_secs(61)).await);
        assert!(!ends(Duration::from_secs(59)).await);
    }
}
