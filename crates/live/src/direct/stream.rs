//! One stream: its session, its socket, and what the socket has not taken yet.

use super::{inbox::Ear, sockets::Sockets};
use crate::{places::Place, socket};
use axum::body::Body;
use campanile_core::{Chunk, Session, Step};
use mio::net::TcpStream;
use std::{
    io::{self, ErrorKind, Read, Write},
    net,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    sync::watch,
    time::{Instant, timeout},
};

/// How often input is read in one turn. A peer that goes on sending is looked at again in its next turn, after all others.
const READS: usize = 16;
const READ: usize = 1024;

/// A stream whose socket is ours.
#[derive(Debug)]
pub(crate) struct Stream {
    session: Box<Session>,
    socket: TcpStream,
    /// What goes before the first chunk.
    head: Option<Box<[u8]>>,
    /// What the socket has not taken. The session is not asked before it is gone.
    leftover: Option<Box<Leftover>>,
    /// Whether its socket may have something to read.
    readable: bool,
    /// Its last bytes are written, or pending.
    ended: bool,
    held: Held,
}

/// A chunk that its socket has not taken whole.
#[derive(Debug)]
struct Leftover {
    bytes: Vec<u8>,
    written: usize,
    /// Since when the peer has accepted nothing.
    since: Instant,
    /// Until when it is waited for, if the stream must end.
    until: Option<Instant>,
}

/// What lives as long as a stream, because it waits for that or counts it.
#[derive(Debug)]
pub(crate) struct Held {
    /// With whatever layers have hung on it.
    pub(crate) body: Body,
    pub(crate) place: Place,
    /// The server waits until the last of these is gone, and says by it when everything ends at once.
    pub(crate) stop: watch::Receiver<bool>,
}

/// How a turn ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Nothing to do until the waker is woken or the deadline has come.
    Rest,
    /// There may be more.
    Again,
    /// All is written: close so that it arrives.
    Over,
    /// The stream must not go on, and its peer has not accepted all: close so that nothing more of it arrives.
    Tear,
    /// The peer accepted nothing for too long.
    Stuck,
    /// The peer is gone.
    Gone,
}

impl Stream {
    /// # Errors
    ///
    /// The runtime does not let go of the socket.
    pub(crate) fn new(
        session: Box<Session>,
        socket: tokio::net::TcpStream,
        head: Vec<u8>,
        held: Held,
    ) -> io::Result<Self> {
        let socket = TcpStream::from_std(socket.into_std()?);
        Ok(Self { session, socket, head: Some(head.into()), leftover: None, readable: false, ended: false, held })
    }

    /// From now on `sockets` hear its socket.
    ///
    /// # Errors
    ///
    /// They take no more.
    pub(super) fn enter(&mut self, sockets: &Sockets, key: u32) -> io::Result<()> {
        sockets.add(&mut self.socket, key)
    }

    /// Something has come, or the peer is gone.
    pub(super) fn note_readable_if(&mut self, readable: bool) {
        self.readable |= readable;
    }

    /// Equal for streams of one user.
    pub(super) fn lane(&self) -> u64 {
        self.session.lane()
    }

    /// How many bytes it holds that its socket has not taken.
    pub(super) fn backlog(&self) -> usize {
        self.leftover.as_ref().map_or(0, |leftover| leftover.bytes.len())
    }

    /// When to give it a turn at the latest. While something is left over its session has nothing to say, so only ends count.
    pub(super) fn deadline(&self, write_timeout: Duration) -> Instant {
        let Some(leftover) = &self.leftover else { return self.session.deadline() };
        let ends = if self.ended { None } else { leftover.until.or(self.session.ends_at()) };
        ends.into_iter().fold(leftover.since + write_timeout, Instant::min)
    }

    /// Lets it do what it has to do: one write at most.
    pub(super) fn turn(&mut self, waker: &Waker, now: Instant, write_timeout: Duration, chunk: &mut Chunk) -> Turn {
        let mut cx = Context::from_waker(waker);
        match self.try_turn(&mut cx, now, chunk) {
            Ok(Turn::Rest) => self.wait(waker, now, write_timeout),
            Ok(turn) => turn,
            // The kernel has the same time-out (`socket.rs`), and may notice first.
            Err(error) if error.kind() == ErrorKind::TimedOut && self.leftover.is_some() => Turn::Stuck,
            Err(_) => Turn::Gone,
        }
    }

