//! Why keys could not be had from where they should be. Whoever operates the server reads this.

use super::KeyFault;
use std::io;

/// Why there are no keys from a place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    /// There is more than any set of keys has.
    #[error("has more than {} KiB", super::source::MAX_BYTES / 1024)]
    TooLarge,
    /// It is no text.
    #[error("is not UTF-8")]
    NotText,
    /// There is no key in PEM.
    #[error("has no public key in PEM, which begins with -----BEGIN PUBLIC KEY-----")]
    NotPem,
    /// One of the keys in PEM cannot be used.
    #[error("key {number} {fault}")]
    Key {
        /// Which one, from 1.
        number: usize,
        /// Why not.
        #[source]
        fault: KeyFault,
    },
    /// It is no key set.
    #[error("is not a key set, which is JSON with an array `keys`")]
    NotJwks,
    /// The set is one, and no use here.
    #[error("has no key for RS256, ES256 or EdDSA signatures")]
    NoneUsable,
    /// There are more keys than anybody needs.
    #[error("has more than {} keys", super::set::MAX_KEYS)]
    TooMany,
    /// The request failed; the text says how far it came.
    #[error("cannot be fetched: {0}")]
    Fetch(String),
}
