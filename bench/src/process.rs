//! What a process and its children use, as the system tells it.

use crate::clock::{Nanos, SECOND, now, seconds};
use std::{collections::BTreeMap, fs};

/// The process and all that descend from it.
fn family(process: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut family = vec![process];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        family.extend(children.remove(&parent).unwrap_or_default());
        at += 1;
    }
    family
}

/// The fields of `/proc/PID/stat` after the name, which may hold anything (proc(5)).
fn stat(process: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    Some(text.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

/// The processor time that a process, its children and those they have waited for have used.
fn processor_time(process: u32) -> Result<Nanos, String> {
    // utime, stime, cutime and cstime, the fields 14 to 17.
    let ticks =
        |pid: &u32| Some(stat(*pid)?.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum::<u64>());
    let family = family(process);
    ticks(&process).ok_or_else(|| format!("process {process} is gone"))?;
    let all: u64 = family.iter().filter_map(ticks).sum();
    Ok(all * SECOND / rustix::param::clock_ticks_per_second())
}

/// Their memory: pages that are shared count by their share.
pub(crate) fn proportional_kib(process: u32) -> Result<u64, String> {
    family(process).into_iter().map(own_kib).sum()
}

fn own_kib(process: u32) -> Result<u64, String> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).and_then(|rest| rest.split_whitespace().next());
    pss.and_then(|kib| kib.parse().ok()).ok_or_else(|| format!("{path} shows no Pss"))
}

/// What the kernel holds in the buffers of all TCP sockets of this machine, on both sides of each connection.
pub(crate) fn socket_kib() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let pages = text.lines().find_map(|line| line.strip_prefix("TCP: ")?.rsplit_once("mem ")?.1.trim().parse().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64 / 1024
}

/// Measures processor time from one moment to another.
pub(crate) struct Meter {
    process: Option<u32>,
    at: Nanos,
    time: Nanos,
}

/// How long it took, and the processor time of the server in it, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) seconds: f64,
    pub(crate) processor: Option<f64>,
}

impl Meter {
    pub(crate) fn start(process: Option<u32>) -> Result<Self, String> {
        let time = process.map_or(Ok(0), processor_time)?;
        Ok(Self { process, at: now(), time })
    }

    /// What was used until now, over the time until `end`.
    pub(crate) fn until(&self, end: Nanos) -> Result<Usage, String> {
        let time = self.process.map(processor_time).transpose()?;
        Ok(Usage { seconds: seconds(self.at, end), processor: time.map(|time| seconds(self.time, time)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn what_children_use_is_counted() {
        let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; read x";
        let mut child = Command::new("sh");
        child.args(["-c", &format!("sh -c '{script}' && true")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        let (alone, all) = (stat(child.id()).unwrap(), processor_time(child.id()).unwrap());
        let family = family(child.id());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(family.len(), 2);
        let own: u64 = alone[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        assert!(all / (SECOND / 100) > own, "{own} ticks of its own, {all} ns of all");
        assert!(processor_time(child.id()).is_err());
    }

    #[test]
    fn memory_is_read_from_the_system() {
        let before = proportional_kib(std::process::id()).unwrap();
        let memory = vec![1u8; 32 << 20];
        assert!(proportional_kib(std::process::id()).unwrap() > before + (16 << 10));
        drop(memory);
    }
}
