//! How often the stream is asked.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use axum::body::Body;
use axum::response::IntoResponse;
use campanile_sse::ServerSentEvents;
use futures_util::stream;
use http_body::Body as _;

struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

fn task() -> Waker {
    Arc::new(Task).into()
}

/// A stream with one item at each second poll, and the number of polls.
fn every_other() -> (Body, Arc<AtomicUsize>) {
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polls);
    let items = stream::poll_fn(move |_| match counted.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => Poll::Ready(Some(1)),
        _ => Poll::Pending,
    });
    (ServerSentEvents::new(items).into_response().into_body(), polls)
}

fn is_ready(body: &mut Body, waker: &Waker) -> bool {
    Pin::new(body).poll_frame(&mut Context::from_waker(waker)).is_ready()
}

#[test]
fn a_stream_that_has_given_all_is_not_asked_again_before_it_wakes_its_task() {
    let ((mut body, polls), task) = (every_other(), task());
    assert!(is_ready(&mut body, &task));
    assert_eq!(polls.load(Ordering::Relaxed), 2, "the item, and that there is no more");
    assert!(!is_ready(&mut body, &task), "the connection asks for more at once");
    assert_eq!(polls.load(Ordering::Relaxed), 2);
    assert!(is_ready(&mut body, &task), "it was woken");
    assert_eq!(polls.load(Ordering::Relaxed), 4);
}

#[test]
fn another_task_has_the_stream_asked_so_that_it_will_be_woken() {
    let (mut body, polls) = every_other();
    assert!(is_ready(&mut body, &task()));
    assert!(is_ready(&mut body, &task()), "moved");
    assert_eq!(polls.load(Ordering::Relaxed), 4);
}
