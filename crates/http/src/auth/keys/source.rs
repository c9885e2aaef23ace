//! The places that keys come from, and the one question that is asked of them.

use super::{
    Algorithm, KeySet, KeysError,
    file::{self, Format, KeyFile},
    jwks, pem,
    watch::{Known, Load, Loaded, Pace, Watched},
};
use campanile_core::BoxFuture;
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// The largest file or answer with keys. A provider's has a few KiB.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// Where public keys come from. It is read again while the process runs; one that cannot be read any more leaves the old keys in place
/// and says so in the log. Cheap to clone; clones are the same.
///
/// ```
/// use campanile_http::KeySource;
///
/// # fn example() -> Result<(), campanile_http::KeysError> {
/// let keys = KeySource::pem_file("/etc/my-application/public.pem")?;
/// println!("{:?}", keys.algorithms());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct KeySource {
    watched: Arc<Watched>,
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource").field("known", &self.known()).finish_non_exhaustive()
    }
}

impl KeySource {
    /// Public keys in a PEM file, without names: a token's `kid` does not matter for them. Looked at again every 5 s, from within a
    /// tokio runtime.
    ///
    /// # Errors
    ///
    /// [`KeysError`] if the file cannot be read now, or one of its keys cannot be used.
    pub fn pem_file(path: impl Into<PathBuf>) -> Result<Self, KeysError> {
        Self::file(KeyFile::new(path.into(), Format::Pem))
    }

    /// Public keys in a file with a key set (RFC 7517). Looked at again every 5 s, from within a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`KeysError`] if the file cannot be read now, or has no key that can be used.
    pub fn jwks_file(path: impl Into<PathBuf>) -> Result<Self, KeysError> {
        Self::file(KeyFile::new(path.into(), Format::Jwks))
    }

    /// Public keys in PEM that are here already, without names, as those of [`KeySource::pem_file`]. They never change.
    ///
    /// # Errors
    ///
    /// [`KeysError`] if there is none, or one of them cannot be used.
    pub fn pem(text: &str) -> Result<Self, KeysError> {
        pem::read(text).map(Self::fixed)
    }

    /// The public keys of a key set (RFC 7517) that is here already. They never change.
    ///
    /// # Errors
    ///
    /// [`KeysError`] if the text is none, or has no key that can be used.
    pub fn jwks(text: &str) -> Result<Self, KeysError> {
        let passed_over = |number, why| tracing::warn!(number, %why, "a key of the set is not used");
        jwks::read(text, passed_over).map(Self::fixed)
    }

    fn fixed(keys: KeySet) -> Self {
        let pace = Pace { regular: Duration::from_secs(24 * 60 * 60), ..file::PACE };
        Self::of(Watched::new("a text".into(), pace, Fixed, Some(keys)))
    }

    fn file(mut file: KeyFile) -> Result<Self, KeysError> {
        let first = match file.read_if_changed()? {
            Loaded::New(keys, _) => Some(keys),
            Loaded::Same => None,
        };
        let watched = Watched::new(file.place(), file::PACE, file, first);
        if tokio::runtime::Handle::try_current().is_ok() {
            watched.start();
        }
        Ok(Self::of(watched))
    }

    pub(super) fn of(watched: Watched) -> Self {
        Self { watched: Arc::new(watched) }
    }

    /// The algorithms there are keys for now; `None` if that is not known yet.
    #[must_use]
    pub fn algorithms(&self) -> Option<Vec<Algorithm>> {
        self.known().keys.map(|keys| keys.algorithms())
    }

    pub(super) fn known(&self) -> Known {
        self.watched.known()
    }

    /// The newest good keys.
    pub(crate) fn keys(&self) -> Option<Arc<KeySet>> {
        self.known().keys
    }

    /// Whether there may be keys that are not known here.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let known = self.known();
        known.failed || known.keys.is_none()
    }

    /// Looks again for a key that is not known, unless that was done a moment ago.
    pub(crate) async fn look_again(&self, algorithm: Algorithm, name: Option<&str>) {
        self.watched.look_again(algorithm, name).await;
    }

    /// Makes sure that it is read by the clock: what was built outside of a runtime begins with its first use.
    pub(crate) fn keep_reading(&self) {
        if self.known().keys.is_some() {
            self.watched.start();
        }
    }
}

/// What is not in a place that could change.
struct Fixed;

impl Load for Fixed {
    fn load(&mut self) -> BoxFuture<'_, Result<Loaded, KeysError>> {
        Box::pin(async { Ok(Loaded::Same) })
    }
}
