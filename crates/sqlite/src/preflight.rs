//! Looking at a file before anything touches it.

use crate::{error::OpenError, lock::beside, schema};
use rusqlite::{Connection, OpenFlags};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

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

/// Where a database is that must be there.
pub(crate) fn existing(path: &Path) -> Result<PathBuf, OpenError> {
    let path = locate(path)?;
    match fs::metadata(&path) {
        Ok(_) => Ok(path),
        Err(why) if why.kind() == ErrorKind::NotFound => Err(OpenError::Missing(path)),
        Err(why) => Err(failed(&path, &why)),
    }
}

/// Whether there is a file; if so, one that can be written. (An empty file is a database that nobody has written to.)
///
/// The file is opened by SQLite alone, never by ourselves: on Unix, closing a file gives up all locks that the process has on it, and an
/// application may have connections of its own.
pub(crate) fn look(path: &Path) -> Result<bool, OpenError> {
    match fs::metadata(path) {
        Ok(_) => {}
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(false),
        Err(why) => return Err(not_writable(path, &why)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Nothing is read yet; what cannot be written is opened for reading.
    let conn = Connection::open_with_flags(path, flags).map_err(|why| of_sqlite(path, &why))?;
    match conn.is_readonly(rusqlite::MAIN_DB) {
        Ok(false) => Ok(true),
        Ok(true) => Err(not_writable(path, &"permission denied")),
        Err(why) => Err(of_sqlite(path, &why)),
    }
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
    not_newer(path, found.map_err(|why| of_sqlite(path, &why))?)
}

fn not_newer(path: &Path, found: i64) -> Result<(), OpenError> {
    let known = schema::VERSION;
    if found > known { Err(OpenError::Newer { path: path.into(), found, known }) } else { Ok(()) }
}

/// Whether a connection leads to the tables of a version that we know.
pub(crate) fn known_version(path: &Path, conn: &Connection) -> Result<(), OpenError> {
    match schema::version(conn).map_err(|why| of_sqlite(path, &why))? {
        0 => Err(OpenError::NotAStore(path.into())),
        found => not_newer(path, found),
    }
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

fn not_writable(path: &Path, why: &impl ToString) -> OpenError {
    OpenError::NotWritable { path: path.into(), why: why.to_string() }
}

fn failed(path: &Path, why: &impl ToString) -> OpenError {
    OpenError::Failed { path: path.into(), why: why.to_string() }
}

/// What an error of SQLite's means while a store is being opened.
pub(crate) fn of_sqlite(path: &Path, why: &rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode as Code;
    match why.sqlite_error_code() {
        Some(Code::NotADatabase) => OpenError::NotADatabase(path.into()),
        Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied | Code::DiskFull) => not_writable(path, why),
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
