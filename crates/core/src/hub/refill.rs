//! Reading the log again for streams that are behind.
//!
//! Streams of one user that stand at one place share one read and its bytes ([`Refills::join`]). What is to be read waits in one line per
//! node; readers take from it, each many users at once, so that a storm of reconnects is some hundred reads and not ten thousand.

use super::{
    Hub,
    budget::{Budget, Held},
    chunk::Chunk,
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
use tokio::sync::{Mutex as TurnLock, mpsc, oneshot};

/// Entries of one read of one log.
const ENTRIES: usize = 256;
/// Bytes of one read of the store, whoever's they are: no more than this is waiting to be written per reader.
const BYTES: usize = 256 * 1024;
/// Bytes of one of the logs that are read together: what one stream writes, and keeps if it stalls.
const BYTES_PER_LOG: usize = 64 * 1024;
/// Users of one read of the store.
const USERS: usize = 64;
/// Reads that wait in line; whoever comes then waits outside.
const QUEUE: usize = 1024;
/// How long a stream waits before it asks a store again that failed, or that does not show yet what was announced.
const PAUSE: Duration = Duration::from_millis(500);

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
    line: mpsc::Sender<Ask>,
    /// Taken by one reader at a time, while it waits for what to read.
    asks: Arc<TurnLock<mpsc::Receiver<Ask>>>,
}

#[derive(Default)]
struct Flights {
    next: u64,
    by_place: HashMap<Place, (u64, WeakShared<Read>)>,
}

/// Somebody waits for a read.
struct Ask {
    query: LogQuery,
    answer: oneshot::Sender<StoreResult<Option<LogPage>>>,
}

impl Refills {
    pub(super) fn new() -> Self {
        let (line, asks) = mpsc::channel(QUEUE);
        Self { flights: Mutex::default(), line, asks: Arc::new(TurnLock::new(asks)) }
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
        let asks = Arc::clone(&hub.refills.asks);
        let mut batch: Vec<Ask> = Vec::new();
        loop {
            // Those that found no room in the last read go first.
            if batch.is_empty() && asks.lock().await.recv_many(&mut batch, USERS).await == 0 {
                return;
            }
            batch.retain(|ask| !ask.answer.is_closed());
            if !batch.is_empty() {
                hub.metrics.refill_reads.inc();
                answer(&*store, &mut batch).await;
            }
        }
    }
}

/// Answers as many as one read of the store has room for, and at least one.
async fn answer(store: &dyn Store, batch: &mut Vec<Ask>) {
    let queries = batch.iter().map(|ask| ask.query.clone()).collect();
    match store.logs(queries, BYTES).await {
        Ok(pages) if !pages.is_empty() => {
            let answered = batch.len().min(pages.len());
            for (ask, page) in batch.drain(..answered).zip(pages) {
                // Whoever asked may be gone.
                let _ = ask.answer.send(Ok(page));
            }
        }
        read => {
            let error = read.err().unwrap_or_else(|| StoreError::Unavailable("a read without an answer".into()));
            for ask in batch.drain(..) {
                let _ = ask.answer.send(Err(error.clone()));
            }
        }
    }
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
        let (answer, answered) = oneshot::channel();
        let query = LogQuery { recipient: recipient.clone(), after: *after, limit: ENTRIES, max_bytes: BYTES_PER_LOG };
        let asked = hub.refills.line.send(Ask { query, answer }).await;
        let read = match asked {
            Ok(()) => answered.await.unwrap_or(Err(StoreError::Busy)),
            Err(_) => Err(StoreError::Busy),
        };
        match judge(read, *epoch, *after, hub.log_entries) {
            Ok(page) => {
                count(&hub.metrics.refills, "outcome", "read", 1);
                return page.map(|page| Arc::new(Refill::of(&page, *epoch, &hub.budget)));
            }
            Err(outcome) => count(&hub.metrics.refills, "outcome", outcome, 1),
        }
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
