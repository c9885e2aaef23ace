//! What a run shows: a line per suite, the output of those that failed, a table, and the last line.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use super::Result;
use super::tally::Tally;
use crate::job::indented;
use crate::suites::{SUITES, Suite};

/// Prints the suites with what each checks.
pub(super) fn list() {
    for suite in SUITES {
        println!("{:<10} {}", suite.name, suite.about);
    }
}

/// Says that a suite begins, so that a long one is not mistaken for a hang.
pub(super) fn started(suite: &Suite) {
    println!("running {}: {}", suite.name, suite.about);
    // A closed pipe shows at the next line; there is nobody to tell.
    let _ = io::stdout().flush();
}

/// Says how a suite ended and, if it failed and was not shown before, everything that it wrote.
pub(super) fn ended(result: &Result, log: &Path, shown_before: bool) {
    if result.tally.failed > 0 && !shown_before {
        let bytes = fs::read(log).unwrap_or_default();
        print!("{}", indented(&String::from_utf8_lossy(&bytes)));
    }
    println!("{}", row(result));
}

/// Says that the log itself could not be opened.
pub(super) fn no_log(log: &Path, error: &io::Error) {
    println!("  | {} cannot be written: {error}", log.display());
}

/// Prints the table and the last line, which is the whole answer.
pub(super) fn summary(results: &[Result]) -> ExitCode {
    println!("\nsummary");
    for result in results {
        println!("{}", row(result));
    }
    let total = results.iter().fold(Tally::default(), |sum, result| sum + result.tally);
    println!("\n{} passed, {} failed", total.passed, total.failed);
    ExitCode::from(u8::from(total.failed > 0 || total.passed == 0))
}

fn row(result: &Result) -> String {
    let Tally { passed, failed, ignored } = result.tally;
    let verdict = if failed > 0 { "FAILED" } else { "ok" };
    let aside = if ignored > 0 { format!(", {ignored} ignored") } else { String::new() };
    let seconds = result.time.as_secs_f64();
    format!("  {verdict:<6} {:<10} {seconds:>7.1} s   {passed} passed, {failed} failed{aside}", result.suite)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn result(passed: u64, failed: u64) -> Result {
        Result { suite: "rust", tally: Tally { passed, failed, ignored: 0 }, time: Duration::from_millis(1_540) }
    }

    #[test]
    fn a_row_can_not_be_taken_for_the_last_line() {
        assert_eq!(row(&result(12, 0)), "  ok     rust           1.5 s   12 passed, 0 failed");
        assert!(row(&result(12, 1)).starts_with("  FAILED rust"));
    }

    #[test]
    fn the_exit_code_is_zero_only_if_something_passed_and_nothing_failed() {
        let code = |results: &[Result]| format!("{:?}", summary(results));
        assert_eq!(code(&[result(1, 0), result(2, 0)]), format!("{:?}", ExitCode::SUCCESS));
        assert_eq!(code(&[result(1, 0), result(2, 1)]), format!("{:?}", ExitCode::FAILURE));
        assert_eq!(code(&[]), format!("{:?}", ExitCode::FAILURE));
    }
}
