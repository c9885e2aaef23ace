//! A writer's sockets: one poll for all of them. With tokio, each would hold a registration of its own, a quarter of a kilobyte, for wakers that
//! all mean the same task.

use mio::{Events, Interest, Poll as Selector, Token, event::Event, net::TcpStream};
use std::{
    io,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::io::unix::AsyncFd;

/// How many events one look takes out of the kernel.
const EVENTS: usize = 256;

/// The sockets, by the keys of their streams.
#[derive(Debug)]
pub(super) struct Sockets {
    selector: AsyncFd<Selector>,
    events: Events,
}

/// What a socket has to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    pub(super) key: u32,
    /// Something has come, or the peer is gone: reading tells.
    pub(super) readable: bool,
}

impl Sockets {
    /// # Errors
    ///
    /// There are no file descriptors left.
    pub(super) fn new() -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "its replacement is unsafe, for types whose descriptor changes; a selector's does not"
        )]
        let selector = AsyncFd::new(Selector::new()?)?;
        Ok(Self { selector, events: Events::with_capacity(EVENTS) })
    }

    /// Listens to a socket from now on, until it is closed or taken out. What it has to say already is heard, too.
    ///
    /// # Errors
    ///
    /// The kernel takes no more of them.
    pub(super) fn add(&self, socket: &mut TcpStream, key: u32) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        self.selector.get_ref().registry().register(socket, Token(key as usize), both)
    }

    /// Hears a socket no more, so that somebody else can.
    ///
    /// # Errors
    ///
    /// It was not heard.
    pub(super) fn take_out(&self, socket: &mut TcpStream) -> io::Result<()> {
        self.selector.get_ref().registry().deregister(socket)
    }

    /// Hands out what the sockets have to say, each change once. Pending: nothing more, and the task is woken when there is.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, mut hear: impl FnMut(Signal)) -> Poll<io::Result<()>> {
        let mut heard = false;
        loop {
            let mut ready = match self.selector.poll_read_ready_mut(cx) {
                Poll::Pending if heard => return Poll::Ready(Ok(())),
                polled => ready!(polled)?,
            };
            ready.get_inner_mut().poll(&mut self.events, Some(Duration::ZERO))?;
            if self.events.is_empty() {
                ready.clear_ready();
            }
            heard |= !self.events.is_empty();
            self.events.iter().filter_map(signal).for_each(&mut hear);
        }
    }
}

fn signal(event: &Event) -> Option<Signal> {
    let key = u32::try_from(event.token().0).ok()?;
    Some(Signal { key, readable: event.is_readable() || event.is_read_closed() || event.is_error() })
}
