//! An acknowledgement comes after a sync: seen in the system calls, because a killed process says nothing about it (the page cache lives on).

use crate::child;
use std::{collections::HashMap, process::Command};

const PUBLISHES: usize = 25;

/// Reads what `strace -f -y` wrote: every acknowledgement (a write of `ACK` to the error output) must come after a write to the write-ahead
/// log and a successful sync of that log that began after the last such write. Answers how many there were.
fn judge(trace: &str) -> Result<usize, String> {
    let (mut acknowledged, mut written, mut synced) = (0, false, false);
    let mut syncing: HashMap<&str, bool> = HashMap::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        if call.starts_with("pwrite64(") && call.contains("-wal>") {
            (written, synced) = (true, false);
        } else if call.starts_with("fsync(") || call.starts_with("fdatasync(") {
            let of_log = call.contains("-wal>");
            if call.ends_with("= 0") {
                synced |= of_log;
            } else if call.contains("<unfinished") {
                syncing.insert(thread, of_log);
            }
        } else if call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>") {
            synced |= syncing.remove(thread).unwrap_or_default() && call.ends_with("= 0");
        } else if call.starts_with("write(2") && call.contains("\"ACK\\n\"") {
            if !written || !synced {
                return Err(format!("acknowledgement {} came before a sync", acknowledged + 1));
            }
            (written, synced) = (false, false);
            acknowledged += 1;
        }
    }
    Ok(acknowledged)
}

#[test]
fn a_sync_of_the_log_completes_before_each_acknowledgement() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let ran = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=fsync,fdatasync,pwrite64,write", "-o"])
        .arg(&trace)
        .arg(child::program())
        .args(["sequence".as_ref(), folder.path().join("a.db").as_os_str()])
        .arg(PUBLISHES.to_string())
        .output()
        .expect("strace is needed for this test: install the package strace");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(judge(&std::fs::read_to_string(&trace).unwrap()), Ok(PUBLISHES));
}

#[test]
fn the_judge_notices_what_is_missing() {
    const WRITE: &str = "7 pwrite64(5</tmp/a.db-wal>, \"\"..., 4096, 32) = 4096";
    const ACK: &str = "7 write(2</dev/pts/0>, \"ACK\\n\", 4) = 4";
    let judge = |lines: &[&str]| judge(&lines.join("\n"));
    assert_eq!(judge(&[WRITE, "7 fsync(5</tmp/a.db-wal>) = 0", ACK]), Ok(1));
    let resumed = "7 <... fdatasync resumed>) = 0";
    assert_eq!(
        judge(&[WRITE, "7 fdatasync(5</tmp/a.db-wal> <unfinished ...>", "8 write(1, \"\", 0) = 0", resumed, ACK]),
        Ok(1)
    );
    assert!(judge(&[WRITE, ACK]).is_err());
    assert!(judge(&[WRITE, "7 fsync(4</tmp/a.db>) = 0", ACK]).is_err(), "the wrong file");
    assert!(judge(&[WRITE, "7 fsync(5</tmp/a.db-wal>) = -1 EIO (Input/output error)", ACK]).is_err(), "a failed sync");
    assert!(judge(&[WRITE, "7 fsync(5</tmp/a.db-wal>) = 0", WRITE, ACK]).is_err(), "written after the sync");
    assert!(
        judge(&[WRITE, "7 fsync(5</tmp/a.db-wal> <unfinished ...>", ACK, "7 <... fsync resumed>) = 0"]).is_err(),
        "too early"
    );
    assert!(judge(&[WRITE, "7 fsync(5</tmp/a.db-wal>) = 0", ACK, ACK]).is_err(), "one sync, two acknowledgements");
}
