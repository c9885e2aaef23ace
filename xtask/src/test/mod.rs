//! `cargo xtask test`: every suite once, no retries, and one last line that adds them up.

mod report;
pub(crate) mod tally;

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::builder::PossibleValuesParser;

use crate::job::Job;
use crate::repo;
use crate::suites::{self, Outcome, SUITES, Suite};
use tally::Tally;

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
#[command(
    after_help = "The last line is `N passed, M failed` over all suites; the exit code is 0 only if none failed.\n\
    A test that cannot run has failed. The output of each suite is in target/xtask/SUITE.log."
)]
pub(crate) struct Args {
    /// Run only these suites (default: all)
    #[arg(value_name = "SUITE", value_parser = PossibleValuesParser::new(suites::names()))]
    suites: Vec<String>,
    /// Show the suites and what each checks, run nothing
    #[arg(long)]
    list: bool,
    /// Show all output as it comes, not only that of suites that failed
    #[arg(long, short)]
    verbose: bool,
    /// Install nothing; a suite that lacks something fails and says what
    #[arg(long)]
    no_install: bool,
}

/// What one suite came to.
struct Result {
    suite: &'static str,
    tally: Tally,
    time: Duration,
}

/// Runs the suites that `args` asks for.
pub(crate) fn run(args: &Args) -> ExitCode {
    if args.list {
        report::list();
        return ExitCode::SUCCESS;
    }
    let results: Vec<Result> = SUITES.iter().filter(|suite| args.wants(suite)).map(|suite| one(suite, args)).collect();
    report::summary(&results)
}

impl Args {
    fn wants(&self, suite: &Suite) -> bool {
        self.suites.is_empty() || self.suites.iter().any(|name| name == suite.name)
    }
}

fn one(suite: &'static Suite, args: &Args) -> Result {
    report::started(suite);
    let started = Instant::now();
    let log = repo::target().join("xtask").join(format!("{}.log", suite.name));
    let tally = match Job::new(&log, args.verbose, !args.no_install) {
        Ok(mut job) => judged((suite.run)(&mut job), &mut job),
        Err(error) => {
            report::no_log(&log, &error);
            Tally::one(false)
        }
    };
    let result = Result { suite: suite.name, tally, time: started.elapsed() };
    report::ended(&result, &log, args.verbose);
    result
}

/// A suite that met an obstacle has failed once; a suite that ran nothing has not passed.
fn judged(outcome: Outcome, job: &mut Job) -> Tally {
    let (tally, sentence) = match outcome {
        Ok(tally) if tally == Tally::default() => (Tally::one(false), Some("no test ran".to_owned())),
        Ok(tally) => (tally, None),
        Err(obstacle) => (Tally::one(false), Some(obstacle.to_string())),
    };
    if let Some(sentence) = sentence {
        // The log is the only place for it; if that is full, the count still says that the suite failed.
        let _: io::Result<()> = job.note(format_args!("failed: {sentence}"));
    }
    tally
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::job::Obstacle;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn judge(outcome: Outcome) -> (Tally, String) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        let mut job = Job::new(&log, false, false).unwrap();
        let tally = judged(outcome, &mut job);
        (tally, std::fs::read_to_string(log).unwrap())
    }

    #[test]
    fn without_names_every_suite_is_wanted() {
        let line = Line::try_parse_from(["test"]).unwrap();
        assert!(SUITES.iter().all(|suite| line.args.wants(suite)));
    }

    #[test]
    fn only_named_suites_are_wanted_and_unknown_names_are_refused() {
        let line = Line::try_parse_from(["test", "fmt", "tidy"]).unwrap();
        let wanted: Vec<_> = SUITES.iter().filter(|suite| line.args.wants(suite)).map(|suite| suite.name).collect();
        assert_eq!(wanted, ["tidy", "fmt"]);
        assert!(Line::try_parse_from(["test", "ftm"]).is_err());
    }

    #[test]
    fn an_obstacle_is_one_failure_with_its_sentence_in_the_log() {
        let (tally, log) = judge(Err(Obstacle::new("install strace")));
        assert_eq!(tally, Tally { passed: 0, failed: 1, ignored: 0 });
        assert_eq!(log, "failed: install strace\n");
    }

    #[test]
    fn a_suite_that_ran_nothing_has_failed() {
        assert_eq!(judge(Ok(Tally::default())).0, Tally::one(false));
    }

    #[test]
    fn a_real_tally_is_left_alone() {
        let tally = Tally { passed: 3, failed: 2, ignored: 1 };
        assert_eq!(judge(Ok(tally)), (tally, String::new()));
    }
}
