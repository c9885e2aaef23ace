//! Pieces of logs.

use super::Head;
use crate::{Change, Entry, Recipient, Seq};

/// A piece of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogPage {
    /// The head in the same snapshot.
    pub head: Head,
    /// The entries after the asked position, dense and in order; fewer than asked only at the head or at the byte limit. Empty if the asked
    /// position is below the floor.
    pub entries: Vec<Entry>,
}

impl LogPage {
    /// How large the bodies of its entries are.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        let body = |entry: &Entry| match &entry.change {
            Change::Arrived(notification) => notification.body.len(),
            _ => 0,
        };
        self.entries.iter().map(body).sum()
    }
}

/// Which piece of which log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogQuery {
    /// Whose log.
    pub recipient: Recipient,
    /// What comes after this entry.
    pub after: Seq,
    /// At most so many entries.
    pub limit: usize,
    /// The piece ends after the entry with which its bodies exceed this.
    pub max_bytes: usize,
}

impl LogQuery {
    /// Reads one piece after the other, for as long as [`Store::logs`](super::Store::logs) goes on: to the piece with which the bodies of all exceed
    /// `max_bytes`.
    ///
    /// # Errors
    ///
    /// The first one of `read`.
    pub fn read_within<E>(
        queries: &[Self],
        max_bytes: usize,
        mut read: impl FnMut(&Self) -> Result<Option<LogPage>, E>,
    ) -> Result<Vec<Option<LogPage>>, E> {
        let (mut pages, mut bytes) = (Vec::with_capacity(queries.len()), 0usize);
        for query in queries {
            let page = read(query)?;
            bytes = bytes.saturating_add(page.as_ref().map_or(0, LogPage::body_bytes));
            pages.push(page);
            if bytes > max_bytes {
                break;
            }
        }
        Ok(pages)
    }
}
