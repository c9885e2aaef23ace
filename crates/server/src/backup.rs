//! `campanile backup` and `campanile new-epoch`: what is done to a database file beside its server, or without it.

use crate::{cli, failure::Failure, output};
use campanile_sqlite::{BackupError, OpenError, Sqlite};
use std::path::{Path, PathBuf};

/// Copies a database that may be in use.
///
/// # Errors
///
/// There is nothing to copy, or the copy cannot be made; nothing is left of it then.
pub(crate) fn run(options: &cli::Backup) -> Result<(), Failure> {
    let store = file(&options.store);
    Sqlite::backup(&store, &options.to).map_err(|error| match &error {
        BackupError::Source(source) => of_store(source),
        BackupError::TargetExists(_) => Failure::Runtime(error.to_string()),
        _ => Failure::Runtime(format!("{error}; does the folder exist, may you write there, is there room for it?")),
    })?;
    let (store, to) = (store.display(), options.to.display());
    output::tell(&format!("{store} is copied to {to}, whole and synced; it can be served as it is"));
    Ok(())
}

/// Begins another life of a database.
///
/// # Errors
///
/// There is no database, or somebody is using it.
pub(crate) fn new_epoch(options: &cli::NewEpoch) -> Result<(), Failure> {
    let store = file(&options.store);
    Sqlite::new_epoch(&store).map_err(|error| of_store(&error))?;
    let store = store.display();
    output::tell(&format!("{store} begins another life: clients that come back are told to read their inbox again"));
    Ok(())
}

/// People have `store.url` at hand.
fn file(given: &Path) -> PathBuf {
    given.to_str().and_then(|text| text.strip_prefix("sqlite://")).map_or_else(|| given.into(), PathBuf::from)
}

fn of_store(error: &OpenError) -> Failure {
    let what_to_do = match error {
        OpenError::InUse { .. } => "; stop it first",
        OpenError::Missing(_) | OpenError::NoFolder(_) | OpenError::IsFolder(_) | OpenError::NotADatabase(_) => {
            "; --store names the file, as store.url has it after sqlite://"
        }
        OpenError::NotAStore(_) => "; a server that uses it makes them",
        OpenError::Newer { .. } => "; use that version",
        _ => "",
    };
    Failure::Runtime(format!("{error}{what_to_do}"))
}
