//! Keys in a file. It is read again when its time or its size changes; an orchestrator's switch of a symbolic link is such a change.

use super::{
    KeySet, KeysError, jwks, pem,
    source::MAX_BYTES,
    watch::{Load, Loaded, Pace},
};
use futures_util::future::BoxFuture;
use std::{
    fs::{File, Metadata},
    io::{self, Read},
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// Asking a file system costs little; a key that was taken out should not be trusted for long.
pub(super) const PACE: Pace = {
    let often = Duration::from_secs(5);
    let second = Duration::from_secs(1);
    Pace { regular: often, bounds: (often, often), after_failure: often, on_unknown: second, while_empty: second }
};

/// How the keys are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    Pem,
    Jwks,
}

/// What changes with a file's contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

/// A file and how it was when it was last read.
#[derive(Clone, Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
    format: Format,
    seen: Option<Stamp>,
}

impl KeyFile {
    pub(super) fn new(path: PathBuf, format: Format) -> Self {
        Self { path, format, seen: None }
    }

    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// Reads it, if it has changed. Blocking.
    pub(super) fn read_if_changed(&mut self) -> Result<Loaded, KeysError> {
        let before = self.seen.take();
        let (file, stamp) = self.open().map_err(KeysError::Read)?;
        // Noted before it is read: a file that is being written changes again.
        self.seen = Some(stamp);
        if before == self.seen {
            return Ok(Loaded::Same);
        }
        Ok(Loaded::New(self.parse(&text(file)?)?, None))
    }

    fn open(&self) -> io::Result<(File, Stamp)> {
        let file = File::open(&self.path)?;
        let stamp = stamp(&file.metadata()?)?;
        Ok((file, stamp))
    }

    fn parse(&self, text: &str) -> Result<KeySet, KeysError> {
        match self.format {
            Format::Pem => pem::read(text),
            Format::Jwks => jwks::read(text, |number, why| {
                tracing::warn!(file = %self.path.display(), number, %why, "a key of the set is not used");
            }),
        }
    }
}

fn stamp(metadata: &Metadata) -> io::Result<Stamp> {
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    Ok(Stamp { modified: metadata.modified().ok(), bytes: metadata.len() })
}

fn text(file: File) -> Result<String, KeysError> {
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(KeysError::Read)?;
    if bytes.len() > MAX_BYTES {
        return Err(KeysError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| KeysError::NotText)
}

impl Load for KeyFile {
    fn load(&mut self) -> BoxFuture<'_, Result<Loaded, KeysError>> {
        Box::pin(async move {
            let mut file = self.clone();
            let read = tokio::task::spawn_blocking(move || {
                let found = file.read_if_changed();
                (file, found)
            });
            let (file, found) = read.await.map_err(|error| KeysError::Read(io::Error::other(error)))?;
            *self = file;
            found
        })
    }
}
