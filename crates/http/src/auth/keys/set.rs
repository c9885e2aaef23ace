//! Keys from one place, in a fixed list. A token's `kid` is compared with their names, and used for nothing else.

use super::{Algorithm, Key};

/// How many keys one place may hold. A provider has a handful.
pub(super) const MAX_KEYS: usize = 100;
/// How many keys a token without a name for its own is tried with: each try costs.
const MAX_TRIES: usize = 4;

/// Keys as they were read.
#[derive(Clone, Default, Debug)]
pub(crate) struct KeySet(Vec<Key>);

impl KeySet {
    pub(super) fn new(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// The key of this name, for this algorithm. Keys of different kinds may share a name (RFC 7517, 4.5).
    pub(crate) fn named(&self, algorithm: Algorithm, name: &str) -> Option<&Key> {
        self.of(algorithm).find(|key| key.name() == Some(name))
    }

    /// The keys to try for a token that names none of ours: those without a name, and for a token without one all, up to a few.
    pub(crate) fn to_try(&self, algorithm: Algorithm, name: Option<&str>) -> impl Iterator<Item = &Key> {
        self.of(algorithm).filter(move |key| name.is_none() || key.name().is_none()).take(MAX_TRIES)
    }

    /// Whether a token of this algorithm and name was expected.
    pub(super) fn expects(&self, algorithm: Algorithm, name: Option<&str>) -> bool {
        match name {
            Some(name) => self.named(algorithm, name).is_some(),
            None => self.of(algorithm).next().is_some(),
        }
    }

    /// The algorithms there are keys for.
    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        Algorithm::ALL.into_iter().filter(|algorithm| self.of(*algorithm).next().is_some()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    #[cfg(feature = "fuzzing")]
    pub(super) fn each(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    fn of(&self, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.algorithm() == algorithm)
    }
}
