//! A refusal must arrive. Closing a connection with unread input makes the system reset it, and the reset destroys the answer on its way;
//! so what is left of a body that nobody wants is read and thrown away for a moment, while the answer is sent.

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Version, header::EXPECT};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::runtime::Handle;

/// How much of an unwanted body is thrown away, and for how long; whoever goes on sending then loses the connection.
const MAX_BYTES: usize = 16 << 20;
const MAX_TIME: Duration = Duration::from_secs(2);

/// A request body that is drained in the background if it is dropped before its end.
struct Lingering {
    body: Body,
    ended: bool,
}

/// Lets a request's body linger. HTTP/2 refuses one stream without closing the others, and a client that waits for `100 Continue` has not
/// sent anything.
pub(crate) fn wrap(request: Request<Body>) -> Request<Body> {
    let needless = request.body().is_end_stream()
        || request.version() > Version::HTTP_11
        || request.headers().contains_key(EXPECT);
    if needless { request } else { request.map(|body| Body::new(Lingering { body, ended: false })) }
}

impl http_body::Body for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.ended = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.ended || self.body.is_end_stream() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(drain(std::mem::take(&mut self.body)));
        }
    }
}

async fn drain(mut body: Body) {
    let mut left = MAX_BYTES;
    let _ = tokio::time::timeout(MAX_TIME, async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, stream};
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    /// A body of many KiB, and how many of them were asked for.
    fn counted(kib: usize) -> (Request<Body>, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = taken.clone();
        let chunks = stream::iter(0..kib).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![0; 1024])
        });
        (Request::new(Body::from_stream(chunks)), taken)
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_body_is_drained_within_bounds() {
        for (kib, drained) in [(3, 3), (100_000, (MAX_BYTES >> 10) + 1)] {
            let (request, taken) = counted(kib);
            drop(wrap(request));
            tokio::time::sleep(MAX_TIME).await;
            assert_eq!(taken.load(Ordering::Relaxed), drained);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_was_read_or_never_sent_is_left_alone() {
        let (request, taken) = counted(3);
        wrap(request).into_body().collect().await.unwrap();
        assert_eq!(taken.load(Ordering::Relaxed), 3);
        let (mut request, taken) = counted(3);
        request.headers_mut().insert(EXPECT, http::HeaderValue::from_static("100-continue"));
        drop(wrap(request));
        let (mut request, other) = counted(3);
        *request.version_mut() = Version::HTTP_2;
        drop(wrap(request));
        tokio::time::sleep(MAX_TIME).await;
        assert_eq!((taken.load(Ordering::Relaxed), other.load(Ordering::Relaxed)), (0, 0));
    }
}
