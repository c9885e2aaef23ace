//! The lock file beside the database: one process at a time.
//!
//! SQLite itself lets several processes in. Campanile does not: the writer keeps heads in memory, which another writer would make wrong.
//! The lock is the system's (`flock`), so it ends with its process, however that ends.

use crate::error::OpenError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Held while the store is open. The file goes away with it.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

/// How often the file may go away between opening and locking it: each time, its holder has just closed.
const ATTEMPTS: usize = 100;

impl Lock {
    /// Takes the lock of a database, or says who has it.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database, "-lock");
        let not_writable = |why: io::Error| OpenError::NotWritable { path: database.into(), why: why.to_string() };
        for _ in 0..ATTEMPTS {
            let mut file = open(&path).map_err(not_writable)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => {
                    sign(&mut file).map_err(not_writable)?;
                    return Ok(Self { path, _file: file });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(in_use(database, &mut file)),
                Err(TryLockError::Error(why)) => return Err(not_writable(why)),
            }
        }
        Err(OpenError::InUse { path: database.into(), pid: "unknown".into() })
    }
}

impl Drop for Lock {
    /// Removes the file while it is still locked: who opened it meanwhile notices that it is not there any more.
    fn drop(&mut self) {
        if cfg!(unix)
            && let Err(why) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%why, "the lock file stays behind");
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn in_use(database: &Path, file: &mut File) -> OpenError {
    let mut pid = String::new();
    let read = file.take(32).read_to_string(&mut pid);
    let pid = match (read, pid.trim()) {
        (Ok(_), pid) if !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()) => pid.to_owned(),
        _ => "unknown".to_owned(),
    };
    OpenError::InUse { path: database.into(), pid }
}

/// Whether the path still leads to this very file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata(), path.metadata()), (Ok(ours), Ok(there)) if place(&ours) == place(&there))
}

/// Where lock files are never removed, they never change.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// The path of a file that accompanies a database.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_nothing_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let first = Lock::take(&database).unwrap();
        let told = Lock::take(&database).unwrap_err().to_string();
        assert!(told.ends_with(&format!("is in use by another process (pid {})", std::process::id())), "{told}");
        drop(first);
        drop(Lock::take(&database).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_lock_file_that_a_killed_process_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        std::fs::write(beside(&database, "-lock"), "4000000\nrubbish").unwrap();
        let _held = Lock::take(&database).unwrap();
        assert_eq!(std::fs::read_to_string(beside(&database, "-lock")).unwrap(), format!("{}\n", std::process::id()));
    }

    #[test]
    fn many_that_come_and_go_never_hold_it_together() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        let try_often = || {
            for _ in 0..300 {
                if let Ok(_held) = Lock::take(&database) {
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                }
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(try_often))));
    }
}
