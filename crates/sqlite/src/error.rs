//! Why a store cannot be opened: one clear sentence each. And what SQLite's errors mean for a write.

use campanile_core::store::StoreError;
use rusqlite::ErrorCode;
use std::{fmt::Display, path::PathBuf};

/// Why a store cannot be opened, or read. Nothing was touched: what was made on the way is gone again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder for the file does not exist.
    #[error("the folder {} for the database does not exist", .0.display())]
    NoFolder(PathBuf),
    /// The path names a folder.
    #[error("{} is a folder, not a database file", .0.display())]
    IsFolder(PathBuf),
    /// The file is something else.
    #[error("{} is not a SQLite database", .0.display())]
    NotADatabase(PathBuf),
    /// There is nothing to work on.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// It is a database, but not a store.
    #[error("{} has no tables of Campanile", .0.display())]
    NotAStore(PathBuf),
    /// The tables are from a version that this one does not know.
    #[error("{} was written by a newer version of Campanile (schema {found}, this version knows {known})", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// Another process (or another store in this one) holds the file.
    #[error("{} is in use by another process (pid {pid})", .path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// Who holds it, as the holder wrote it down; `unknown` if that cannot be read.
        pid: String,
    },
    /// The file or its folder cannot be written.
    #[error("{} cannot be written: {why}", .path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// Anything else.
    #[error("{} cannot be opened: {why}", .path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
}

/// Why a copy was not made. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The source is not a store that can be read.
    #[error(transparent)]
    Source(#[from] OpenError),
    /// There is something by the target's name already, and it is left alone.
    #[error("{} exists already: name a file that does not", .0.display())]
    TargetExists(PathBuf),
    /// Anything else: no room, no folder, no permission.
    #[error("{} cannot be copied to {}: {why}", .from.display(), .to.display())]
    Failed {
        /// The store.
        from: PathBuf,
        /// The copy.
        to: PathBuf,
        /// The reason.
        why: String,
    },
}

/// Why one write was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It breaks the words of the port. Nothing of it was written.
    Refused(&'static str),
    /// SQLite failed. The transaction must be rolled back.
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(why: rusqlite::Error) -> Self {
        Self::Broken(why)
    }
}

pub(crate) fn unavailable(why: &(impl Display + ?Sized)) -> StoreError {
    StoreError::Unavailable(why.to_string().into())
}

/// Whether the world around the store is to blame: then every write of a batch would meet the same.
pub(crate) fn is_environment(why: &rusqlite::Error) -> bool {
    let environment = [
        ErrorCode::DiskFull,
        ErrorCode::SystemIoFailure,
        ErrorCode::DatabaseBusy,
        ErrorCode::DatabaseLocked,
        ErrorCode::DatabaseCorrupt,
        ErrorCode::NotADatabase,
        ErrorCode::ReadOnly,
        ErrorCode::OutOfMemory,
        ErrorCode::CannotOpen,
        ErrorCode::PermissionDenied,
        ErrorCode::FileLockingProtocolFailed,
    ];
    why.sqlite_error_code().is_some_and(|code| environment.contains(&code))
}

/// Whether a statement met a row that must be unique.
pub(crate) fn is_constraint(why: &rusqlite::Error) -> bool {
    why.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
