//! Counting tests from what programs print. Where the words and the exit code disagree, the worse one counts.

use std::ops::Add;

use crate::job::Finished;

/// How many tests passed, failed, or were skipped by their own mark (`#[ignore]`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            ignored: self.ignored.saturating_add(other.ignored),
        }
    }
}

impl Tally {
    /// A check that is one test by itself.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed), ignored: 0 }
    }

    /// Reads a program whose last line is `N passed, M failed`.
    ///
    /// Without that line, with nothing counted, or with an exit code that contradicts it, one failure is added.
    pub(crate) fn of_last_line(finished: &Finished) -> Self {
        let last = finished.text.lines().map(str::trim).rfind(|line| !line.is_empty());
        let counted = last.and_then(last_line).unwrap_or_default();
        let told = counted.failed > 0 || (finished.success && counted.passed > 0);
        if told { counted } else { counted + Self::one(false) }
    }

    /// Reads `cargo test --no-fail-fast`: the sum over all result lines.
    ///
    /// A test binary that was started and printed no result line (it crashed, it was killed) is one failure, and so is a cargo that
    /// failed though no test did (it did not compile).
    pub(crate) fn of_cargo_test(finished: &Finished) -> Self {
        let mut sum = Self::default();
        let mut unanswered = false;
        for line in finished.text.lines() {
            if starts_binary(line) {
                sum.failed += u64::from(unanswered);
                unanswered = true;
            } else if let Some(result) = result_line(line) {
                sum = sum + result;
                unanswered = false;
            }
        }
        sum.failed += u64::from(unanswered);
        if sum.failed == 0 && !finished.success { sum + Self::one(false) } else { sum }
    }
}

/// `N passed, M failed`, and nothing else.
fn last_line(line: &str) -> Option<Tally> {
    let (passed, failed) = line.split_once(" passed, ")?;
    let failed = failed.strip_suffix(" failed")?;
    Some(Tally { passed: number(passed)?, failed: number(failed)?, ignored: 0 })
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn result_line(line: &str) -> Option<Tally> {
    let (_verdict, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| counts.split("; ").find_map(|part| number(part.strip_suffix(what)?));
    Some(Tally { passed: count(" passed")?, failed: count(" failed")?, ignored: count(" ignored")? })
}

/// Cargo announces each test binary, and the documentation tests of each library.
fn starts_binary(line: &str) -> bool {
    line.starts_with("     Running ") || line.starts_with("   Doc-tests ")
}

/// Digits only: `parse` alone would take a sign too.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
