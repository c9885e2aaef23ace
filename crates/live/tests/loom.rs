//! What threads share on the direct path, under every interleaving: the inbox of a writer, compiled from the module that ships, with loom's
//! locks and atomics in place of the system's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]
#![allow(dead_code, unreachable_pub, reason = "the module has more than these tests use")]

#[path = "../src/direct/inbox.rs"]
mod inbox;

/// loom's meaning of what `src/sync.rs` names.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};

    /// A mutex that is locked as ours is.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap()
        }
    }
}

use inbox::{Ear, Inbox};
use loom::sync::atomic::AtomicUsize;
use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};
use sync::Ordering;

/// The writer's task: how often it was woken.
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Takes what is there; `None` if the writer would sleep.
fn take(inbox: &Inbox<u8>, cx: &Context<'_>) -> Option<(Vec<u8>, Vec<u32>)> {
    let (mut arrived, mut woken) = (Vec::new(), Vec::new());
    match inbox.poll_take(cx, &mut arrived, &mut woken) {
        Poll::Ready(()) => Some((arrived, woken)),
        Poll::Pending => None,
    }
}

#[test]
fn whoever_puts_something_into_the_inbox_of_a_sleeping_writer_wakes_it() {
    loom::model(|| {
        let inbox = Arc::new(Inbox::<u8>::new());
        let task = Arc::new(Task(AtomicUsize::new(0)));
        let waker = Waker::from(task.clone());
        let ear = Arc::new(Ear::new(inbox.clone(), 7));
        let (other, its_ear) = (inbox.clone(), ear.clone());
        let arriving = loom::thread::spawn(move || other.arrive(1));
        let waking = loom::thread::spawn(move || its_ear.ring());
        let (mut arrived, mut woken) = (Vec::new(), Vec::new());
        let mut asleep = false;
        for _ in 0..2 {
            match take(&inbox, &Context::from_waker(&waker)) {
                Some((new, keys)) => {
                    arrived.extend(new);
                    woken.extend(keys);
                }
                None => asleep = true,
            }
        }
        arriving.join().unwrap();
        waking.join().unwrap();
        let rest = take(&inbox, &Context::from_waker(&waker));
        if asleep && rest.is_some() {
            assert!(task.0.load(Ordering::SeqCst) > 0, "the writer sleeps on what it was given");
        }
        rest.into_iter().for_each(|(new, keys)| {
            arrived.extend(new);
            woken.extend(keys);
        });
        assert_eq!((arrived, woken), (vec![1], vec![7]));
    });
}

/// A publisher adds an event and wakes the stream; the writer listens, then takes what there is. Nothing may be left behind without a wake.
#[test]
fn an_event_that_comes_while_its_stream_is_looked_at_is_seen_or_wakes_it_again() {
    loom::model(|| {
        let inbox = Arc::new(Inbox::<u8>::new());
        let ear = Arc::new(Ear::new(inbox.clone(), 0));
        let events = Arc::new(AtomicUsize::new(0));
        let publishers: Vec<_> = (0..2)
            .map(|_| {
                let (ear, events) = (ear.clone(), events.clone());
                loom::thread::spawn(move || {
                    events.fetch_add(1, Ordering::SeqCst);
                    ear.ring();
                })
            })
            .collect();
        let waker = Waker::from(Arc::new(Task(AtomicUsize::new(0))));
        let mut written = 0;
        let mut look = || {
            if take(&inbox, &Context::from_waker(&waker)).is_some() {
                ear.listen();
                written += events.swap(0, Ordering::SeqCst);
            }
        };
        look();
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
        look();
        look();
        assert_eq!((written, events.load(Ordering::SeqCst)), (2, 0));
    });
}
