//! What the fuzz targets reach into.

use super::{Algorithm, KeySet, KeysError};
use std::time::Duration;

/// Algorithm and name of each key in a set.
pub(crate) fn jwks(text: &str) -> Result<Vec<(Algorithm, Option<String>)>, KeysError> {
    super::jwks::read(text, |_, _| ()).map(|keys| listed(&keys))
}

/// Algorithm and name of each key in PEM.
pub(crate) fn pem(text: &str) -> Result<Vec<(Algorithm, Option<String>)>, KeysError> {
    super::pem::read(text).map(|keys| listed(&keys))
}

/// For how long a provider's answer is good.
pub(crate) fn max_age(headers: &http::HeaderMap) -> Option<Duration> {
    super::freshness::max_age(headers)
}

fn listed(keys: &KeySet) -> Vec<(Algorithm, Option<String>)> {
    keys.each().map(|key| (key.algorithm(), key.name().map(str::to_owned))).collect()
}
