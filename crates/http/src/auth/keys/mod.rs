//! Keys that tokens are checked with: what they are, and the places they come from. A token chooses among the keys that are here by its
//! `kid`; it never brings one, never says where one is, and never says how it is to be used.

#[cfg(feature = "jwks-url")]
mod address;
mod algorithm;
mod error;
mod file;
#[cfg(any(feature = "jwks-url", feature = "fuzzing"))]
mod freshness;
#[cfg(feature = "fuzzing")]
mod fuzzing;
mod jwks;
mod key;
mod pem;
mod set;
mod source;
#[cfg(test)]
mod tests;
#[cfg(feature = "jwks-url")]
mod url;
mod watch;
#[cfg(test)]
mod watch_tests;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use error::KeysError;
pub use key::KeyFault;
pub use source::KeySource;
#[cfg(feature = "jwks-url")]
pub use url::{JwksUrl, JwksUrlError};

#[cfg(feature = "fuzzing")]
pub(crate) use fuzzing::{jwks as in_jwks, max_age, pem as in_pem};
pub(crate) use key::Key;
pub(crate) use set::KeySet;
