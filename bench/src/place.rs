//! What was measured, and where: a figure without them says nothing.

use std::{fs, process::Command};

pub(crate) struct Place {
    pub(crate) commit: String,
    pub(crate) machine: String,
    pub(crate) date: String,
}

impl Place {
    /// Reads commit and machine. What is to be recorded must be measured on a clean tree: else nobody could measure it again.
    pub(crate) fn look(recorded: bool) -> Result<Self, String> {
        let dirty = !git(&["status", "--porcelain", "--", ".", ":!bench/RESULTS.md"])?.is_empty();
        if dirty && recorded {
            return Err("the tree has uncommitted changes; commit them, or measure without recording".into());
        }
        let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
        let commit = if dirty { format!("{commit} with uncommitted changes") } else { commit };
        Ok(Self { commit, machine: machine(), date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string() })
    }
}

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
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} cores of {model}, Linux {}, shared with the client", kernel.trim())
}
