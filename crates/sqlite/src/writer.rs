//! The thread that writes: everything that waits goes into one transaction, one sync, and is answered in its order.

use crate::{
    checkpoint::{self, Watch},
    connection,
    error::{is_environment, unavailable},
    lock::Lock,
    room::Room,
    shared::Shared,
    write::{Memory, Work, Write},
};
use rusqlite::Connection;
use std::{
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How long a transaction waits for writes that are expected, because the one before had so many: callers that wait for their answers come
/// back all at once, and the first of them must not get a sync of its own.
const GATHER: Duration = Duration::from_micros(150);

/// How often the write-ahead log is cut at most, for the sake of removed words in it.
const CUT_EVERY: Duration = Duration::from_secs(1);

type Batch = Vec<Box<dyn Write>>;

/// Everything that belongs to the writing thread.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    path: PathBuf,
    conn: Connection,
    room: Room,
    memory: Memory,
    /// How many writes the last transaction had.
    last: usize,
    last_cut: Option<Instant>,
    others: Vec<JoinHandle<()>>,
    _lock: Lock,
}

/// Ends the store with its writer, however that ends: what waits is answered, nothing new is taken in.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.close();
        while let Some(write) = self.0.writes.pop() {
            write.fail(unavailable("the store's writer has ended"));
        }
        self.0.ended.send_replace(true);
    }
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        path: PathBuf,
        conn: Connection,
        memory: Memory,
        others: Vec<JoinHandle<()>>,
        lock: Lock,
    ) -> Self {
        let room = Room::new(&path, shared.options.wal_kib);
        Self { shared, path, conn, room, memory, last: 0, last_cut: None, others, _lock: lock }
    }

    /// Writes until the queue is closed and empty, then leaves the database behind as one file.
    pub(crate) fn run(self) {
        // Dropped last: when the end is told, the lock is free.
        let _end = End(self.shared.clone());
        let mut this = self;
        let mut watch = Watch::begin(&this.conn, this.shared.options.wal_kib);
        let mut batch = Batch::new();
        this.forget();
        while let Some(first) = this.shared.writes.pop() {
            this.gather(first, &mut batch);
            while !batch.is_empty() {
                this.write(&mut batch);
                watch.look(&this.conn, &this.shared.checkpoints);
                this.room.look(&this.conn);
            }
            this.forget();
        }
        this.finish();
    }

    /// Cuts the log while removed words are in it, as soon as that may be done again. A write that comes first goes first.
    fn forget(&mut self) {
        while self.memory.words_gone {
            let rest = self.last_cut.map_or(Duration::ZERO, |last| CUT_EVERY.saturating_sub(last.elapsed()));
            if !rest.is_zero() && self.shared.writes.wait_for(1, rest) {
                return;
            }
            self.last_cut = Some(Instant::now());
            if checkpoint::cut(&self.conn) {
                self.memory.words_gone = false;
                self.room.is_gone();
            }
        }
    }

    fn finish(mut self) {
        self.shared.close();
        for other in self.others.drain(..) {
            if other.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
        checkpoint::cut(&self.conn);
    }

    /// Takes what waits; and if as many are expected as last time, waits a moment for them.
    fn gather(&mut self, first: Box<dyn Write>, batch: &mut Batch) {
        if self.last > 1 {
            self.shared.writes.wait_for(self.last - 1, GATHER);
        }
        let (mut writes, mut rows) = (1, first.weight());
        batch.push(first);
        let (most_writes, most_rows) = (self.shared.options.batch, self.shared.options.batch_rows);
        self.shared.writes.take_while(batch, |next| {
            rows = rows.saturating_add(next.weight());
            writes += 1;
            writes <= most_writes && rows <= most_rows
        });
        self.last = batch.len();
    }

    /// Writes a batch, or the first part of it, as one transaction. If that fails for one's sake, each gets a transaction of its own.
    fn write(&mut self, batch: &mut Batch) {
        let began = Instant::now();
        match self.attempt(batch) {
            Ok(written) => {
                self.shared.metrics.committed(written, began.elapsed());
                self.answer(batch.drain(..written));
            }
            Err(why) if batch.len() == 1 || is_environment(&why) => self.fail(batch, &why),
            Err(why) => {
                tracing::warn!(%why, "a write failed; those beside it are done one by one");
                for write in std::mem::take(batch) {
                    self.write(&mut vec![write]);
                }
            }
        }
    }

    fn answer(&self, written: impl Iterator<Item = Box<dyn Write>>) {
        for write in written {
            if !write.answer() {
                self.shared.metrics.failed.inc();
            }
        }
    }

    fn fail(&self, batch: &mut Batch, why: &rusqlite::Error) {
        tracing::error!(%why, writes = batch.len(), "the store could not write");
        let why = unavailable(why);
        for write in batch.drain(..) {
            self.shared.metrics.failed.inc();
            write.fail(why.clone());
        }
        // Where the disk is full, room in the write-ahead log is made by copying it into what the database already has.
        self.shared.checkpoints.request();
    }

    fn attempt(&mut self, batch: &mut Batch) -> rusqlite::Result<usize> {
        let done = self.transaction(batch);
        match done {
            Ok(_) => self.memory.heads.committed(),
            Err(_) => self.roll_back(),
        }
        done
    }

    /// Writes until all is written, or enough for one transaction: how much a write is, is often known only afterwards. Answers how many
    /// were written.
    fn transaction(&mut self, batch: &mut Batch) -> rusqlite::Result<usize> {
        // A deferred transaction could fail to become a writing one, whatever the busy timeout says.
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut work = Work { conn: &self.conn, memory: &mut self.memory, rows: 0 };
        let mut written = 0;
        for write in batch {
            write.apply(&mut work)?;
            written += 1;
            if work.rows >= self.shared.options.batch_rows {
                break;
            }
        }
        self.memory.heads.flush(&self.conn)?;
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(written)
    }

    fn roll_back(&mut self) {
        self.memory.rolled_back();
        if !self.conn.is_autocommit() && self.conn.execute_batch("ROLLBACK").is_err() {
            self.reconnect();
        }
    }

    /// A connection that cannot even roll back is replaced; closing it rolls back.
    fn reconnect(&mut self) {
        match connection::writer(&self.path, self.shared.options.writer_cache_kib) {
            Ok(conn) => {
                checkpoint::watch(&conn);
                self.conn = conn;
            }
            Err(why) => tracing::error!(%why, "the store could not connect to its file again"),
        }
    }
}
