//! The record of a run: fuzz/RESULTS.md.

use std::fs;
use std::process::Command;

use super::Stats;
use crate::job::Obstacle;
use crate::repo;

/// Where and when it was run.
pub(super) struct Place {
    commit: String,
    date: String,
    machine: String,
}

impl Place {
    /// This commit, this machine, today.
    ///
    /// # Errors
    ///
    /// The working copy is not clean: nobody could run the same again.
    pub(super) fn here() -> Result<Self, Obstacle> {
        if !git(&["status", "--porcelain"])?.is_empty() {
            return Err(Obstacle::new("what is recorded must be a commit: the working copy is not clean"));
        }
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let models: Vec<_> =
            cpus.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": ")).collect();
        let model = models.first().map_or("an unknown processor", |(_, model)| model);
        let machine = format!("{} cores of {model}, {}", models.len(), version(&says("uname", &["-sr"])?));
        let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
        Ok(Self { commit, machine, date: says("date", &["-u", "+%F"])? })
    }

    /// Writes the page anew.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn write(&self, command: &str, results: &[(String, Stats)]) -> Result<(), Obstacle> {
        let path = repo::root().join("fuzz/RESULTS.md");
        let page = self.page(command, results, kept(&fs::read_to_string(&path).unwrap_or_default()));
        Ok(fs::write(path, page)?)
    }

    fn page(&self, command: &str, results: &[(String, Stats)], kept: &str) -> String {
        let sum: u64 = results.iter().map(|(_, stats)| stats.executions).sum();
        let Self { commit, date, machine } = self;
        let rows: String = results.iter().map(|(name, stats)| row(name, stats) + "\n").collect();
        let found = results.iter().filter(|(_, stats)| !stats.clean).count();
        format!(
            "# Fuzzing, the recorded run\n\nRun on {date} at commit {commit} with\n\n    {command}\n\n\
             Machine: {machine}. In all {} million executions; {found} targets ended with a finding.\n\n{HEAD}{rows}{kept}",
            sum / 1_000_000
        )
    }
}

const HEAD: &str =
    "| target | executions | seconds | per second | cov | ft | inputs | |\n|---|---|---|---|---|---|---|---|\n";
/// What follows from here on is written by hand, and stays.
const BY_HAND: &str = "\n## ";

fn kept(page: &str) -> &str {
    page.find(BY_HAND).and_then(|at| page.get(at..)).unwrap_or_default()
}

/// A line of the table.
pub(super) fn row(name: &str, stats: &Stats) -> String {
    let Stats { executions, seconds, cov, ft, inputs, clean } = stats;
    let verdict = if *clean { "" } else { "FOUND" };
    let rate = executions / (*seconds).max(1);
    format!("| `{name}` | {executions} | {seconds} | {rate} | {cov} | {ft} | {inputs} | {verdict} |")
}

/// The kernel without the name that whoever built it has put behind.
fn version(kernel: &str) -> &str {
    kernel.split('-').next().unwrap_or(kernel)
}

/// In a container the clone may belong to somebody else, which git refuses to read unless told.
fn git(args: &[&str]) -> Result<String, Obstacle> {
    says("git", &[&["-c", "safe.directory=*"], args].concat())
}

/// What a program says; one that fails says nothing.
fn says(program: &str, args: &[&str]) -> Result<String, Obstacle> {
    let output = Command::new(program).args(args).current_dir(repo::root()).output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Obstacle::new(format!("{program} {}: {}", args.join(" "), why.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_has_not_said_that_all_is_well() {
        assert_eq!(says("echo", &["a", "b"]), Ok("a b".to_owned()));
        let why = git(&["no-such-command"]).unwrap_err().to_string();
        assert!(why.contains("no-such-command"), "{why}");
    }

    #[test]
    fn a_kernel_is_its_version() {
        assert_eq!(version("Linux 6.1.2-47-somebody"), "Linux 6.1.2");
        assert_eq!(version("Linux 6.1.2"), "Linux 6.1.2");
    }

    #[test]
    fn the_page_has_every_target_and_keeps_what_is_written_by_hand() {
        let place = Place { commit: "abc".into(), date: "2026-01-01".into(), machine: "2 cores".into() };
        let stats = |executions| Stats { executions, seconds: 10, cov: 1, ft: 2, inputs: 3, clean: executions > 5 };
        let results = [("a".to_owned(), stats(4_000_000)), ("b".to_owned(), stats(5))];
        let page = place.page("cargo xtask fuzz", &results, kept("old\n\n## Found\n\nx\n"));
        assert!(page.contains("| `a` | 4000000 | 10 | 400000 | 1 | 2 | 3 |  |\n| `b` | 5 |"), "{page}");
        assert!(
            page.contains("4 million executions; 1 targets") && page.ends_with("FOUND |\n\n## Found\n\nx\n"),
            "{page}"
        );
        assert_eq!(kept("nothing"), "");
    }
}
