//! One target at work, and what libFuzzer says of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::job::{Job, Obstacle};
use crate::repo;
use crate::tools::cargo_fuzz;

/// The targets, built.
pub(crate) struct Built {
    programs: PathBuf,
}

/// When a target's run ends.
pub(crate) struct Limits {
    pub(crate) seconds: u32,
    pub(crate) runs: u64,
    pub(crate) seed: u32,
}

/// What became of a target's run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    pub(crate) executions: u64,
    pub(crate) seconds: u64,
    /// Edges of the program that were passed.
    pub(crate) cov: u64,
    /// Features: edges with how often they were passed, comparisons, and the like.
    pub(crate) ft: u64,
    /// Inputs that each brought something new.
    pub(crate) inputs: u64,
    /// Whether nothing was found.
    pub(crate) clean: bool,
}

/// Instead of the release profile's: quick to build, quick enough to run. cargo-fuzz adds debug assertions and overflow checks.
const QUICK_TO_BUILD: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
];

fn folder() -> PathBuf {
    repo::root().join("fuzz")
}

/// The names of all targets.
///
/// # Errors
///
/// There is no folder with targets.
pub(crate) fn all() -> Result<Vec<String>, Obstacle> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder().join("targets"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

impl Built {
    /// Builds all targets for this host, with coverage and without a sanitizer: our code has no `unsafe`, and they run several times as fast.
    ///
    /// # Errors
    ///
    /// cargo-fuzz is missing, or something does not compile.
    pub(crate) fn for_host(job: &mut Job, host: &str) -> Result<Self, Obstacle> {
        let target = repo::target().join("fuzz");
        let mut build = cargo_fuzz::get(job)?;
        build.args(["build", "--sanitizer", "none", "--target", host, "--target-dir"]).arg(&target);
        job.must(build.envs(QUICK_TO_BUILD).current_dir(folder()))?;
        Ok(Self { programs: target.join(host).join("release") })
    }

    /// Runs a target from its seeds and from what was learned before.
    ///
    /// # Errors
    ///
    /// It cannot be started; a finding is no error here.
    pub(crate) fn run(&self, job: &mut Job, name: &str, limits: &Limits) -> Result<Stats, Obstacle> {
        let (learned, found) = (folder().join("corpus").join(name), folder().join("artifacts").join(name));
        fs::create_dir_all(&learned)?;
        fs::create_dir_all(&found)?;
        let mut command = Command::new(self.programs.join(name));
        command.arg(learned).arg(folder().join("seeds").join(name));
        command.args(limits.options()).arg(format!("-artifact_prefix={}/", found.display()));
        command.arg(format!("-dict={}", folder().join("dictionaries").join(format!("{name}.dict")).display()));
        let started = Instant::now();
        let finished = job.run(&mut command)?;
        Ok(Stats { seconds: started.elapsed().as_secs(), clean: finished.success, ..read(&finished.text) })
    }

    /// Runs one file through a target. Whether nothing was found.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(crate) fn replay(&self, job: &mut Job, name: &str, file: &Path) -> Result<bool, Obstacle> {
        Ok(job.run(Command::new(self.programs.join(name)).arg(file))?.success)
    }
}

impl Limits {
    /// What is said to libFuzzer.
    fn options(&self) -> Vec<String> {
        let Self { seconds, runs, seed } = self;
        let runs = if *runs == u64::MAX { "-1".to_owned() } else { runs.to_string() };
        let own = [format!("-runs={runs}"), format!("-max_total_time={seconds}"), format!("-seed={seed}")];
        let always = ["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=2048"];
        own.into_iter().chain(always.map(str::to_owned)).collect()
    }
}

/// Reads what libFuzzer prints: its last line of progress, and the statistics at its end.
fn read(text: &str) -> Stats {
    let mut stats = Stats::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |label: &str| {
            let at = words.iter().position(|word| *word == label)?;
            words.get(at + 1)?.split('/').next()?.parse::<u64>().ok()
        };
        if line.starts_with('#') {
            stats.cov = after("cov:").unwrap_or(stats.cov);
            stats.ft = after("ft:").unwrap_or(stats.ft);
            stats.inputs = after("corp:").unwrap_or(stats.inputs);
        }
        stats.executions = after("stat::number_of_executed_units:").unwrap_or(stats.executions);
    }
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "INFO: Seed: 1\n\
        #2\tINITED cov: 4 ft: 5 corp: 1/1b exec/s: 0 rss: 30Mb\n\
        #1024\tNEW    cov: 40 ft: 50 corp: 17/1024b lim: 4096 exec/s: 512 rss: 31Mb L: 3/9 MS: 1 EraseBytes-\n\
        #2048\tDONE   cov: 41 ft: 52 corp: 18/1024b lim: 4096 exec/s: 512 rss: 31Mb\n\
        Done 2048 runs in 4 second(s)\n\
        stat::number_of_executed_units: 2048\n\
        stat::average_exec_per_sec:     512\n";

    #[test]
    fn figures_are_those_of_the_end() {
        let expected = Stats { executions: 2048, seconds: 0, cov: 41, ft: 52, inputs: 18, clean: false };
        assert_eq!(read(SAID), expected);
        assert_eq!(read("nothing of the kind"), Stats::default());
    }

    #[test]
    fn there_are_targets_and_each_has_seeds() {
        let all = all().unwrap();
        assert!(all.len() > 10 && all.iter().all(|name| folder().join("seeds").join(name).is_dir()), "{all:?}");
    }
}
