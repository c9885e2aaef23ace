//! Reading the log again for streams that are behind.
//!
//! Streams of one user that stand at one place share one read and its bytes ([`Refills::join`]). What is to be read waits in one line per
//! node; readers take from it, each many users at once, so that a storm of reconnects is some hundred reads and not ten thousand.

use super::{
    Hub,
    budget::{Budget, Held},
    chunk::Chunk,
    line::{Ask, Line},
};
use crate::{
    Cursor, Epoch, Recipient, Seq, frame,
    metrics::count,
    store::{LogPage, LogQuery, Store, StoreError, StoreResult},
};
use futures_util::future::{BoxFuture, FutureExt, Shared, WeakShared};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};
/// Entries of one read of one log.
const ENTRIES: usize = 256;
/// Bytes of one read of the store, whoever's they are: no more than this is waiting to be written per reader.
const BYTES: usize = 256 * 1024;
/// Bytes of one of the logs that are read together: what one stream writes, and keeps if it stalls.
const BYTES_PER_LOG: usize = 64 * 1024;
/// Users of one read of the store.
const USERS: usize = 64;
/// Reads that wait in line, or are under way; whoever comes then waits outside.
const QUEUE: usize = 1024;
/// How long a stream waits before it asks a store again that failed, or that does not show yet what was announced.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a reader waits at a time while too much is held, and how often.
const FULL: (Duration, u32) = (Duration::from_millis(10), 10);

/// A piece of a log that continues a stream without a hole, as its bytes.
pub(super) struct Refill {
    pub(super) chunk: Chunk,
    pub(super) last: Seq,
    pub(super) head: Seq,
    _held: Held,
}

/// Why a log cannot continue a stream.
#[derive(Clone, Copy)]
pub(super) enum Lost {
    /// It is gone, or another one stands in its place.
    Gone,
    /// It no longer goes back so far.
    Behind,
}

/// A read on its way, shared by all that wait for it.
pub(super) type Flight = Shared<Read>;
type Read = BoxFuture<'static, Result<Arc<Refill>, Lost>>;

/// Whose log, in which life, after which entry.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Place {
    pub(super) recipient: Recipient,
    pub(super) epoch: Epoch,
    pub(super) after: Seq,
}

/// The reads of a node.
pub(crate) struct Refills {
    flights: Mutex<Flights>,
    line: Line,
}

#[derive(Default)]
struct Flights {
    next: u64,
    by_place: HashMap<Place, (u64, WeakShared<Read>)>,
}

impl Refills {
    pub(super) fn new() -> Self {
        Self { flights: Mutex::default(), line: Line::new(QUEUE) }
    }

    /// The read of what follows a place: one that is on its way already, or a new one.
    pub(super) fn join(hub: &Arc<Hub>, place: Place) -> Flight {
        let mut flights = hub.refills.flights.lock();
        if let Some(flight) = flights.by_place.get(&place).and_then(|(_, flight)| flight.upgrade()) {
            return flight;
        }
        let number = flights.next;
        flights.next += 1;
        let landing = Landing { hub: Arc::downgrade(hub), place: place.clone(), number };
        let flight = read(Arc::clone(hub), landing).boxed().shared();
        if let Some(weak) = flight.downgrade() {
            flights.by_place.insert(place, (number, weak));
        }
        flight
    }

    /// Reads for whoever stands in line, for ever.
    pub(crate) async fn serve(hub: Arc<Hub>, store: Arc<dyn Store>) {
        loop {
            let mut batch = hub.refills.line.first(USERS).await;
            wait_for_room(&hub.budget).await;
            batch.retain(|ask| !ask.answer.is_closed());
            if !batch.is_empty() {
                hub.metrics.refill_reads.inc();
                hub.refills.line.put_back(answer(&*store, batch, &hub.budget).await);
            }
        }
    }
}

/// What is read is held, too, until its stream writes it; so a reader waits while too much is. Not for ever: some of what is held may only go when
/// something is read.
async fn wait_for_room(budget: &Budget) {
    for _ in 0..FULL.1 {
        if !budget.is_over() {
            return;
        }
        tokio::time::sleep(FULL.0).await;
    }
}