    /// Whether the peer may still take what is left over. One that reads slowly is waited for, even if the stream is to end: unless it must
    /// not go on.
    fn wait(&mut self, waker: &Waker, now: Instant, write_timeout: Duration) -> Turn {
        let Some(leftover) = &mut self.leftover else { return Turn::Rest };
        if !self.ended {
            let until = self.session.waits_until(waker, now, write_timeout);
            leftover.until = leftover.until.into_iter().chain(until).min();
        }
        let turn = match &**leftover {
            Leftover { until: Some(until), .. } if *until <= now => Turn::Tear,
            Leftover { since, .. } if *since + write_timeout <= now => Turn::Stuck,
            _ => return Turn::Rest,
        };
        self.session.break_off(waker, now);
        turn
    }

    fn try_turn(&mut self, cx: &mut Context<'_>, now: Instant, chunk: &mut Chunk) -> io::Result<Turn> {
        self.read(cx)?;
        if let Some(leftover) = self.leftover.take() {
            return self.push_on(cx.waker(), leftover, now);
        }
        let Poll::Ready(step) = self.session.poll_step(cx, now, chunk) else { return Ok(Turn::Rest) };
        self.ended = step == Step::End;
        self.write(cx.waker(), now, chunk.bytes())?;
        Ok(match step {
            _ if self.leftover.is_some() => Turn::Rest,
            Step::More => Turn::Again,
            Step::Rest => Turn::Rest,
            Step::End => Turn::Over,
        })
    }

