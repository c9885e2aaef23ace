//! What can be written, each kind in its file, and the transaction in which it happens.

mod audience;
mod erase;
mod mark;
mod member;
mod open;
mod publish;
mod sweep;
mod withdraw;

pub(crate) use erase::Erase;
pub(crate) use member::{Revoke, SetMember};
pub(crate) use open::{Open, Probe};
pub(crate) use withdraw::Withdraw;

use crate::{
    error::{Failure, unavailable},
    heads::{HeadRow, Heads},
    rows::{ChangeColumns, int},
};
use campanile_core::{
    Change, Recipient, Seq, Tenant, Timestamp,
    store::{Done, StoreError, StoreResult},
};
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// Something to be written.
pub(crate) trait Request: Send {
    /// What the caller is told.
    type Answer: Send;

    /// Writes it into the open transaction. Called again if the transaction is rolled back for another's sake.
    fn apply(&self, work: &mut Work<'_>) -> Result<Self::Answer, Failure>;

    /// How much it writes, as far as that is known before: rows, about.
    fn weight(&self) -> usize {
        1
    }
}

/// A request on its way, whatever its kind.
pub(crate) trait Write: Send {
    /// Does it within the open transaction; a refusal is kept for the answer.
    fn apply(&mut self, work: &mut Work<'_>) -> rusqlite::Result<()>;

    /// Tells the caller what came of it, if the transaction is durable. Whether it was done.
    fn answer(self: Box<Self>) -> bool;

    /// Tells the caller that nothing came of it.
    fn fail(self: Box<Self>, why: StoreError);

    fn weight(&self) -> usize;
}

/// A request, its outcome, and who wants to know. Dropped on the way, it still answers.
pub(crate) struct Pending<R: Request> {
    request: R,
    outcome: Option<StoreResult<R::Answer>>,
    done: Option<Done<R::Answer>>,
}

impl<R: Request> Pending<R> {
    pub(crate) fn new(request: R, done: Done<R::Answer>) -> Self {
        Self { request, outcome: None, done: Some(done) }
    }

    fn tell(&mut self, result: StoreResult<R::Answer>) {
        let Some(done) = self.done.take() else { return };
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| done(result)));
        if told.is_err() {
            tracing::error!("a caller's answer panicked");
        }
    }
}

impl<R: Request> Write for Pending<R> {
    fn apply(&mut self, work: &mut Work<'_>) -> rusqlite::Result<()> {
        self.outcome = match self.request.apply(work) {
            Ok(answer) => Some(Ok(answer)),
            Err(Failure::Refused(why)) => Some(Err(unavailable(why))),
            Err(Failure::Broken(why)) => return Err(why),
        };
        Ok(())
    }

    fn answer(mut self: Box<Self>) -> bool {
        let Some(outcome) = self.outcome.take() else { return false };
        let done = outcome.is_ok();
        self.tell(outcome);
        done
    }

    fn fail(mut self: Box<Self>, why: StoreError) {
        self.tell(Err(why));
    }

    fn weight(&self) -> usize {
        self.request.weight()
    }
}

impl<R: Request> Drop for Pending<R> {
    fn drop(&mut self) {
        self.tell(Err(unavailable("the store's writer has ended")));
    }
}

/// What the writer knows beside the tables.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) heads: Heads,
    generation: u64,
    tenants: HashMap<Tenant, i64>,
    /// The newest notification's number.
    newest: Option<i64>,
    /// The highest number that a user ever had.
    users: Option<i64>,
    /// Whether words (or a user's name) were removed that may still be in the write-ahead log.
    pub(crate) words_gone: bool,
    /// How far the retention's walk over all users has come, and for which length of logs it walks.
    walk: sweep::Walk,
}

impl Memory {
    pub(crate) fn new(generation: u64, heads: usize, words_gone: bool) -> Self {
        Self {
            heads: Heads::new(heads),
            generation,
            tenants: HashMap::new(),
            newest: None,
            users: None,
            words_gone,
            walk: sweep::Walk::default(),
        }
    }

    /// Forgets what a rolled-back transaction may have made wrong.
    pub(crate) fn rolled_back(&mut self) {
        self.heads.rolled_back();
        self.tenants.clear();
        self.newest = None;
        self.users = None;
    }
}

/// The open transaction.
pub(crate) struct Work<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) memory: &'a mut Memory,
    /// How much was written, in recipients, about.
    pub(crate) rows: usize,
}

impl Work<'_> {
    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.conn.prepare_cached(sql)?.execute(params)
    }

    fn head(&mut self, who: &Recipient) -> rusqlite::Result<Option<HeadRow>> {
        self.memory.heads.find(self.conn, who, self.memory.generation)
    }

    /// Appends an entry that is not an arrival.
    fn append(&mut self, row: &mut HeadRow, change: &Change, at: Timestamp) -> rusqlite::Result<()> {
        let seq = row.append(at);
        self.insert_change(row.user, seq, change, at)
    }

    fn insert_change(&self, user: i64, seq: Seq, change: &Change, at: Timestamp) -> rusqlite::Result<()> {
        let Some(ChangeColumns { kind, value, ids }) = ChangeColumns::of(change) else { return Ok(()) };
        let sql = "INSERT INTO campanile_change (user, seq, at, kind, value, ids) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.execute(sql, params![user, int(seq.0), at.as_millis(), kind, value, ids])?;
        Ok(())
    }
}
