//! The judge: from what was acknowledged, and from the raw bytes that clients received, whether anything was lost, repeated or reordered,
//! and whether all that was said of an inbox is what its log folds to.
//!
//! It shares no code with the server, not even the parser of streams: a mistake made on both sides would cancel out.

mod answer;
mod client;
mod entry;
mod fold;
mod log;
mod mark;
mod violation;
mod wire;

pub use answer::PageQuery;
pub use entry::State;
pub use mark::{Asked, Mark, Told};
pub use violation::{Violation, ViolationKind};

use answer::Answer;
use client::Reading;
use log::Log;
use serde_json::Value;
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
    /// Marks that were answered, over all users.
    pub marks: usize,
    /// Counts that were told, on streams and in answers.
    pub counts: usize,
    /// Pages of inboxes.
    pub pages: usize,
    /// Notifications that went from an inbox, over all users.
    pub removed: usize,
    /// Those of them that were too old.
    pub expired: usize,
}

impl std::ops::AddAssign for Verdict {
    /// Puts together what was found of different runs.
    fn add_assign(&mut self, other: Self) {
        self.clients += other.clients;
        self.connections += other.connections;
        self.events += other.events;
        self.acknowledged += other.acknowledged;
        self.unanswered += other.unanswered;
        self.marks += other.marks;
        self.counts += other.counts;
        self.pages += other.pages;
        self.removed += other.removed;
        self.expired += other.expired;
    }
}

/// What publishers and users know.
///
/// Every notification carries a mark, a string that is used once, in its `data` as `{"mark":"…"}`: whoever gets no answer does not know
/// the notification's id, but knows the mark.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    users: BTreeMap<String, Ledger>,
}

/// What is known of one user.
#[derive(Clone, Debug, Default)]
struct Ledger {
    /// Acknowledged notifications per publisher, in the order of their acknowledgements.
    acknowledged: BTreeMap<usize, Vec<Acknowledged>>,
    unanswered: BTreeSet<String>,
    /// Asked to be withdrawn.
    leaving: BTreeSet<String>,
    /// Acknowledged to be withdrawn.
    withdrawn: BTreeSet<String>,
    /// So old that they expire before the end.
    old: BTreeSet<String>,
    marks: Vec<Mark>,
    answers: Vec<Answer>,
}

#[derive(Clone, Debug)]
struct Acknowledged {
    mark: String,
    id: String,
}

impl Ledger {
    fn acknowledged(&self) -> impl Iterator<Item = &Acknowledged> {
        self.acknowledged.values().flatten()
    }

    fn knows(&self, mark: &str) -> bool {
        self.unanswered.contains(mark) || self.acknowledged().any(|known| known.mark == mark)
    }

    /// Whether a notification may go without the user's doing.
    fn may_go(&self, id: &str) -> bool {
        self.leaving.contains(id) || self.old.contains(id)
    }
}

impl Oracle {
    /// `publisher` was told that this notification to `user` is durable, and has this id. A publisher that waits for each answer fixes an
    /// order, and the user's log must have it.
    pub fn acknowledged(&mut self, user: &str, publisher: usize, mark: &str, id: &str) {
        let acknowledged = Acknowledged { mark: mark.into(), id: id.into() };
        self.ledger(user).acknowledged.entry(publisher).or_default().push(acknowledged);
    }

    /// This notification to `user` was sent, and no answer came: it may be there or not.
    pub fn unanswered(&mut self, user: &str, mark: &str) {
        self.ledger(user).unanswered.insert(mark.into());
    }

    /// This notification was asked to be withdrawn from `user`, among others, and perhaps acknowledged to be.
    pub fn withdrawn(&mut self, user: &str, id: &str, acknowledged: bool) {
        let ledger = self.ledger(user);
        ledger.leaving.insert(id.into());
        if acknowledged {
            ledger.withdrawn.insert(id.into());
        }
    }

    /// This notification to `user` becomes too old before the end.
    pub fn old(&mut self, user: &str, id: &str) {
        self.ledger(user).old.insert(id.into());
    }

    /// `user` asked for a change. All marks of a user come one after the other.
    pub fn marked(&mut self, user: &str, mark: Mark) {
        self.ledger(user).marks.push(mark);
    }

