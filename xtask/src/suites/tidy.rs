//! Rules about files that no compiler knows. One test per rule; every fault is named with its line.

mod rules;

use std::fs;

use super::Outcome;
use crate::job::Job;
use crate::repo;
use crate::test::tally::Tally;
use rules::RULES;

pub(super) fn run(job: &mut Job) -> Outcome {
    let mut faults = vec![0_u64; RULES.len()];
    for path in repo::files()? {
        // What is no text has no lines to judge.
        let Ok(text) = fs::read_to_string(repo::root().join(&path)) else { continue };
        for (rule, count) in RULES.iter().zip(&mut faults) {
            for line in rule.faults(&path, &text) {
                job.note(format_args!("{path}:{line}: {}", rule.sentence))?;
                *count += 1;
            }
        }
    }
    Ok(faults.into_iter().fold(Tally::default(), |sum, count| sum + Tally::one(count == 0)))
}
