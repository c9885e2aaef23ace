//! What was measured, and where: a figure without them says nothing.

use std::{fs, process::Command};

pub(crate) struct Place {
    pub(crate) commit: String,
    pub(crate) machine: String,
    pub(crate) date: String,
}

impl Place {
    /// Reads commit and machine. What is to be recorded must be measured on a clean tree, else nobody could measure it again; only the recorded pages
    /// may differ, so that one can be measured after the other.
    pub(crate) fn look(recorded: bool) -> Result<Self, String> {
        let dirty = !git(&[&["status", "--porcelain", "--", ":/"], &PAGES[..]].concat())?.is_empty();
        if dirty && recorded {
            return Err("the tree has uncommitted changes; commit them, or measure without recording".into());
        }
        let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
        let commit = if dirty { format!("{commit} with uncommitted changes") } else { commit };
        Ok(Self { commit, machine: machine(), date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string() })
    }
}

/// As git excludes them, wherever it is asked.
const PAGES: [&str; 2] = [":(top,exclude)bench/RESULTS.md", ":(top,exclude)bench/HOSTILE.md"];

/// In a container the clone may belong to somebody else, which git refuses to read unless told.
fn git(args: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*"])
        .args(args)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !output.status.success() {
        return Err(format!("git {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    described(&read("/proc/cpuinfo"), &read("/proc/sys/kernel/osrelease"))
}

/// The processors and the version of the kernel, without the name that whoever built it has put behind.
fn described(cpus: &str, release: &str) -> String {
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = release.trim().split('-').next().unwrap_or_default();
    format!("{cores} cores of {model}, Linux {kernel}, shared with the client")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_its_processors_and_the_version_of_its_kernel() {
        let cpu = |at| format!("processor\t: {at}\nmodel name\t: An Example 9\n\n");
        let told = "2 cores of An Example 9, Linux 6.1.2, shared with the client";
        assert_eq!(described(&(cpu(0) + &cpu(1)), "6.1.2-47-somebody\n"), told);
        assert_eq!(described(&(cpu(0) + &cpu(1)), "6.1.2\n"), told);
    }

    #[test]
    fn what_git_refuses_is_told() {
        assert!(git(&["no-such-command"]).is_err_and(|why| why.contains("no-such-command")));
    }
}