    /// `user` was told these counts.
    ///
    /// # Panics
    ///
    /// If they are none.
    pub fn counted(&mut self, user: &str, counts: &Value) {
        let answer = Answer::counts(None, counts).unwrap_or_else(|| panic!("no counts: {counts}"));
        self.ledger(user).answers.push(answer);
    }

    /// `user` was shown this page of the inbox: its items, and its counts.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn listed(&mut self, user: &str, query: PageQuery, page: &Value) {
        let answer = Answer::page(query, page).unwrap_or_else(|| panic!("no page of an inbox: {page}"));
        self.ledger(user).answers.push(answer);
        self.counted(user, &page["counts"]);
    }

    fn ledger(&mut self, user: &str) -> &mut Ledger {
        self.users.entry(user.into()).or_default()
    }

    /// Judges clients that have all caught up. Each must have been there before the first notification, and must have received every
    /// acknowledged one exactly once, in the order of seq, and no other one twice. Their logs must be the same, and everything that was said
    /// of an inbox must be what its log folds to; every acknowledged change must be in the log, and nothing that nobody asked for.
    ///
    /// # Errors
    ///
    /// The first violation, with its place.
    pub fn judge(&self, clients: &[Client]) -> Result<Verdict, Box<Violation>> {
        let mut verdict = Verdict { clients: clients.len(), ..Verdict::default() };
        let nothing = Ledger::default();
        let (mut logs, mut unanswered) = (BTreeMap::<&str, Log>::new(), BTreeSet::new());
        let mut ids = self.ids();
        for (number, client) in clients.iter().enumerate() {
            let ledger = self.users.get(&client.user).unwrap_or(&nothing);
            let of_client = |place, kind| violation(Some(number), &client.user, place, kind);
            let reading = Reading::of((number, client), ledger, &mut ids)
                .map_err(|(connection, offset, kind)| of_client(Some((connection, offset)), kind))?;
            let log = logs.entry(&client.user).or_default();
            complete(ledger, &reading).and_then(|()| log.add(&reading)).map_err(|kind| of_client(None, kind))?;
            verdict.connections += client.connections.len();
            verdict.events += reading.entries.len();
            unanswered.extend(reading.marks.into_keys().filter(|mark| ledger.unanswered.contains(mark)));
        }
        for (user, log) in logs {
            log.judge(self.users.get(user).unwrap_or(&nothing), &mut verdict).map_err(|(place, kind)| {
                let (client, place) = place.map(|(client, connection, offset)| (client, (connection, offset))).unzip();
                violation(client, user, place, kind)
            })?;
        }
        verdict.unanswered = unanswered.len();
        verdict.acknowledged = self.users.values().map(|ledger| ledger.acknowledged().count()).sum();
        Ok(verdict)
    }

    /// The ids that publishers were told, by their marks.
    fn ids(&self) -> HashMap<String, String> {
        let known = self.users.values().flat_map(Ledger::acknowledged);
        known.map(|known| (known.mark.clone(), known.id.clone())).collect()
    }
}

fn violation(client: Option<usize>, user: &str, place: Option<(usize, usize)>, kind: ViolationKind) -> Box<Violation> {
    let (connection, offset) = place.unzip();
    Box::new(Violation { client, user: user.into(), connection, offset, kind })
}

/// Every acknowledged one is there, in each publisher's order; what is there without its mark is no more than may be.
fn complete(ledger: &Ledger, reading: &Reading<'_>) -> Result<(), ViolationKind> {
    for acknowledged in ledger.acknowledged.values() {
        let mut last: Option<(&str, u64)> = None;
        for Acknowledged { mark, id } in acknowledged {
            let seq = *reading.places.get(id).ok_or_else(|| ViolationKind::Missing { mark: mark.clone() })?;
            if let Some((before, earlier)) = last.filter(|(_, earlier)| *earlier >= seq) {
                let (first, second) = ((before.into(), earlier), (mark.clone(), seq));
                return Err(ViolationKind::Reordered { first, second });
            }
            last = Some((mark, seq));
        }
    }
    let acknowledged: BTreeSet<&str> = ledger.acknowledged().map(|known| known.id.as_str()).collect();
    let others = reading.places.keys().filter(|id| !acknowledged.contains(id.as_str()));
    match others.into_iter().nth(ledger.unanswered.len()) {
        Some(id) => Err(ViolationKind::Foreign { mark: id.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
