//! Room for the write-ahead log: its file is made longer before a commit needs it.
//!
//! To sync a file that grew, the file system must also sync its new length, in its own log: that more than doubles what a commit waits for. So
//! the file is filled with zeros ahead of time, while the writer's lock keeps everybody else from appending; what SQLite then writes lies in a
//! file whose length does not change. Zeros are no frame of a log (none is of page 0), so after a crash it ends where it would have ended
//! without them.

use crate::{checkpoint, lock::beside};
use rusqlite::Connection;
use std::{
    fs::OpenOptions,
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A log that never grows beyond this is left alone: most small applications', and that of a database which was only just made.
const SMALL: u64 = 512 * 1024;
/// How much is added at once: commits wait meanwhile, so it must be a moment. (4 MiB took 5 ms, which was the p99 of all publishes.)
const STEP: u64 = 512 * 1024;
/// How much room there is when more is made. Larger than one commit usually is.
const AHEAD: u64 = 1024 * 1024;

static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// The log's file, and how much of it is known to be there.
#[derive(Debug)]
pub(crate) struct Room {
    path: PathBuf,
    length: u64,
    /// Longer than this it need not be: by then the log is begun anew.
    most: u64,
}

impl Room {
    pub(crate) fn new(database: &Path, most_kib: u32) -> Self {
        Self { path: beside(database, "-wal"), length: 0, most: u64::from(most_kib) * 1024 }
    }

    /// The file was cut.
    pub(crate) fn is_gone(&mut self) {
        self.length = 0;
    }

    /// Called between two transactions: makes room if there is little left.
    pub(crate) fn look(&mut self, conn: &Connection) {
        let used = checkpoint::log_bytes();
        if used < SMALL.min(self.most) || used + AHEAD.min(self.most) <= self.length || self.length >= self.most {
            return;
        }
        if let Err(why) = self.make(conn) {
            tracing::debug!(%why, "no room could be made for the write-ahead log ahead of time");
            // Not tried again until the log is cut; commits do without.
            self.length = self.most;
        }
    }

    fn make(&mut self, conn: &Connection) -> Result<(), Box<dyn std::error::Error>> {
        conn.execute_batch("BEGIN IMMEDIATE")?;
        let filled = fill(&self.path, self.most);
        conn.execute_batch("ROLLBACK")?;
        self.length = filled?;
        Ok(())
    }
}

/// Adds zeros to a file, and syncs them; answers its length. What does not fit onto the disk is taken back.
fn fill(path: &Path, most: u64) -> io::Result<u64> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let before = file.seek(SeekFrom::End(0))?;
    let after = most.min(before + STEP).max(before);
    let filled = zeros(&mut file, after - before).and_then(|()| file.sync_data());
    if filled.is_err() {
        file.set_len(before)?;
    }
    filled.map(|()| after)
}

fn zeros(file: &mut impl Write, mut count: u64) -> io::Result<()> {
    while count > 0 {
        let part = usize::try_from(count).unwrap_or(usize::MAX).min(ZEROS.len());
        file.write_all(&ZEROS[..part])?;
        count -= part as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_grows_by_a_step_and_not_beyond_the_most() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "frames").unwrap();
        assert_eq!(fill(&path, STEP + 100).unwrap(), STEP + 6);
        assert_eq!(fill(&path, STEP + 100).unwrap(), STEP + 100);
        assert_eq!(fill(&path, 1000).unwrap(), STEP + 100);
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"frames") && bytes[6..].iter().all(|byte| *byte == 0));
    }
}
