//! What others hand to a writer: new streams, and the keys of those that have something to do. This is all that threads share here.

use crate::sync::{AtomicBool, Mutex, Ordering};
use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

/// A writer's inbox. `T` is what arrives.
#[derive(Debug)]
pub(super) struct Inbox<T>(Mutex<Letters<T>>);

#[derive(Debug)]
struct Letters<T> {
    arrived: Vec<T>,
    woken: Vec<u32>,
    /// Of the writer, while it waits.
    writer: Option<Waker>,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Letters { arrived: Vec::new(), woken: Vec::new(), writer: None }))
    }

    /// Hands over something new.
    pub(super) fn arrive(&self, new: T) {
        self.put(|letters| letters.arrived.push(new));
    }

    /// Hands over the key of a stream that has something to do.
    fn wake(&self, key: u32) {
        self.put(|letters| letters.woken.push(key));
    }

    fn put(&self, put: impl FnOnce(&mut Letters<T>)) {
        let mut letters = self.0.lock();
        put(&mut letters);
        let writer = letters.writer.take();
        drop(letters);
        if let Some(writer) = writer {
            writer.wake();
        }
    }

    /// Takes everything; both vectors must be empty. Says whether there was something.
    pub(super) fn take(&self, arrived: &mut Vec<T>, woken: &mut Vec<u32>) -> bool {
        self.0.lock().take(arrived, woken)
    }

    /// The same; if there is nothing, the writer is woken when there is.
    pub(super) fn poll_take(&self, cx: &Context<'_>, arrived: &mut Vec<T>, woken: &mut Vec<u32>) -> Poll<()> {
        let mut letters = self.0.lock();
        if letters.take(arrived, woken) {
            return Poll::Ready(());
        }
        letters.writer = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Letters<T> {
    fn take(&mut self, arrived: &mut Vec<T>, woken: &mut Vec<u32>) -> bool {
        std::mem::swap(&mut self.arrived, arrived);
        std::mem::swap(&mut self.woken, woken);
        !(arrived.is_empty() && woken.is_empty())
    }
}

/// A stream's waker: puts its key into the inbox, once until the stream is looked at.
#[derive(Debug)]
pub(super) struct Ear<T> {
    inbox: Arc<Inbox<T>>,
    key: u32,
    woken: AtomicBool,
}

impl<T> Ear<T> {
    pub(super) fn new(inbox: Arc<Inbox<T>>, key: u32) -> Self {
        Self { inbox, key, woken: AtomicBool::new(false) }
    }

    /// The stream is looked at now: whoever has something for it from here on wakes it again. Before the look, never after.
    pub(super) fn listen(&self) {
        self.woken.store(false, Ordering::SeqCst);
    }

    /// Wakes the stream.
    pub(super) fn ring(&self) {
        if !self.woken.swap(true, Ordering::SeqCst) {
            self.inbox.wake(self.key);
        }
    }
}

impl<T: Send + 'static> Wake for Ear<T> {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}