    /// Throws away what the peer sends: after its request nothing of it matters but its end.
    fn read(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.readable {
            return Ok(());
        }
        let mut scratch = [0; READ];
        for _ in 0..READS {
            match self.socket.read(&mut scratch) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.readable = false;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// Writes what is left over of an earlier chunk.
    fn push_on(&mut self, waker: &Waker, mut leftover: Box<Leftover>, now: Instant) -> io::Result<Turn> {
        let taken = match self.offer(&leftover.bytes[leftover.written..]) {
            Ok(taken) => taken,
            Err(error) => {
                self.leftover = Some(leftover);
                return Err(error);
            }
        };
        if taken > 0 {
            leftover.since = now;
        }
        leftover.written += taken;
        if leftover.written < leftover.bytes.len() {
            self.leftover = Some(leftover);
            return Ok(Turn::Rest);
        }
        self.session.keep(0, waker);
        Ok(if self.ended { Turn::Over } else { Turn::Again })
    }

    /// Writes a chunk, after the head if that is still to be written: both in one go.
    fn write(&mut self, waker: &Waker, now: Instant, bytes: &[u8]) -> io::Result<()> {
        let Some(head) = self.head.take() else {
            let taken = self.offer(bytes)?;
            self.keep(waker, &bytes[taken..], now);
            return Ok(());
        };
        let all = [&head, bytes].concat();
        let taken = self.offer(&all)?;
        self.keep(waker, &all[taken..], now);
        Ok(())
    }

    fn keep(&mut self, waker: &Waker, left: &[u8], now: Instant) {
        if !left.is_empty() {
            self.session.keep(left.len(), waker);
            let leftover = Leftover { bytes: left.to_vec(), written: 0, since: now, until: None };
            self.leftover = Some(Box::new(leftover));
        }
    }

    /// Writes as much as the socket takes; if that is not all, the writer hears when it takes more.
    fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < bytes.len() {
            match self.socket.write(&bytes[taken..]) {
                Ok(more) => taken += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Closes so that nothing more arrives.
    pub(super) fn tear(self) {
        socket::forget_unsent(&self.socket);
    }

    /// Closes so that the last byte arrives: FIN, then what the peer still sends is thrown away for a while. The session's place is free at
    /// once.
    pub(super) fn close(self, sockets: &Sockets, linger: Duration) {
        let Self { session, mut socket, held, .. } = self;
        drop(session);
        let Held { body, place, mut stop } = held;
        drop(body);
        let freed = sockets.take_out(&mut socket);
        let Ok(mut socket) = freed.and_then(|()| tokio::net::TcpStream::from_std(net::TcpStream::from(socket))) else {
            return;
        };
        tokio::spawn(async move {
            tokio::select! {
                sent = socket.shutdown() => if sent.is_err() { return },
                () = crate::server::aborted(&mut stop) => return,
            }
            // Everything is said: the server's end does not wait for what the peer does now.
            drop(stop);
            // However that ends, the socket is closed then.
            _ = timeout(linger, discard(&socket)).await;
            drop((socket, place));
        });
    }
}

/// Throws away what the peer still sends, until it has closed.
async fn discard(socket: &tokio::net::TcpStream) -> io::Result<()> {
    let mut scratch = [0; READ];
    loop {
        socket.readable().await?;
        match socket.try_read(&mut scratch) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
}

/// A stream in its writer's list, which is as long as the most streams that there were at once.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stream: Box<Stream>,
    pub(super) ear: Arc<Ear<Box<Stream>>>,
    /// The tick at which the wheel hands it out.
    pub(super) tick: u64,
    /// Whether it is in its lane.
    pub(super) queued: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Places;
    use campanile_core::{EndReason, Engine, Identity, OpenRequest, Transport, UserId, store::MemoryStore};

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Each byte of these is paid by every open stream: docs/decisions/0003 adds them up.
    #[test]
    fn an_idle_stream_is_small() {
        assert!(size_of::<Session>() <= 256, "{}", size_of::<Session>());
        assert!(size_of::<Stream>() <= 120, "{}", size_of::<Stream>());
        assert!(size_of::<Entry>() <= 32, "{}", size_of::<Entry>());
    }

    /// A stream whose first write is more than its peer takes, which reads nothing, and the peer.
    async fn stalled(engine: &Engine, expires_in: Option<Duration>) -> (Stream, tokio::net::TcpStream) {
        let expires_at = expires_in.map(|span| engine.clock().now().plus(span));
        let identity = Identity { expires_at, ..Identity::of(UserId::new("u").unwrap()) };
        let request = OpenRequest { identity, position: None, transport: Transport::Http1 };
        let session = Box::new(engine.open(request).await.unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, from) = listener.accept().await.unwrap();
        let place = Places::new(None, None, Arc::default()).take(from.ip()).unwrap();
        let held = Held { body: Body::empty(), place, stop: watch::channel(false).1 };
        (Stream::new(session, socket, vec![b'x'; 32 << 20], held).unwrap(), peer)
    }

    #[tokio::test]
    async fn a_stream_whose_reader_stalls_is_given_a_turn_for_its_end_only() {
        let engine = Engine::builder(Arc::new(MemoryStore::default())).start();
        let (mut stream, _peer) = stalled(&engine, None).await;
        let (now, mut chunk) = (Instant::now(), Chunk::default());
        assert_eq!(stream.turn(Waker::noop(), now, PATIENCE, &mut chunk), Turn::Rest);
        assert!(stream.backlog() > 0);
        // Its heartbeat is due since long.
        let later = now + Duration::from_secs(45);
        assert_eq!(stream.turn(Waker::noop(), later, PATIENCE * 2, &mut chunk), Turn::Rest);
        assert!(stream.deadline(PATIENCE) >= now + PATIENCE);
        engine.cut_user(stream.session.recipient());
        assert_eq!(stream.turn(Waker::noop(), later + PATIENCE, PATIENCE, &mut chunk), Turn::Stuck);
        assert_eq!(stream.session.stats().end, Some(EndReason::Evicted), "not its client's leaving");

        let expires = Duration::from_secs(20);
        let (mut stream, _peer) = stalled(&engine, Some(expires)).await;
        assert_eq!(stream.turn(Waker::noop(), now, PATIENCE, &mut chunk), Turn::Rest);
        let ends = stream.deadline(PATIENCE);
        assert!(ends > now && ends < now + expires + Duration::from_secs(5), "{:?}", ends - now);
        assert_eq!(stream.turn(Waker::noop(), ends, PATIENCE, &mut chunk), Turn::Tear);
    }
}
