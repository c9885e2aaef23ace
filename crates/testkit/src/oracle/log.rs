//! One user's log, as all of the user's clients tell it, and everything that was said of the inbox beside it.

use super::{
    Ledger, Verdict, ViolationKind,
    answer::{Answer, Place, Said},
    client::Reading,
    entry::Entry,
    fold::Fold,
    mark::{Accounts, Told},
};
use std::collections::BTreeSet;

/// The log of one user.
#[derive(Default)]
pub(super) struct Log {
    entries: Vec<Entry>,
    answers: Vec<Answer>,
}

impl Log {
    /// Adds what one client was told. An arrival that was gone when one of them came to it was told to that one as a removal.
    pub(super) fn add(&mut self, reading: &Reading<'_>) -> Result<(), ViolationKind> {
        self.answers.extend(reading.answers.iter().cloned());
        for (at, told) in reading.entries.iter().enumerate() {
            match self.entries.get_mut(at) {
                None => self.entries.push(told.clone()),
                Some(known) if known == told || is_gone(told, known) => {}
                Some(known) if is_gone(known, told) => *known = told.clone(),
                Some(known) => {
                    let (one, other) = (format!("{known:?}"), format!("{told:?}"));
                    return Err(ViolationKind::Differs { seq: at as u64 + 1, one, other });
                }
            }
        }
        Ok(())
    }

    /// Folds the log, and compares what was said at each place, what was asked for, and what has to be gone at the end.
    pub(super) fn judge(mut self, ledger: &Ledger, verdict: &mut Verdict) -> Result<(), (Place, ViolationKind)> {
        self.answers.extend(ledger.answers.iter().cloned());
        self.answers.sort_by_key(|answer| answer.version);
        let (mut fold, mut answers) = (Fold::default(), self.answers.as_slice());
        let mut accounts = Accounts::of(&ledger.marks);
        compare(&mut answers, &fold)?;
        accounts.rest(&fold);
        for entry in &self.entries {
            take(entry, ledger, &mut accounts, &mut fold).map_err(|kind| (None, kind))?;
            compare(&mut answers, &fold)?;
        }
        if let [Answer { place, version, .. }, ..] = answers {
            return Err((*place, ViolationKind::Beyond { version: *version, head: fold.seq }));
        }
        accounts.end().and_then(|()| gone(ledger, &fold)).map_err(|kind| (None, kind))?;
        self.count(ledger, verdict);
        Ok(())
    }

    fn count(&self, ledger: &Ledger, verdict: &mut Verdict) {
        let is_page = |answer: &&Answer| matches!(answer.said, Said::Page(_));
        verdict.pages += self.answers.iter().filter(is_page).count();
        verdict.counts += self.answers.len() - self.answers.iter().filter(is_page).count();
        verdict.marks += ledger.marks.iter().filter(|mark| mark.told != Told::Nothing).count();
        let removed: BTreeSet<_> = self.entries.iter().filter_map(Entry::removed).flatten().collect();
        verdict.removed += removed.len();
        verdict.expired += removed.iter().filter(|id| ledger.old.contains(**id)).count();
    }
}

/// Whether `told` is how an arrival is told after its notification is gone.
fn is_gone(told: &Entry, arrival: &Entry) -> bool {
    matches!(arrival, Entry::Arrived(id) if told.gone() == Some(id))
}

fn take(entry: &Entry, ledger: &Ledger, accounts: &mut Accounts<'_>, fold: &mut Fold) -> Result<(), ViolationKind> {
    let arrives = matches!(entry, Entry::Arrived(_)) || entry.gone().is_some_and(|id| !fold.knows(id));
    if !arrives {
        let excused = entry.removed().is_some_and(|ids| ids.iter().all(|id| ledger.may_go(id)));
        accounts.entry(entry, excused, fold)?;
    }
    fold.apply(entry)?;
    accounts.rest(fold);
    Ok(())
}

/// Compares what was said of this place.
fn compare(answers: &mut &[Answer], fold: &Fold) -> Result<(), (Place, ViolationKind)> {
    while let [answer, rest @ ..] = *answers
        && answer.version <= fold.seq
    {
        answer.check(fold).map_err(|kind| (answer.place, kind))?;
        *answers = rest;
    }
    Ok(())
}

fn gone(ledger: &Ledger, fold: &Fold) -> Result<(), ViolationKind> {
    match ledger.withdrawn.iter().chain(&ledger.old).find(|id| fold.has(id)) {
        Some(id) => Err(ViolationKind::Stays { id: id.clone() }),
        None => Ok(()),
    }
}
