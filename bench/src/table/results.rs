//! What was measured so far.

use super::{rows::Row, trials::Trial};
use crate::{report, servers::Rival};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Campanile,
    Rival(Rival),
}

impl Who {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Campanile => "Campanile",
            Self::Rival(rival) => rival.name(),
        }
    }
}

/// The figures of one measurement, and what they are not worth, if something was lost.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) figures: Vec<(Row, f64)>,
    pub(crate) flaw: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Results {
    figures: BTreeMap<(Row, Who), Vec<f64>>,
    flaws: BTreeSet<(Who, &'static str, String)>,
    failure: Option<String>,
}

impl Results {
    pub(crate) fn note(&mut self, who: Who, trial: Trial, outcome: Result<Measured, String>) {
        let flaw = match outcome {
            Ok(Measured { figures, flaw }) => {
                for (row, value) in figures {
                    report::progress(&format!("    {}: {}", row.title(), report::figure(value)));
                    self.figures.entry((row, who)).or_default().push(value);
                }
                flaw
            }
            Err(why) => {
                if who == Who::Campanile {
                    self.failure.get_or_insert_with(|| format!("{}: {why}", trial.name()));
                }
                Some(why)
            }
        };
        if let Some(flaw) = flaw {
            report::progress(&format!("    {flaw}"));
            self.flaws.insert((who, trial.name(), flaw));
        }
    }

    /// Why one of our own measurements is none.
    pub(crate) fn failure_of_ours(&self) -> Option<String> {
        self.failure.clone()
    }

    pub(crate) fn flaws(&self) -> impl Iterator<Item = String> {
        self.flaws.iter().map(|(who, trial, flaw)| format!("{}, {trial}: {flaw}", who.name()))
    }

    /// Lowest, median and highest.
    pub(crate) fn spread(&self, row: Row, who: Who) -> Option<[f64; 3]> {
        let mut values = self.figures.get(&(row, who))?.clone();
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        let median = f64::midpoint(values[last / 2], values[last.div_ceil(2)]);
        Some([values[0], median, values[last]])
    }

    pub(crate) fn median(&self, row: Row, who: Who) -> Option<f64> {
        self.spread(row, who).map(|spread| spread[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: &[f64]) -> Option<[f64; 3]> {
        let mut results = Results::default();
        for value in values {
            let measured = Measured { figures: vec![(Row::IdleKib, *value)], flaw: None };
            results.note(Who::Campanile, Trial::Idle, Ok(measured));
        }
        assert_eq!(results.failure_of_ours(), None);
        results.spread(Row::IdleKib, Who::Campanile)
    }

    #[test]
    fn the_median_stands_between_the_lowest_and_the_highest() {
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[4.0]), Some([4.0, 4.0, 4.0]));
        assert_eq!(spread(&[5.0, 1.0, 9.0]), Some([1.0, 5.0, 9.0]));
    }

    #[test]
    fn the_median_of_an_even_count_is_between_the_two_in_the_middle() {
        assert_eq!(spread(&[3.0, 1.0]), Some([1.0, 2.0, 3.0]));
        assert_eq!(spread(&[9.0, 1.0, 4.0, 2.0]), Some([1.0, 3.0, 9.0]));
    }

    #[test]
    fn a_run_of_ours_that_is_no_result_fails_and_one_of_a_rival_is_named() {
        let mut results = Results::default();
        results.note(Who::Rival(Rival::Axum), Trial::Saturated, Err("3 LOST".into()));
        assert_eq!(results.failure_of_ours(), None);
        results.note(Who::Campanile, Trial::Saturated, Err("1 LOST".into()));
        assert_eq!(results.failure_of_ours().as_deref(), Some("saturated: 1 LOST"));
        assert_eq!(results.flaws().count(), 2);
    }
}
