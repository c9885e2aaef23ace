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

/// What the kernel makes for an open socket: its state, its inode, its file, and its place in an epoll.
const OF_A_SOCKET: [&str; 4] = ["TCP", "sock_inode_cache", "filp", "eventpoll_epi"];

/// What these objects take on this machine, on both sides of each connection. None where the kernel does not tell: it does so to root only.
pub(crate) fn socket_kib() -> Option<u64> {
    slab_kib(&fs::read_to_string("/proc/slabinfo").ok()?)
}

/// Reads `/proc/slabinfo` (slabinfo(5)): name, active objects, all objects, bytes of one.
fn slab_kib(text: &str) -> Option<u64> {
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().ok());
        Some(fields.next()?? * fields.nth(1)??)
    };
    let all: Option<u64> = OF_A_SOCKET.into_iter().map(bytes).sum();
    all.map(|bytes| bytes / 1024)
}

/// What waits in the buffers of all TCP sockets of this machine, on both sides of each connection. A socket on which nothing waits counts nothing.
pub(crate) fn buffer_kib() -> Option<u64> {
    let text = fs::read_to_string("/proc/net/sockstat").ok()?;
    let pages = text.lines().find_map(|line| line.strip_prefix("TCP: ")?.rsplit_once("mem ")?.1.trim().parse().ok());
    pages.map(|pages: u64| pages * rustix::param::page_size() as u64 / 1024)
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

    #[test]
    fn a_socket_is_the_objects_that_are_in_use_for_it() {
        let text = "slabinfo - version: 2.1\n\
            # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables …\n\
            TCPv6                 26     26   2496   13    8 : tunables    0    0    0\n\
            TCP                   79    130   2368   13    8 : tunables    0    0    0\n\
            eventpoll_epi        279    384    128   32    1 : tunables    0    0    0\n\
            sock_inode_cache     173    228    832   19    4 : tunables    0    0    0\n\
            filp                1155   1200    192   21    1 : tunables    0    0    0\n";
        assert_eq!(slab_kib(text), Some((79 * 2368 + 279 * 128 + 173 * 832 + 1155 * 192) / 1024));
        assert_eq!(slab_kib(&text.replace("\nTCP ", "\nUDP ")), None, "half of it would be a wrong figure");
        assert_eq!(slab_kib(""), None);
    }
}