/// Answers as many as one read of the store has room for, and at least one. Answers who is left.
async fn answer(store: &dyn Store, mut batch: Vec<Ask>, budget: &Arc<Budget>) -> Vec<Ask> {
    let queries = batch.iter().map(|ask| ask.query.clone()).collect();
    let pages: Vec<_> = match store.logs(queries, BYTES).await {
        Ok(pages) if !pages.is_empty() => pages.into_iter().map(Ok).collect(),
        read => {
            let error = read.err().unwrap_or_else(|| StoreError::Unavailable("a read without an answer".into()));
            batch.iter().map(|_| Err(error.clone())).collect()
        }
    };
    let rest = batch.split_off(batch.len().min(pages.len()));
    for (ask, page) in batch.into_iter().zip(pages) {
        let bytes = page.as_ref().ok().and_then(Option::as_ref).map_or(0, LogPage::body_bytes);
        // Whoever asked may be gone.
        let _ = ask.answer.send((page, budget.hold(bytes)));
    }
    rest
}

/// Takes a read out of the list when it has ended, or when nobody waits for it any more.
struct Landing {
    hub: Weak<Hub>,
    place: Place,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else { return };
        let mut flights = hub.refills.flights.lock();
        if flights.by_place.get(&self.place).is_some_and(|(number, _)| *number == self.number) {
            flights.by_place.remove(&self.place);
        }
    }
}

/// Reads what follows a place, as often as it takes.
async fn read(hub: Arc<Hub>, landing: Landing) -> Result<Arc<Refill>, Lost> {
    let Place { recipient, epoch, after } = &landing.place;
    loop {
        let query = LogQuery { recipient: recipient.clone(), after: *after, limit: ENTRIES, max_bytes: BYTES_PER_LOG };
        let (read, held) = match hub.refills.line.ask(query).await {
            Some((read, held)) => (read, Some(held)),
            None => (Err(StoreError::Busy), None),
        };
        match judge(read, *epoch, *after, hub.log_entries) {
            Ok(page) => {
                count(&hub.metrics.refills, "outcome", "read", 1);
                return page.map(|page| Arc::new(Refill::of(&page, *epoch, &hub.budget)));
            }
            Err(outcome) => count(&hub.metrics.refills, "outcome", outcome, 1),
        }
        drop(held);
        tokio::time::sleep(PAUSE).await;
    }
}

/// What a read means; an error says why to ask again.
fn judge(
    read: StoreResult<Option<LogPage>>,
    epoch: Epoch,
    after: Seq,
    kept: u64,
) -> Result<Result<LogPage, Lost>, &'static str> {
    match read {
        Err(error) => {
            tracing::warn!(%error, "a stream's log cannot be read; trying again");
            Err("failed")
        }
        Ok(Some(page)) if page.head.epoch == epoch && page.head.seq <= after => Err("early"),
        Ok(Some(page)) if page.head.epoch == epoch => Ok(continues(page, after, kept)),
        Ok(_) => Ok(Err(Lost::Gone)),
    }
}

/// No sweep may have come by yet, so what is still there decides nothing alone: a stream may be twice as far behind as a log is long. Once is
/// what a position may be that is opened; the other time is for what happens while that is read.
fn continues(page: LogPage, after: Seq, kept: u64) -> Result<LogPage, Lost> {
    if page.head.seq.0 - after.0 > kept.saturating_mul(2) {
        return Err(Lost::Behind);
    }
    let (Some(first), Some(last)) = (page.entries.first(), page.entries.last()) else { return Err(Lost::Behind) };
    let dense = first.seq == after.next() && last.seq.0 - first.seq.0 + 1 == page.entries.len() as u64;
    if dense && page.head.floor <= after { Ok(page) } else { Err(Lost::Behind) }
}

impl Refill {
    /// The bytes of a page, made once for all that wait for it.
    fn of(page: &LogPage, epoch: Epoch, budget: &Arc<Budget>) -> Self {
        let mut chunk = Chunk::default();
        for entry in &page.entries {
            chunk.stamp(Cursor { epoch, seq: entry.seq }, &frame::change(&entry.change));
        }
        chunk.counts(page.head.counts, page.head.seq);
        let last = page.entries.last().map_or(page.head.seq, |entry| entry.seq);
        let held = budget.hold(chunk.bytes().len());
        Self { chunk, last, head: page.head.seq, _held: held }
    }
}
