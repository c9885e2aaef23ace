//! Ending a program together with everything it started.
//!
//! A process group would be the usual way, but then Ctrl-C in a terminal would no longer reach the programs. So the
//! descendants are read from `/proc` and killed one by one; where there is no `/proc`, only the program itself is.

use std::fs;
use std::process::{Child, Command};

/// Kills `child` and all its descendants with SIGKILL and reaps it.
pub(crate) fn end(child: &mut Child) {
    let pids = descendants(child.id(), &all_processes());
    if !pids.is_empty() {
        // Failure means that they are gone already.
        let _ = Command::new("kill").arg("-KILL").args(pids.iter().map(u32::to_string)).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Every process as (pid, parent's pid).
fn all_processes() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter_map(|stat| pid_and_parent(&stat))
        .collect()
}

/// Reads `pid (name) state ppid …`; the name may hold spaces and parentheses, so the last `)` ends it (proc(5)).
fn pid_and_parent(stat: &str) -> Option<(u32, u32)> {
    let (pid, _) = stat.split_once(" (")?;
    let (_, rest) = stat.rsplit_once(") ")?;
    Some((pid.parse().ok()?, rest.split(' ').nth(1)?.parse().ok()?))
}

/// All below `root`, without `root` itself.
fn descendants(root: u32, processes: &[(u32, u32)]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        let children = processes.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid);
        let new: Vec<u32> = children.filter(|pid| !found.contains(pid)).collect();
        found.extend(&new);
        parents.extend(new);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_confuse_the_reader() {
        assert_eq!(pid_and_parent("42 (a) b (c)) S 7 42 42"), Some((42, 7)));
        assert_eq!(pid_and_parent("42 (sh"), None);
        assert_eq!(pid_and_parent(""), None);
    }

    #[test]
    fn grandchildren_are_found_and_strangers_are_not() {
        let mut found = descendants(1, &[(2, 1), (3, 2), (4, 9), (5, 2), (1, 0)]);
        found.sort_unstable();
        assert_eq!(found, [2, 3, 5]);
    }

    #[test]
    fn a_grandchild_is_gone_when_end_returns() {
        let mut child =
            Command::new("sh").args(["-c", "sleep 60 & echo started; wait"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let before = Instant::now();
        end(&mut child);
        // Ends when the last process that holds the pipe has ended: without the kill, after a minute.
        output.read_line(&mut line).unwrap();
        assert!(before.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_cycle_from_a_racing_read_ends() {
        assert_eq!(descendants(1, &[(2, 1), (3, 2), (2, 3)]).len(), 2);
    }
}
