//! The table of results: every row of every server, in rounds, interleaved.

mod results;
mod rows;
mod text;
mod trials;

use crate::{
    bounds,
    clock::{now, seconds},
    place::Place,
    report,
    scenario::per,
    servers::Rivals,
};
use results::{Results, Who};
use std::path::{Path, PathBuf};
pub(crate) use trials::mixed;
use trials::{Bench, Size, Trial};

/// Measure what an open stream costs, to hold and to feed, beside other servers
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each row is measured: medians are shown, with the lowest and the highest
    #[arg(long, default_value_t = 7, value_parser = bounds::some::<usize>())]
    rounds: usize,
    /// No further round is begun if it would not end within so many minutes
    #[arg(long, default_value_t = 20.0, value_parser = bounds::positive)]
    minutes: f64,
    /// How long publishers are at work in each measurement
    #[arg(long, default_value_t = 2.0, value_parser = bounds::positive)]
    seconds: f64,
    /// How long idle streams are watched: longer than a heartbeat's interval
    #[arg(long, default_value_t = 31.0, value_parser = bounds::positive)]
    idle_seconds: f64,
    /// One round with few streams, ours only, that fails unless everything is delivered once and in order
    #[arg(long, conflicts_with = "record")]
    quick: bool,
    /// Only these measurements
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Trial>,
    #[command(flatten)]
    rivals: Rivals,
    /// Where to record the results
    #[arg(long)]
    record: Option<PathBuf>,
}

impl Args {
    pub(crate) fn records(&self) -> bool {
        self.record.is_some()
    }

    fn size(&self) -> Size {
        if self.quick { Size::small() } else { Size::whole(self.seconds, self.idle_seconds) }
    }

    /// As one would type it.
    fn command(&self) -> String {
        let Self { rounds, minutes, seconds, idle_seconds, .. } = self;
        let only: Vec<_> = self.only.iter().map(|trial| trial.name()).collect();
        let only = if only.is_empty() { String::new() } else { format!(" --only {}", only.join(",")) };
        if self.quick {
            let behind = if only.is_empty() { "" } else { " --" };
            return format!("cargo xtask bench --quick{behind}{only}");
        }
        format!(
            "cargo xtask bench --record -- --rounds {rounds} --minutes {minutes} --seconds {seconds} --idle-seconds {idle_seconds}{only}"
        )
    }
}

pub(crate) fn run(binary: &Path, args: &Args, place: &Place) -> Result<(), String> {
    let rounds = if args.quick { 1 } else { args.rounds };
    let who = everybody(args);
    let bench = Bench::new(binary, &args.rivals, args.size())?;
    let (mut results, begin, mut done) = (Results::default(), now(), 0);
    for round in 0..rounds {
        let spent = seconds(begin, now()) / 60.0;
        if round > 0 && spent * per(round as u64 + 1, 1.0) / per(round as u64, 1.0) > args.minutes {
            break;
        }
        done = round + 1;
        measure_all(&bench, args, round, &who, &mut results);
        if args.records() && results.failure_of_ours().is_some() {
            break;
        }
    }
    conclude(&text::of(args, place, &who, done, &results), &results, args.record.as_deref())
}

fn measure_all(bench: &Bench<'_>, args: &Args, round: usize, who: &[Who], results: &mut Results) {
    for trial in Trial::ALL.into_iter().filter(|trial| args.only.is_empty() || args.only.contains(trial)) {
        // Each round begins with another server, so that none is always first.
        for &who in who[round % who.len()..].iter().chain(&who[..round % who.len()]) {
            if trial.is_for(who) {
                report::progress(&format!("round {}: {}, {}", round + 1, trial.name(), who.name()));
                results.note(who, trial, bench.measure(trial, who));
            }
        }
    }
}

/// A run in which one of ours was not exact is shown, and not recorded.
fn conclude(text: &str, results: &Results, record: Option<&Path>) -> Result<(), String> {
    let failure = results.failure_of_ours();
    report::deliver(text, record.filter(|_| failure.is_none()))?;
    failure.map_or(Ok(()), Err)
}

fn everybody(args: &Args) -> Vec<Who> {
    let rivals = if args.quick { Vec::new() } else { args.rivals.present() };
    std::iter::once(Who::Campanile).chain(rivals.into_iter().map(Who::Rival)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bounds, servers::Rival};

    fn parsed(line: &str) -> Result<Args, clap::Error> {
        bounds::parsed(line)
    }

    #[test]
    fn the_command_that_is_told_measures_the_same_again() {
        let recorded = parsed("table --minutes 13 --only storm,idle --record R").unwrap().command();
        assert_eq!(
            recorded,
            "cargo xtask bench --record -- --rounds 7 --minutes 13 --seconds 2 --idle-seconds 31 --only storm,idle"
        );
        let (_, options) = recorded.split_once("--record --").unwrap();
        assert_eq!(parsed(&format!("table{options}")).unwrap().command(), recorded);
        assert_eq!(parsed("table --quick").unwrap().command(), "cargo xtask bench --quick");
        assert_eq!(parsed("table --quick --only one").unwrap().command(), "cargo xtask bench --quick -- --only one");
    }

    #[test]
    fn a_run_of_ours_that_is_no_result_is_not_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("RESULTS.md");
        let mut results = Results::default();
        results.note(Who::Campanile, Trial::One, Err("1 LOST".into()));
        assert_eq!(conclude("new", &results, Some(&page)), Err("one: 1 LOST".to_owned()));
        assert!(!page.exists());
        results = Results::default();
        results.note(Who::Rival(Rival::Axum), Trial::One, Err("1 LOST".into()));
        assert_eq!(conclude("new", &results, Some(&page)), Ok(()));
        assert_eq!(std::fs::read_to_string(&page).unwrap(), "new");
    }

    #[test]
    fn what_could_not_be_measured_is_refused_before() {
        for line in
            ["--rounds 0", "--minutes 0", "--seconds -1", "--seconds NaN", "--idle-seconds inf", "--quick --record R"]
        {
            assert!(parsed(&format!("table {line}")).is_err(), "{line}");
        }
    }
}
