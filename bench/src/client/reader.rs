//! One reading thread and its streams.

use super::{
    connection::{Key, Waiting, connect, unless_blocked},
    crowd::{Manner, OneReceived, Seat, Shared},
    histogram::Histogram,
    stamp::Stamp,
    stream::{Listener, Stream},
    target::Target,
};
use crate::clock::{Nanos, nanos, now};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, atomic::Ordering::Relaxed},
};

/// What one `read` takes at most: larger ones leave the processor's cache.
const BUFFER: usize = 128 * 1024;

/// How often it is looked whether the run is over.
const TICK_MS: u32 = 5;

pub(crate) struct Reader {
    target: Target,
    manner: Manner,
    shared: Arc<Shared>,
    waiting: Waiting,
    held: Vec<Held>,
    /// The seat that is opened next, and how many are opening.
    next: usize,
    tally: Tally,
    cut: u64,
    churn: Nanos,
}

struct Held {
    seat: Seat,
    stream: Stream,
    socket: Option<TcpStream>,
    /// What of the request is not yet written.
    request: Vec<u8>,
}

/// What all streams of a thread tell.
#[derive(Default)]
struct Tally {
    opening: usize,
    ready: u64,
    delivered: u64,
    latency: Histogram,
    now: Nanos,
}

impl Listener for Tally {
    fn ready(&mut self) {
        self.opening = self.opening.saturating_sub(1);
        self.ready += 1;
    }

    fn stamp(&mut self, stamp: Stamp) {
        self.delivered += 1;
        self.latency.record(self.now.saturating_sub(stamp.at));
    }
}

/// What a thread has to say at its end.
pub(crate) struct Part {
    pub(crate) streams: Vec<OneReceived>,
    pub(crate) latency: Histogram,
    pub(crate) bytes: u64,
    pub(crate) cut: u64,
}

impl Reader {
    pub(crate) fn new(target: Target, seats: Vec<Seat>, manner: Manner, shared: Arc<Shared>) -> Result<Self, String> {
        let held = seats.into_iter().map(|seat| Held {
            stream: Stream::of(manner.parses, seat.position.clone()),
            seat,
            socket: None,
            request: Vec::new(),
        });
        let (held, waiting) = (held.collect(), Waiting::new()?);
        let churn = manner.churn.map_or(Nanos::MAX, |every| now() + nanos(every));
        Ok(Self { target, manner, shared, waiting, held, next: 0, tally: Tally::default(), cut: 0, churn })
    }

    /// Opens and reads until the run is over.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let (mut keys, mut buffer) = (Vec::new(), vec![0; BUFFER]);
        while !self.shared.over.load(Relaxed) {
            while self.next < self.held.len() && self.tally.opening < self.manner.opening {
                self.open(self.next)?;
                self.next += 1;
            }
            self.waiting.wait(TICK_MS, &mut keys)?;
            for &(key, done) in &keys {
                self.turn(key, done, &mut buffer)?;
            }
            self.leave_and_come_back()?;
            self.shared.ready.fetch_add(std::mem::take(&mut self.tally.ready), Relaxed);
            self.shared.delivered.fetch_add(std::mem::take(&mut self.tally.delivered), Relaxed);
        }
        Ok(())
    }

    fn open(&mut self, at: usize) -> Result<(), String> {
        let held = &mut self.held[at];
        held.stream.restart();
        held.request = self.target.stream_request(held.seat.user, held.stream.position.as_deref());
        let socket = connect(self.target.address, held.seat.stalls.then_some(4096))?;
        self.waiting.add(&socket, at as Key)?;
        held.socket = Some(socket);
        self.tally.opening += 1;
        Ok(())
    }

    /// Writes what is left of its request, and reads all that has come. A short read was all, unless an end comes after it.
    fn turn(&mut self, key: Key, done: bool, buffer: &mut [u8]) -> Result<(), String> {
        let Some(held) = usize::try_from(key).ok().and_then(|at| self.held.get_mut(at)) else { return Ok(()) };
        let Some(socket) = &mut held.socket else { return Ok(()) };
        if !held.request.is_empty() {
            let written = unless_blocked(socket.write(&held.request));
            let written = written.map_err(|error| format!("a stream does not open: {error}"))?;
            held.request.drain(..written.unwrap_or(0));
        }
        loop {
            let count = match unless_blocked(socket.read(buffer)) {
                Ok(Some(count @ 1..)) => count,
                Ok(None) => return Ok(()),
                Ok(Some(0)) | Err(_) => break,
            };
            self.tally.now = now();
            held.stream.feed(&buffer[..count], self.target.ready.as_deref(), &mut self.tally)?;
            if held.seat.stalls && held.stream.is_ready() {
                self.waiting.forget(&*socket);
                return Ok(());
            }
            if held.stream.has_ended() {
                break;
            }
            if count < buffer.len() && !done {
                return Ok(());
            }
        }
        if !held.stream.is_ready() {
            return Err("a stream ended before it was ready".into());
        }
        held.socket = None;
        self.cut += 1;
        Ok(())
    }

    fn leave_and_come_back(&mut self) -> Result<(), String> {
        if now() < self.churn || self.tally.opening > 0 {
            return Ok(());
        }
        self.churn = self.manner.churn.map_or(Nanos::MAX, |every| now() + nanos(every));
        let at = fastrand::usize(0..self.held.len());
        if self.held[at].seat.stalls || self.held[at].socket.take().is_none() {
            return Ok(());
        }
        self.open(at)
    }

    pub(crate) fn part(self) -> Part {
        let mut part = Part { streams: Vec::new(), latency: self.tally.latency, bytes: 0, cut: self.cut };
        for Held { seat, stream, .. } in self.held {
            part.bytes += stream.bytes;
            let (user, stalled) = (seat.user, seat.stalls);
            part.streams.push(OneReceived { user, position: stream.position, seen: stream.seen, stalled });
        }
        part
    }
}
