//! The table of results.

use crate::{Args, place::Place};
use std::{fmt::Write, fs, path::Path};

/// One figure: the median of its runs, and how far they lie apart.
pub(crate) struct Row {
    name: String,
    sorted: Vec<f64>,
}

impl Row {
    pub(crate) fn of(name: impl Into<String>, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { name: name.into(), sorted: values }
    }

    fn line(&self) -> String {
        let pick = |at: usize| self.sorted.get(at).copied().map_or_else(|| "-".into(), figure);
        let last = self.sorted.len().saturating_sub(1);
        format!("| {} | {} | {} | {} |", self.name, pick(last / 2), pick(0), pick(last))
    }
}

/// Three significant places are all that a noisy machine has to say.
fn figure(value: f64) -> String {
    match value {
        1000.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

pub(crate) fn table(place: &Place, args: &Args, rows: &[Row]) -> String {
    let mut text = String::from("# Results\n\n");
    let Args { seconds, runs, streams, seed, .. } = args;
    let _ = write!(
        text,
        "Measured on {} at commit {} with\n\n    cargo xtask bench --seconds {seconds} --runs {runs} --streams {streams} --seed {seed}\n\n\
         Machine: {}. The database is a file on its disk; every publish is synced before its 202. Every acknowledged\n\
         notification was received by its stream, once and in order, or there would be no figure.\n\n\
         | | median | lowest | highest |\n|---|---|---|---|\n",
        place.date, place.commit, place.machine
    );
    for row in rows {
        let _ = writeln!(text, "{}", row.line());
    }
    text
}

pub(crate) fn deliver(text: &str, record: Option<&Path>) -> Result<(), String> {
    println!("\n{text}");
    match record {
        Some(path) => fs::write(path, text).map_err(|error| format!("{}: {error}", path.display())),
        None => Ok(()),
    }
}

/// A process's memory: pages that it shares count by their share.
pub(crate) fn proportional_kib(process: u32) -> Result<u64, String> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).and_then(|rest| rest.split_whitespace().next());
    pss.and_then(|kib| kib.parse().ok()).ok_or_else(|| format!("{path} shows no Pss"))
}
