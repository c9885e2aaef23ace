//! A writer: the task that drives its share of the streams.

use super::{
    inbox::{Ear, Inbox},
    lanes::{Lanes, TURN},
    sockets::{Signal, Sockets},
    stream::{Entry, Stream, Turn},
    wheel::Wheel,
};
use crate::{LiveOptions, LiveStats, stats::Count};
use campanile_core::Chunk;
use slab::Slab;
use std::{
    future::poll_fn,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::{
    task::yield_now,
    time::{Instant, Sleep, sleep_until},
};

/// Everything of one writer.
pub(super) struct Writer {
    inbox: Arc<Inbox<Box<Stream>>>,
    options: Arc<LiveOptions>,
    stats: Arc<LiveStats>,
    streams: Slab<Entry>,
    sockets: Sockets,
    lanes: Lanes,
    wheel: Wheel,
    /// The bytes of one write, whoever's it is.
    chunk: Chunk,
    // What the inbox is emptied into, and the streams of a turn.
    #[expect(clippy::vec_box, reason = "both are as large as the largest storm of arrivals was")]
    arrived: Vec<Box<Stream>>,
    woken: Vec<u32>,
    heard: Vec<Signal>,
    turn: Vec<u32>,
}

impl Writer {
    /// # Errors
    ///
    /// There are no file descriptors left.
    pub(super) fn new(
        inbox: Arc<Inbox<Box<Stream>>>,
        options: Arc<LiveOptions>,
        stats: Arc<LiveStats>,
    ) -> io::Result<Self> {
        Ok(Self {
            inbox,
            options,
            stats,
            streams: Slab::new(),
            sockets: Sockets::new()?,
            lanes: Lanes::default(),
            wheel: Wheel::new(Instant::now()),
            chunk: Chunk::default(),
            arrived: Vec::new(),
            woken: Vec::new(),
            heard: Vec::new(),
            turn: Vec::new(),
        })
    }

    /// Writes until it is dropped, with all its streams.
    pub(super) async fn run(mut self) {
        let mut timer = pin!(sleep_until(Instant::now()));
        loop {
            poll_fn(|cx| {
                let news = self.inbox.poll_take(cx, &mut self.arrived, &mut self.woken).is_ready();
                let heard = self.listen(cx);
                let next = self.wheel.next().into_iter().chain(self.lanes.next_wake()).min();
                let due = poll_timer(timer.as_mut(), cx, next);
                if news || heard || due { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            self.sort_in();
            while !self.lanes.is_empty() {
                self.write();
                // Whoever publishes, connects or asks has a turn, too; and what has come meanwhile goes out together.
                yield_now().await;
                self.inbox.take(&mut self.arrived, &mut self.woken);
                poll_fn(|cx| Poll::Ready(self.listen(cx))).await;
                self.sort_in();
            }
        }
    }

    /// Hears the sockets; says whether one has something to say. If not, the task is woken when one has.
    fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        match self.sockets.poll(cx, |signal| self.heard.push(signal)) {
            Poll::Ready(Err(error)) => {
                tracing::error!(%error, "the sockets of streams cannot be heard");
                false
            }
            polled => polled.is_ready(),
        }
    }

    /// Puts what came, was woken or is due into the lanes.
    fn sort_in(&mut self) {
        let Self { inbox, stats, streams, sockets, lanes, wheel, arrived, woken, heard, .. } = self;
        for mut stream in arrived.drain(..) {
            let slot = streams.vacant_entry();
            let Ok(key) = u32::try_from(slot.key()) else { continue };
            // One that cannot be heard is closed, and its client comes back.
            if let Err(error) = stream.enter(sockets, key) {
                tracing::error!(%error, "a stream's socket cannot be heard");
                continue;
            }
            stats.backlog(0, stream.backlog());
            lanes.push(stream.lane(), key);
            let ear = Arc::new(Ear::new(inbox.clone(), key));
            slot.insert(Entry { stream, ear, tick: u64::MAX, queued: true });
        }
        let mut queue = |key: u32, entry: &mut Entry| {
            if !std::mem::replace(&mut entry.queued, true) {
                lanes.push(entry.stream.lane(), key);
            }
        };
        for key in woken.drain(..) {
            streams.get_mut(key as usize).into_iter().for_each(|entry| queue(key, entry));
        }
        for Signal { key, readable } in heard.drain(..) {
            // An event may be of a stream that is gone, and its key another's: that one looks in vain.
            if let Some(entry) = streams.get_mut(key as usize) {
                entry.stream.note_readable_if(readable);
                queue(key, entry);
            }
        }
        let now = Instant::now();
        wheel.take_due(now, |tick, key| {
            // One that was set to an earlier tick since then was handed out there.
            if let Some(entry) = streams.get_mut(key as usize).filter(|entry| entry.tick == tick) {
                entry.tick = u64::MAX;
                queue(key, entry);
            }
        });
        lanes.wake(now);
    }

    /// Gives turns to as many streams as one turn has, of one user or of several.
    fn write(&mut self) {
        let now = Instant::now();
        let mut turn = std::mem::take(&mut self.turn);
        while turn.len() < TURN && !self.lanes.is_empty() {
            self.lanes.take_turn(now, &mut turn);
        }
        for key in turn.drain(..) {
            self.give_turn(key, now);
        }
        self.lanes.rest(Instant::now());
        self.turn = turn;
    }

    fn give_turn(&mut self, key: u32, now: Instant) {
        let Some(entry) = self.streams.get_mut(key as usize) else { return };
        entry.queued = false;
        entry.ear.listen();
        let before = entry.stream.backlog();
        let (stream, waker, chunk) = (&mut entry.stream, Waker::from(entry.ear.clone()), &mut self.chunk);
        let write_timeout = self.options.write_timeout;
        // A fault in one stream must not end the others.
        let turn = catch_unwind(AssertUnwindSafe(|| stream.turn(&waker, now, write_timeout, chunk)));
        self.stats.backlog(before, entry.stream.backlog());
        match turn {
            Ok(Turn::Rest) => self.set_clock(key),
            Ok(Turn::Again) => {
                entry.queued = true;
                self.lanes.push(entry.stream.lane(), key);
            }
            Ok(end) => self.end(key, end),
            Err(_) => {
                tracing::error!("a stream failed; it is closed");
                self.end(key, Turn::Tear);
            }
        }
    }

    /// Sets a stream's deadline if it is earlier than the one that is set: a later one is looked at when that has come.
    fn set_clock(&mut self, key: u32) {
        let Some(entry) = self.streams.get_mut(key as usize) else { return };
        let tick = self.wheel.tick(entry.stream.deadline(self.options.write_timeout));
        if tick < entry.tick {
            entry.tick = tick;
            self.wheel.set(tick, key);
        }
    }

    fn end(&mut self, key: u32, how: Turn) {
        let Some(Entry { stream, .. }) = self.streams.try_remove(key as usize) else { return };
        self.stats.backlog(stream.backlog(), 0);
        match how {
            Turn::Over => stream.close(&self.sockets, self.options.linger),
            Turn::Stuck => {
                self.stats.count(Count::write_timeouts);
                stream.tear();
            }
            Turn::Tear => stream.tear(),
            Turn::Gone | Turn::Rest | Turn::Again => drop(stream),
        }
    }
}

/// Whether something is due; if not, the task is woken when it is.
fn poll_timer(mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>, next: Option<Instant>) -> bool {
    let Some(next) = next else { return false };
    if timer.deadline() != next {
        timer.as_mut().reset(next);
    }
    timer.poll(cx).is_ready()
}
