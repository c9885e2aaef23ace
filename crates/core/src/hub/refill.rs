//! Reading the log again for a stream that is behind.

use super::Hub;
use crate::{
    Epoch, Recipient, Seq,
    metrics::count,
    store::{LogPage, Store, StoreResult},
};
use std::{sync::Arc, time::Duration};

/// Entries of one read of the log.
const ENTRIES: usize = 256;
/// Bytes of one read of the log.
const BYTES: usize = 64 * 1024;
/// How long a stream waits before it asks a store again that failed, or that does not show yet what was announced.
const PAUSE: Duration = Duration::from_millis(500);

/// A piece of a log that continues a stream without a hole.
pub(super) struct Refill {
    pub(super) page: LogPage,
    pub(super) last: Seq,
}

/// Why a log cannot continue a stream.
pub(super) enum Lost {
    /// It is gone, or another one stands in its place.
    Gone,
    /// It no longer goes back so far.
    Behind,
}

/// Reads what follows `after`, as often as it takes. Reads of one node are bounded in number; the others wait in line.
pub(super) async fn read(
    hub: Arc<Hub>,
    store: Arc<dyn Store>,
    recipient: Recipient,
    epoch: Epoch,
    after: Seq,
) -> Result<Refill, Lost> {
    loop {
        let turn = hub.refills.acquire().await;
        let read = store.log(recipient.clone(), after, ENTRIES, BYTES).await;
        drop(turn);
        match judge(read, epoch, after, hub.log_entries) {
            Ok(answer) => {
                count(&hub.metrics.refills, "outcome", "read", 1);
                return answer;
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
) -> Result<Result<Refill, Lost>, &'static str> {
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
fn continues(page: LogPage, after: Seq, kept: u64) -> Result<Refill, Lost> {
    if page.head.seq.0 - after.0 > kept.saturating_mul(2) {
        return Err(Lost::Behind);
    }
    let (Some(first), Some(last)) = (page.entries.first(), page.entries.last()) else { return Err(Lost::Behind) };
    let last = last.seq;
    let dense = first.seq == after.next() && last.0 - first.seq.0 + 1 == page.entries.len() as u64;
    if dense && page.head.floor <= after { Ok(Refill { page, last }) } else { Err(Lost::Behind) }
}
