//! The direct path: event streams whose sockets were taken back from hyper.
//!
//! An open stream costs what it needs: its socket, its session, and a place in one writer's list. No task, no buffer, no timer of its own. A
//! [`writer`] drives many streams: it sleeps until somebody woke one of them ([`inbox`]), a socket has something to say ([`sockets`]) or a deadline
//! has come ([`wheel`]), and then lets each write what it has in one go ([`stream`]), fairly between users ([`lanes`]).

mod head;
mod inbox;
mod lanes;
mod sockets;
mod stream;
mod wheel;
mod writer;

pub(crate) use head::bytes as head_bytes;
pub(crate) use stream::{Held, Stream};

use crate::{LiveOptions, LiveStats};
use inbox::Inbox;
use std::{
    io,
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio::task::JoinSet;
use writer::Writer;

/// The writers of a server. Clones are the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Direct(Arc<Writers>);

#[derive(Debug)]
struct Writers {
    inboxes: Vec<Arc<Inbox<Box<Stream>>>>,
    next: AtomicUsize,
}

impl Direct {
    /// Starts a writer for each processor. They run until `tasks` is dropped, and their streams end with them.
    ///
    /// # Errors
    ///
    /// There are no file descriptors left.
    pub(crate) fn start(
        tasks: &mut JoinSet<()>,
        options: &Arc<LiveOptions>,
        stats: &Arc<LiveStats>,
    ) -> io::Result<Self> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let inboxes: Vec<_> = (0..processors).map(|_| Arc::new(Inbox::new())).collect();
        for inbox in &inboxes {
            tasks.spawn(Writer::new(inbox.clone(), options.clone(), stats.clone())?.run());
        }
        Ok(Self(Arc::new(Writers { inboxes, next: AtomicUsize::new(0) })))
    }

    /// Gives a stream to a writer, in turn.
    pub(crate) fn take(&self, stream: Stream) {
        let Writers { inboxes, next } = &*self.0;
        let turn = next.fetch_add(1, Ordering::Relaxed) % inboxes.len();
        inboxes[turn].arrive(Box::new(stream));
    }
}
