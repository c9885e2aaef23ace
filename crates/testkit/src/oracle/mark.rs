//! What one user asked to be changed, one after the other, and whether the log tells of it.

use super::{
    ViolationKind,
    entry::{Entry, State},
    fold::Fold,
};
use std::collections::BTreeSet;

/// A change that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// These notifications shall be so.
    Ids {
        /// Which.
        ids: Vec<String>,
        /// How.
        state: State,
    },
    /// Everything up to a place shall be so.
    UpTo {
        /// The place; `None` is the head.
        up_to: Option<u64>,
        /// How: `read` or `seen`.
        state: State,
    },
}

/// What the answer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is so.
    Done,
    /// It is so: this many changed, and these are not in the inbox.
    Changed {
        /// How many.
        changed: usize,
        /// Which.
        not_found: BTreeSet<String>,
    },
    /// It is not in the inbox.
    NotFound,
    /// There was no answer.
    Nothing,
}

/// A change that was asked for, and what the answer was. One user's come one after the other: each after the answer to the one before, or
/// after the connection was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where the log's head was, at least, when it was asked for: something that the user was told after the mark before it.
    pub since: u64,
    /// What.
    pub asked: Asked,
    /// The answer.
    pub told: Told,
}

impl Mark {
    fn is_answered(&self) -> bool {
        self.told != Told::Nothing
    }

    /// Whether it can have been done in this state without an entry.
    fn may_leave_no_trace(&self, fold: &Fold) -> bool {
        let changes_nothing = || fold.would_make(&self.asked).is_none();
        fold.seq >= self.since
            && match &self.told {
                Told::Nothing => true,
                Told::NotFound => absent(&self.asked, fold).is_some_and(|absent| !absent.is_empty()),
                Told::Done => changes_nothing() && absent(&self.asked, fold).is_none_or(|absent| absent.is_empty()),
                Told::Changed { changed, not_found } => {
                    *changed == 0 && changes_nothing() && absent(&self.asked, fold).as_ref() == Some(not_found)
                }
            }
    }

    /// Whether it can have made this entry in this state.
    fn may_have_made(&self, entry: &Entry, fold: &Fold) -> bool {
        let told = match (&self.told, entry) {
            (Told::NotFound, _) => false,
            (Told::Changed { changed, not_found }, Entry::Updated { ids, .. }) => {
                ids.len() == *changed && absent(&self.asked, fold).as_ref() == Some(not_found)
            }
            _ => true,
        };
        told && fold.seq >= self.since && fold.would_make(&self.asked).as_ref() == Some(entry)
    }
}

/// The ids that were asked for and are not in the inbox.
fn absent(asked: &Asked, fold: &Fold) -> Option<BTreeSet<String>> {
    match asked {
        Asked::Ids { ids, .. } => Some(ids.iter().filter(|id| !fold.has(id)).cloned().collect()),
        Asked::UpTo { .. } => None,
    }
}

/// Walks along a log and accounts for one mark after the other. An unanswered one may have happened or not, so that there can be several
/// accounts: `at` holds how many marks each has accounted for.
pub(super) struct Accounts<'a> {
    marks: &'a [Mark],
    at: BTreeSet<usize>,
}

impl<'a> Accounts<'a> {
    pub(super) fn of(marks: &'a [Mark]) -> Self {
        Self { marks, at: BTreeSet::from([0]) }
    }

    /// Between two entries.
    pub(super) fn rest(&mut self, fold: &Fold) {
        for (number, mark) in self.marks.iter().enumerate().skip(self.at.first().copied().unwrap_or(0)) {
            if self.at.contains(&number) && mark.may_leave_no_trace(fold) {
                self.at.insert(number + 1);
            }
            if self.at.last().is_none_or(|last| *last <= number) {
                break;
            }
        }
    }

    /// At an entry that is no arrival. `excused`: there is another reason for it, too.
    pub(super) fn entry(&mut self, entry: &Entry, excused: bool, fold: &Fold) -> Result<(), ViolationKind> {
        // What was answered before somebody was told of a place is in the log up to that place.
        let overdue = |number: &usize| {
            let next = self.marks.get(number + 1);
            self.marks[*number].is_answered() && next.is_some_and(|next| next.since <= fold.seq)
        };
        let at: BTreeSet<_> = self.at.iter().copied().filter(|at| *at == self.marks.len() || !overdue(at)).collect();
        if at.is_empty() {
            return Err(self.lost());
        }
        let makes = |number: &&usize| self.marks.get(**number).is_some_and(|mark| mark.may_have_made(entry, fold));
        let made: BTreeSet<_> = at.iter().filter(makes).map(|number| number + 1).collect();
        self.at = if excused { &at | &made } else { made };
        match self.at.is_empty() {
            true => Err(ViolationKind::Unasked { seq: fold.seq + 1, entry: format!("{entry:?}") }),
            false => Ok(()),
        }
    }

    /// At the end of the log.
    pub(super) fn end(&self) -> Result<(), ViolationKind> {
        if self.at.contains(&self.marks.len()) { Ok(()) } else { Err(self.lost()) }
    }

    /// The one that no account comes past.
    fn lost(&self) -> ViolationKind {
        let mark = self.at.last().and_then(|last| self.marks.get(*last));
        ViolationKind::Lost { mark: format!("{mark:?}") }
    }
}
