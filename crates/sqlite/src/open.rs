//! Opening: look, lock, check, and only then touch.

use crate::{
    connection,
    error::OpenError,
    lock::{Lock, beside},
    options::SqliteOptions,
    preflight, read, schema,
    shared::Shared,
    write::Memory,
    writer::Writer,
};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::Arc,
    thread::{Builder, JoinHandle},
};

/// Opens a store and starts its threads.
pub(crate) fn open(path: &Path, options: SqliteOptions) -> Result<Arc<Shared>, OpenError> {
    let path = preflight::locate(path)?;
    let exists = preflight::look(&path)?;
    let lock = Lock::take(&path)?;
    if exists {
        preflight::check_version(&path)?;
    }
    let made = if exists { None } else { Some(Made(&path)) };
    let shared = start(&path, options, lock)?;
    std::mem::forget(made);
    Ok(shared)
}

/// A file that did not exist before: removed again if the store does not come to life.
struct Made<'p>(&'p Path);

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for file in [self.0.into(), beside(self.0, "-wal"), beside(self.0, "-shm")] {
            // Some of them were never made.
            drop(std::fs::remove_file(file));
        }
    }
}

fn start(path: &Path, options: SqliteOptions, lock: Lock) -> Result<Arc<Shared>, OpenError> {
    let of_sqlite = |why: rusqlite::Error| preflight::of_sqlite(path, &why);
    let failed = |why: &dyn std::fmt::Display| OpenError::Failed { path: path.into(), why: why.to_string() };
    // A log that a killed process left behind may hold words that it had removed.
    let words_gone = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let mut conn = connection::writer(path, options.writer_cache_kib).map_err(of_sqlite)?;
    let fresh = getrandom::u64().map_err(|why| failed(&why))?;
    let generation = schema::prepare(&mut conn, fresh).map_err(of_sqlite)?;
    let readers = (0..options.readers.max(1)).map(|_| connection::reader(path, options.reader_cache_kib));
    let readers = readers.collect::<rusqlite::Result<Vec<_>>>().map_err(of_sqlite)?;
    let checkpointer = connection::checkpointer(path).map_err(of_sqlite)?;
    let memory = Memory::new(generation, options.heads, words_gone);
    let shared = Arc::new(Shared::new(options, generation));
    let others = spawn_others(&shared, readers, checkpointer).map_err(|why| failed(&why))?;
    let writer = Writer::new(shared.clone(), path.into(), conn, memory, others, lock);
    spawn("campanile-write", move || writer.run()).map_err(|why| failed(&why))?;
    Ok(shared)
}

fn spawn_others(
    shared: &Arc<Shared>,
    readers: Vec<Connection>,
    checkpointer: Connection,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let mut threads = Vec::new();
    for conn in readers {
        let shared = shared.clone();
        threads.push(spawn("campanile-read", move || read::run(&shared, &conn))?);
    }
    let shared = shared.clone();
    threads.push(spawn("campanile-checkpoint", move || shared.checkpoints.run(&checkpointer))?);
    Ok(threads)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name(name.into()).spawn(work)
}
