//! Sockets that do not block, and the place where a thread waits for them.

use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    io::Errno,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{SocketAddr, TcpStream},
    os::fd::{AsFd, OwnedFd},
};

/// What a socket, or another thing that can be waited for, is called.
pub(crate) type Key = u64;

/// An epoll.
pub(crate) struct Waiting {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

const EVENTS: usize = 1024;

impl Waiting {
    pub(crate) fn new() -> Result<Self, String> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| error.to_string())?;
        Ok(Self { epoll, events: Vec::with_capacity(EVENTS) })
    }

    /// Waits for reading and writing, each told once until it was seen to block.
    pub(crate) fn add(&self, what: impl AsFd, key: Key) -> Result<(), String> {
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
        epoll::add(&self.epoll, what, epoll::EventData::new_u64(key), flags).map_err(|error| error.to_string())
    }

    pub(crate) fn forget(&self, what: impl AsFd) {
        // What is not in it need not be taken out.
        let _ = epoll::delete(&self.epoll, what);
    }

    /// Waits at most so many milliseconds; the keys of those that can go on, and whether their peer is done.
    pub(crate) fn wait(&mut self, most_ms: u32, keys: &mut Vec<(Key, bool)>) -> Result<(), String> {
        self.events.clear();
        keys.clear();
        let most = Timespec { tv_sec: i64::from(most_ms / 1000), tv_nsec: i64::from(most_ms % 1000 * 1_000_000) };
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&most)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.to_string()),
        }
        let done = epoll::EventFlags::RDHUP | epoll::EventFlags::HUP | epoll::EventFlags::ERR;
        keys.extend(self.events.iter().map(|event| {
            let flags = event.flags;
            (event.data.u64(), flags.intersects(done))
        }));
        Ok(())
    }
}

/// Begins to connect. A small `buffer` is for those that read nothing: what they do not take must stay with the server.
pub(crate) fn connect(to: SocketAddr, buffer: Option<usize>) -> Result<TcpStream, String> {
    let begin = || {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(size) = buffer {
            socket.set_recv_buffer_size(size)?;
        }
        match socket.connect(&to.into()) {
            Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
            _ => Ok(TcpStream::from(socket)),
        }
    };
    begin().map_err(|error: io::Error| format!("{to}: {error}"))
}

/// What became of a read or write that does not wait.
pub(crate) fn unless_blocked(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}

/// How many files this process may have open.
pub(crate) fn most_files() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX)
}
