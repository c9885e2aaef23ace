//! The log as a list, with long poll: the way for clients whose network holds streams up.

use super::Engine;
use crate::{
    Change, Cursor, Entry, OpenError, OpenRequest, ResetReason, Resume, Seq,
    frame::{self, VersionedCounts},
    hub::{EndReason, Lease, resume},
    store::{Head, StoreResult},
};
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of bodies in one answer; what does not fit is asked for next.
const MAX_BYTES: usize = 1024 * 1024;

/// A piece of a log.
#[derive(Clone, Debug)]
pub struct Changes {
    /// How it continues what the client had.
    pub resume: Resume,
    /// The entries after the position, in order.
    pub changes: Vec<LoggedEvent>,
    /// The position after them.
    pub cursor: Cursor,
    /// Whether more follow at once.
    pub more: bool,
    /// The counts at the head.
    pub counts: VersionedCounts,
}

/// An entry of a log as its event would say it.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    /// The event's id.
    pub cursor: Cursor,
    /// The event's name.
    pub event: &'static str,
    /// The event's data, one line of JSON.
    pub data: String,
}

impl Engine {
    /// Reads a user's log after a position, at most `limit` entries. With nothing to read it waits up to `wait` for something; a wait
    /// takes a place like a stream, and ends early when the credentials do.
    ///
    /// Cancel safe: dropping the future gives the place back.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`]; without a wait only the store's.
    pub async fn changes(&self, request: OpenRequest, limit: usize, wait: Duration) -> Result<Changes, OpenError> {
        let who = request.identity.recipient.clone();
        let lease = if wait.is_zero() { None } else { Some(self.place(&request).await?) };
        let head = self.head(&who).await?;
        let replay_limit = self.sse().replay_limit;
        let (resume, last) = resume(request.position.as_deref(), &head, self.floor(&head), replay_limit);
        if let (Some(lease), true) = (lease, last == head.seq && !matches!(resume, Resume::Reset(_))) {
            let until_expiry = request.identity.expires_at.map_or(Duration::MAX, |at| at.since(self.inner.clock.now()));
            let grown = timeout(wait.min(until_expiry), grown(&lease, head.cursor())).await;
            if grown == Ok(Some(EndReason::Revoked)) {
                return Err(OpenError::Revoked);
            }
        }
        Ok(self.read_changes(&request, resume, Cursor { epoch: head.epoch, seq: last }, limit).await?)
    }

    async fn read_changes(
        &self,
        request: &OpenRequest,
        resume: Resume,
        after: Cursor,
        limit: usize,
    ) -> StoreResult<Changes> {
        let who = request.identity.recipient.clone();
        let page = self.inner.store.log(who.clone(), after.seq, limit, MAX_BYTES).await?;
        let Some(page) = page else { return Ok(nothing(Resume::Reset(ResetReason::Unknown), &self.head(&who).await?)) };
        let first = page.entries.first().map(|entry| entry.seq);
        let covered = page.head.epoch == after.epoch
            && (first == Some(after.seq.next()) || (first.is_none() && page.head.seq <= after.seq));
        if matches!(resume, Resume::Reset(_)) || !covered {
            let reason = if covered || matches!(resume, Resume::Reset(_)) {
                resume
            } else {
                Resume::Reset(ResetReason::Expired)
            };
            return Ok(nothing(reason, &page.head));
        }
        let last = page.entries.last().map_or(after.seq, |entry| entry.seq);
        Ok(Changes {
            resume,
            changes: page.entries.iter().map(|entry| event(entry, after)).collect(),
            cursor: Cursor { seq: last, ..after },
            more: last < page.head.seq,
            counts: VersionedCounts::at(page.head.counts, page.head.seq),
        })
    }
}

/// Waits until the log goes on after a place, or the wait must end (and why).
async fn grown(lease: &Lease, after: Cursor) -> Option<EndReason> {
    lease.place(after, Seq::ZERO);
    std::future::poll_fn(|cx| lease.poll_grown(cx.waker())).await
}

fn nothing(resume: Resume, head: &Head) -> Changes {
    let counts = VersionedCounts::at(head.counts, head.seq);
    Changes { resume, changes: Vec::new(), cursor: head.cursor(), more: false, counts }
}

fn event(entry: &Entry, log: Cursor) -> LoggedEvent {
    let event = if matches!(entry.change, Change::Arrived(_)) { "notification" } else { "updated" };
    LoggedEvent { cursor: Cursor { seq: entry.seq, ..log }, event, data: frame::change_data(&entry.change) }
}
