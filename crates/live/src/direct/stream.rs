//! One stream: its session, its socket, and what the socket has not taken yet.

use super::inbox::Ear;
use crate::{places::Place, socket::Transport};
use axum::body::Body;
use campanile_core::{Chunk, Session, Step};
use std::{
    io::{self, ErrorKind},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
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
    /// What the socket has not taken: the head at first, later the rest of a chunk. Nothing is written, and the session is not asked, before
    /// it is gone.
    pending: Vec<u8>,
    written: usize,
    /// Since when the peer has accepted nothing.
    stuck_since: Option<Instant>,
    /// Its last bytes are written, or pending.
    ended: bool,
    held: Held,
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
    /// The peer accepts nothing, and the stream must not go on: close so that nothing more of it arrives.
    Tear,
    /// The peer accepted nothing for too long.
    Stuck,
    /// The peer is gone.
    Gone,
}

impl Stream {
    pub(crate) fn new(session: Box<Session>, socket: TcpStream, head: Vec<u8>, held: Held) -> Self {
        Self { session, socket, pending: head, written: 0, stuck_since: None, ended: false, held }
    }

    /// Equal for streams of one user.
    pub(super) fn lane(&self) -> u64 {
        self.session.lane()
    }

    /// How many bytes it holds that its socket has not taken.
    pub(super) fn backlog(&self) -> usize {
        self.pending.len()
    }

    /// When to give it a turn at the latest.
    pub(super) fn deadline(&self, write_timeout: Duration) -> Instant {
        let session = self.session.deadline();
        self.stuck_since.map_or(session, |since| session.min(since + write_timeout))
    }

    /// Lets it do what it has to do: one write at most.
    pub(super) fn turn(&mut self, waker: &Waker, now: Instant, write_timeout: Duration, chunk: &mut Chunk) -> Turn {
        let mut cx = Context::from_waker(waker);
        match self.try_turn(&mut cx, now, chunk) {
            Ok(Turn::Rest) if self.stuck_since.is_some_and(|since| now >= since + write_timeout) => Turn::Stuck,
            Ok(turn) => turn,
            Err(_) => Turn::Gone,
        }
    }

    fn try_turn(&mut self, cx: &mut Context<'_>, now: Instant, chunk: &mut Chunk) -> io::Result<Turn> {
        self.read(cx)?;
        if self.stuck_since.is_some() {
            return self.push_on(cx, now);
        }
        let Poll::Ready(step) = self.session.poll_step(cx, now, chunk) else { return Ok(Turn::Rest) };
        self.ended = step == Step::End;
        self.write(cx, now, chunk.bytes())?;
        Ok(match step {
            _ if self.stuck_since.is_some() => Turn::Rest,
            Step::More => Turn::Again,
            Step::Rest => Turn::Rest,
            Step::End => Turn::Over,
        })
    }

    /// Throws away what the peer sends: after its request nothing of it matters but its end.
    fn read(&self, cx: &mut Context<'_>) -> io::Result<()> {
        for _ in 0..READS {
            let Poll::Ready(ready) = self.socket.poll_read_ready(cx) else { return Ok(()) };
            ready?;
            let mut scratch = [0; READ];
            match self.socket.try_read(&mut scratch) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// Writes the rest of an earlier chunk.
    fn push_on(&mut self, cx: &mut Context<'_>, now: Instant) -> io::Result<Turn> {
        let rest = std::mem::take(&mut self.pending);
        let written = std::mem::take(&mut self.written);
        let before = rest.len() - written;
        let taken = self.offer(cx, &rest[written..])?;
        if taken > 0 {
            self.stuck_since = Some(now);
        }
        if taken < before {
            (self.pending, self.written) = (rest, written + taken);
            let torn = !self.ended && self.session.must_end(now);
            return Ok(if torn { Turn::Tear } else { Turn::Rest });
        }
        self.stuck_since = None;
        Ok(if self.ended { Turn::Over } else { Turn::Again })
    }

    /// Writes a chunk, after the head if that is still to be written: both in one go.
    fn write(&mut self, cx: &mut Context<'_>, now: Instant, bytes: &[u8]) -> io::Result<()> {
        if self.pending.is_empty() {
            let taken = self.offer(cx, bytes)?;
            self.keep(&bytes[taken..], now);
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.pending);
        all.extend_from_slice(bytes);
        let taken = self.offer(cx, &all)?;
        self.keep(&all[taken..], now);
        Ok(())
    }

    fn keep(&mut self, rest: &[u8], now: Instant) {
        if !rest.is_empty() {
            (self.pending, self.written, self.stuck_since) = (rest.to_vec(), 0, Some(now));
        }
    }

    /// Writes as much as the socket takes; if that is not all, the waker is registered for more.
    fn offer(&self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < bytes.len() {
            match self.socket.try_write(&bytes[taken..]) {
                Ok(more) => taken += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => match self.socket.poll_write_ready(cx) {
                    Poll::Ready(ready) => ready?,
                    Poll::Pending => break,
                },
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Closes so that nothing more arrives.
    pub(super) fn tear(self) {
        self.socket.forget_unsent();
    }

    /// Closes so that the last byte arrives: FIN, then what the peer still sends is thrown away for a while. The session's place is free at
    /// once.
    pub(super) fn close(self, linger: Duration) {
        let Self { session, mut socket, held, .. } = self;
        drop(session);
        let Held { body, place, mut stop } = held;
        drop(body);
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
async fn discard(socket: &TcpStream) -> io::Result<()> {
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

/// A stream in its writer's list.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stream: Box<Stream>,
    pub(super) ear: Arc<Ear<Box<Stream>>>,
    pub(super) waker: Waker,
    pub(super) lane: u64,
    /// The tick at which the wheel hands it out.
    pub(super) tick: u64,
    /// Whether it is in its lane.
    pub(super) queued: bool,
}
