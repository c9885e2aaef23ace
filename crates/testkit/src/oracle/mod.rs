//! The judge: from what was acknowledged, and from the raw bytes that clients received, whether anything was lost, repeated or reordered.
//!
//! It shares no code with the server, not even the parser of streams: a mistake made on both sides would cancel out.

mod client;
mod violation;
mod wire;

pub use violation::{Violation, ViolationKind};

use client::Reading;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One client's connections, in their order.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Whose notifications it gets.
    pub user: String,
    /// All of its connections.
    pub connections: Vec<Connection>,
}

/// What came over one connection.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The position it asked to continue after; `None` if it gave none.
    pub resumed_from: Option<String>,
    /// The body, byte by byte as it came. It may end anywhere.
    pub body: Vec<u8>,
}

/// What was found to be right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Clients judged.
    pub clients: usize,
    /// Connections judged.
    pub connections: usize,
    /// Logged events, over all clients.
    pub events: usize,
    /// Notifications that somebody acknowledged, over all users.
    pub acknowledged: usize,
    /// Notifications without an answer that arrived nevertheless, over all users: allowed, once.
    pub unanswered: usize,
}

/// What publishers know.
///
/// Every notification carries a mark, a string that is used once, in its `data` as `{"mark":"…"}`: whoever gets no answer does not know
/// the notification's id, but knows the mark.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    users: BTreeMap<String, Ledger>,
}

#[derive(Clone, Debug, Default)]
struct Ledger {
    /// Acknowledged marks per publisher, in the order of their acknowledgements.
    acknowledged: BTreeMap<usize, Vec<String>>,
    unanswered: BTreeSet<String>,
}

impl Ledger {
    fn knows(&self, mark: &str) -> bool {
        self.unanswered.contains(mark) || self.acknowledged.values().flatten().any(|known| known == mark)
    }
}

impl Oracle {
    /// `publisher` was told that this notification to `user` is durable. A publisher that waits for each answer fixes an order, and the
    /// user's log must have it.
    pub fn acknowledged(&mut self, user: &str, publisher: usize, mark: &str) {
        self.ledger(user).acknowledged.entry(publisher).or_default().push(mark.into());
    }

    /// This notification to `user` was sent, and no answer came: it may be there or not.
    pub fn unanswered(&mut self, user: &str, mark: &str) {
        self.ledger(user).unanswered.insert(mark.into());
    }

    fn ledger(&mut self, user: &str) -> &mut Ledger {
        self.users.entry(user.into()).or_default()
    }

    /// The marks that a user's clients must have received.
    pub fn expected<'a>(&'a self, user: &str) -> impl Iterator<Item = &'a str> {
        self.users.get(user).into_iter().flat_map(|ledger| ledger.acknowledged.values().flatten().map(String::as_str))
    }

    /// Judges clients that have all caught up. Each must have been there before the first notification, and must have received every
    /// acknowledged one exactly once, in the order of seq, and no other one twice.
    ///
    /// # Errors
    ///
    /// The first violation, with its place.
    pub fn judge(&self, clients: &[Client]) -> Result<Verdict, Box<Violation>> {
        let mut verdict = Verdict { clients: clients.len(), ..Verdict::default() };
        let nothing = Ledger::default();
        let mut ids = HashMap::new();
        let mut unanswered = BTreeSet::new();
        for (index, client) in clients.iter().enumerate() {
            let ledger = self.users.get(&client.user).unwrap_or(&nothing);
            let found = |connection, offset, kind| {
                Box::new(Violation { client: index, user: client.user.clone(), connection, offset, kind })
            };
            let reading = Reading::of(client, ledger, &mut ids)
                .map_err(|(at, offset, kind)| found(Some(at), Some(offset), kind))?;
            complete(ledger, &reading).map_err(|kind| found(None, None, kind))?;
            verdict.connections += client.connections.len();
            verdict.events += reading.events;
            unanswered.extend(reading.seqs.into_keys().filter(|mark| ledger.unanswered.contains(mark)));
        }
        verdict.unanswered = unanswered.len();
        verdict.acknowledged =
            self.users.values().map(|ledger| ledger.acknowledged.values().map(Vec::len).sum::<usize>()).sum();
        Ok(verdict)
    }
}

/// Every acknowledged one is there, in each publisher's order.
fn complete(ledger: &Ledger, reading: &Reading) -> Result<(), ViolationKind> {
    for marks in ledger.acknowledged.values() {
        let mut last: Option<(&String, u64)> = None;
        for mark in marks {
            let seq = *reading.seqs.get(mark).ok_or_else(|| ViolationKind::Missing { mark: mark.clone() })?;
            if let Some((before, earlier)) = last.filter(|(_, earlier)| *earlier >= seq) {
                let (first, second) = ((before.clone(), earlier), (mark.clone(), seq));
                return Err(ViolationKind::Reordered { first, second });
            }
            last = Some((mark, seq));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
