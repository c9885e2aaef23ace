//! Looking at a file before anything touches it.

use crate::{error::OpenError, lock::beside, schema};
use rusqlite::{Connection, OpenFlags};
use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

/// How every SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Where the database is, by one name however it was spelled: the lock depends on it.
pub(crate) fn locate(path: &Path) -> Result<PathBuf, OpenError> {
    if path.is_dir() {
        return Err(OpenError::IsFolder(path.into()));
    }
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(folder), Some(name)) = (parent.canonicalize(), path.file_name()) else {
        return Err(OpenError::NoFolder(parent.into()));
    };
    if folder.is_dir() { Ok(folder.join(name)) } else { Err(OpenError::NoFolder(parent.into())) }
}

/// Whether there is a file, and one that a store can live in. An empty file is a database that nobody has written to.
pub(crate) fn look(path: &Path) -> Result<bool, OpenError> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(false),
        Err(why) => return Err(OpenError::NotWritable { path: path.into(), why: why.to_string() }),
    };
    let mut begin = Vec::with_capacity(MAGIC.len());
    let failed = |why: std::io::Error| OpenError::Failed { path: path.into(), why: why.to_string() };
    file.by_ref().take(16).read_to_end(&mut begin).map_err(failed)?;
    if begin.is_empty() || begin == MAGIC { Ok(true) } else { Err(OpenError::NotADatabase(path.into())) }
}

/// Whether the tables, if there are any, are of a version that we know. Called with the lock held.
///
/// A read-only connection still makes the files of the write-ahead log. So a database without such a file is read as `immutable`, which
/// makes none; one with it was left by a killed process, and gets back exactly the files it had.
pub(crate) fn check_version(path: &Path) -> Result<(), OpenError> {
    let (wal, shm) = (beside(path, "-wal"), beside(path, "-shm"));
    let has_wal = fs::metadata(&wal).is_ok_and(|m| m.len() > 0);
    let had_shm = shm.exists();
    let found = read_version(path, !has_wal);
    if has_wal && !had_shm && shm.exists() {
        fs::remove_file(&shm).map_err(|why| failed(path, &why))?;
    }
    let found = found.map_err(|why| of_sqlite(path, &why))?;
    let known = schema::VERSION;
    if found > known { Err(OpenError::Newer { path: path.into(), found, known }) } else { Ok(()) }
}

fn read_version(path: &Path, immutable: bool) -> rusqlite::Result<i64> {
    let uri = format!("file:{}?mode=ro{}", escaped(path), if immutable { "&immutable=1" } else { "" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    schema::version(&Connection::open_with_flags(uri, flags)?)
}

/// The path as it is written in a URI.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let escape = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    path.as_os_str().as_encoded_bytes().iter().map(escape).collect()
}

fn failed(path: &Path, why: &impl ToString) -> OpenError {
    OpenError::Failed { path: path.into(), why: why.to_string() }
}

/// What an error of SQLite's means while a store is being opened.
pub(crate) fn of_sqlite(path: &Path, why: &rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode as Code;
    match why.sqlite_error_code() {
        Some(Code::NotADatabase) => OpenError::NotADatabase(path.into()),
        Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied | Code::DiskFull) => {
            OpenError::NotWritable { path: path.into(), why: why.to_string() }
        }
        _ => failed(path, why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped_for_the_uri() {
        assert_eq!(escaped(Path::new("/a b/ü?#%.db-x_1")), "/a%20b/%C3%BC%3F%23%25.db-x_1");
    }
}
