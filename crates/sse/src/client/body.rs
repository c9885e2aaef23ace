//! The bytes of an open stream, and the time since the last of them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use reqwest::Body;
use tokio::time::{Instant, Sleep, sleep};

use super::error::Interruption;

pub(super) struct OpenBody {
    body: Body,
    silence: Option<Silence>,
}

/// Runs out unless bytes come.
struct Silence {
    limit: Duration,
    left: Pin<Box<Sleep>>,
}

impl OpenBody {
    pub(super) fn new(body: Body, read_timeout: Option<Duration>) -> Self {
        let mut open = Self { body, silence: None };
        open.limit_silence(read_timeout);
        open
    }

    /// Counts the silence from now on.
    pub(super) fn limit_silence(&mut self, read_timeout: Option<Duration>) {
        self.silence = read_timeout.map(|limit| Silence { limit, left: Box::pin(sleep(limit)) });
    }

    /// The next bytes, or why there are no more.
    pub(super) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Interruption>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(None) => Poll::Ready(Err(Interruption::Ended)),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Err(Interruption::Transport(error.without_url()))),
            // Trailers are no bytes of the stream.
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Ok(self.heard(frame.into_data().unwrap_or_default()))),
            Poll::Pending => self.poll_silence(cx).map(Err),
        }
    }

    fn heard(&mut self, chunk: Bytes) -> Bytes {
        if let Some(silence) = self.silence.as_mut().filter(|_| !chunk.is_empty()) {
            silence.restart();
        }
        chunk
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Interruption> {
        let Some(silence) = &mut self.silence else { return Poll::Pending };
        ready!(silence.left.as_mut().poll(cx));
        Poll::Ready(Interruption::Silent(silence.limit))
    }
}

impl Silence {
    fn restart(&mut self) {
        if let Some(at) = Instant::now().checked_add(self.limit) {
            self.left.as_mut().reset(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Frame;
    use std::convert::Infallible;
    use std::future::poll_fn;
    use tokio::sync::mpsc;

    struct Chunks(mpsc::Receiver<&'static str>);

    impl http_body::Body for Chunks {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_recv(cx).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk.into()))))
        }
    }

    /// A body of chunks, each after so many seconds.
    fn body(chunks: &'static [(u64, &'static str)]) -> Body {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for (secs, chunk) in chunks {
                sleep(Duration::from_secs(*secs)).await;
                if sender.send(*chunk).await.is_err() {
                    break;
                }
            }
        });
        Body::wrap(Chunks(receiver))
    }

    /// What a body gives until its end, which is after so many seconds.
    async fn given(chunks: &'static [(u64, &'static str)], read_timeout: Option<Duration>) -> (String, String, u64) {
        let start = Instant::now();
        let mut open = OpenBody::new(body(chunks), read_timeout);
        let mut text = String::new();
        loop {
            match poll_fn(|cx| open.poll_chunk(cx)).await {
                Ok(chunk) => text.push_str(std::str::from_utf8(&chunk).unwrap()),
                Err(why) => return (text, why.to_string(), start.elapsed().as_secs()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn any_byte_starts_the_silence_again() {
        let (text, why, secs) =
            given(&[(80, "d"), (80, ":"), (80, "\n"), (91, "late")], Some(Duration::from_secs(90))).await;
        assert_eq!((text.as_str(), why.as_str(), secs), ("d:\n", "not a byte for 90s", 330));
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_without_bytes_is_no_sign_of_life() {
        let (_, why, secs) = given(&[(80, ""), (80, "late")], Some(Duration::from_secs(90))).await;
        assert_eq!((why.as_str(), secs), ("not a byte for 90s", 90));
    }

    #[tokio::test(start_paused = true)]
    async fn another_limit_counts_from_its_moment_on() {
        let (start, mut open) =
            (Instant::now(), OpenBody::new(body(&[(80, "x"), (1000, "late")]), Some(Duration::from_secs(90))));
        poll_fn(|cx| open.poll_chunk(cx)).await.unwrap();
        open.limit_silence(Some(Duration::from_secs(200)));
        let why = poll_fn(|cx| open.poll_chunk(cx)).await.unwrap_err().to_string();
        assert_eq!((why.as_str(), start.elapsed().as_secs()), ("not a byte for 200s", 280));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_silence_is_no_fault() {
        for read_timeout in [None, Some(Duration::MAX)] {
            let (text, why, _) = given(&[(1_000_000, "x")], read_timeout).await;
            assert_eq!((text.as_str(), why.as_str()), ("x", "the stream has ended"));
        }
    }
}
