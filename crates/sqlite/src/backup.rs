//! Copies of a store that may be in use, and other lives of one that is not.

use crate::{
    checkpoint, connection,
    error::{BackupError, OpenError},
    lock::{Lock, beside},
    preflight, schema,
};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use std::{
    fs::{self, OpenOptions, Permissions},
    io,
    path::{Path, PathBuf},
};

/// Copies a store into a file that does not exist yet.
///
/// The copy grows under another name: what is found under the target's own is complete, synced, and has a generation of its own.
pub(crate) fn backup(source: &Path, target: &Path) -> Result<(), BackupError> {
    let source = preflight::existing(source)?;
    refuse_existing(target)?;
    let from = connection::source(&source).map_err(|why| preflight::of_sqlite(&source, &why))?;
    preflight::known_version(&source, &from)?;
    let generation = generation(&source)?;
    let failed = |why: String| BackupError::Failed { from: source.clone(), to: target.into(), why };
    let partial = Partial::make(target, &source).map_err(|why| failed(why.to_string()))?;
    copy(&from, &partial.path, generation).map_err(|why| failed(why.to_string()))?;
    partial.publish(target).map_err(|why| match why.kind() {
        io::ErrorKind::AlreadyExists => BackupError::TargetExists(target.into()),
        _ => failed(why.to_string()),
    })
}

fn refuse_existing(target: &Path) -> Result<(), BackupError> {
    // A link that leads nowhere is something, too.
    if fs::symlink_metadata(target).is_ok() { Err(BackupError::TargetExists(target.into())) } else { Ok(()) }
}

fn generation(of: &Path) -> Result<u64, OpenError> {
    getrandom::u64().map_err(|why| OpenError::Failed { path: of.into(), why: why.to_string() })
}

/// Copies page by page, all of them from one snapshot: in pieces, a busy source would make it begin again and again.
fn copy(from: &Connection, to: &Path, generation: u64) -> rusqlite::Result<()> {
    let mut to = connection::copy(to)?;
    {
        let backup = Backup::new(from, &mut to)?;
        if backup.step(-1)? != StepResult::Done {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(busy, Some("the database stays locked".into())));
        }
    }
    schema::set_generation(&to, generation)?;
    to.close().map_err(|(_, why)| why)
}

/// A copy on its way, under a name of its own; gone unless it is published.
struct Partial {
    path: PathBuf,
    permissions: Permissions,
}

impl Partial {
    /// Makes the file, readable for nobody else until it is done; then it is as readable as the source.
    fn make(target: &Path, source: &Path) -> io::Result<Self> {
        let permissions = fs::metadata(source)?.permissions();
        let name = getrandom::u64().map_err(io::Error::other)?;
        let path = beside(target, &format!("-partial-{name:016x}"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?;
        Ok(Self { path, permissions })
    }

    /// Syncs the copy and gives it its name, if nobody has it by now.
    fn publish(self, target: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.path)?;
        if let Err(why) = file.set_permissions(self.permissions.clone()) {
            tracing::debug!(%why, "the copy stays readable for its owner alone");
        }
        file.sync_all()?;
        drop(file);
        name(&self.path, target)?;
        drop(self);
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_folder(folder).inspect_err(|_| drop(fs::remove_file(target)))
    }
}

/// Gives a file another name, if nobody has it. Unlike a renaming, a link never replaces what is there; but not every file system has links.
fn name(path: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(path, target) {
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists && fs::symlink_metadata(target).is_err() => {
            fs::rename(path, target)
        }
        done => done,
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened like a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Drop for Partial {
    fn drop(&mut self) {
        for file in [self.path.clone(), beside(&self.path, "-wal"), beside(&self.path, "-shm")] {
            // Most of them are not there.
            drop(fs::remove_file(file));
        }
    }
}

/// Begins another life of a store that nobody uses.
pub(crate) fn new_epoch(path: &Path) -> Result<(), OpenError> {
    let path = preflight::existing(path)?;
    let _lock = Lock::take(&path)?;
    preflight::check_version(&path)?;
    let of_sqlite = |why: rusqlite::Error| preflight::of_sqlite(&path, &why);
    let conn = connection::writer(&path, CACHE_KIB).map_err(of_sqlite)?;
    preflight::known_version(&path, &conn)?;
    schema::set_generation(&conn, generation(&path)?).map_err(of_sqlite)?;
    checkpoint::cut(&conn);
    conn.close().map_err(|(_, why)| of_sqlite(why))
}

/// Enough for one row.
const CACHE_KIB: u32 = 256;
