//! The private readers of what comes over the network, for the fuzz targets. No part of the API: it may change with any release.
#![allow(missing_docs, clippy::missing_errors_doc, reason = "for one reader, who looks at the code")]

pub use crate::routes::fuzzing::{
    batch, bulk, changes, inbox, item, name_cursor, names, only_member, publish, revocation, signal,
};

use crate::{
    Algorithm, KeysError, Problem,
    auth::{Authorization, read_authorization, read_cookie},
    body::{self, Media},
    hosts::{self, Hosts, LOCALHOST},
    origin::Origins,
};
use campanile_core::{Fault, Timestamp};
use http::{HeaderMap, Uri, Version, request::Parts};
use std::time::Duration;

/// Keys, each by algorithm and name.
pub type Keys = Vec<(Algorithm, Option<String>)>;

/// Whether the `Accept` of a request allows an event stream.
#[must_use]
pub fn allows_event_stream(headers: &HeaderMap) -> bool {
    crate::accept::allows_event_stream(headers)
}

/// Whether a body says that it is JSON: as lines, or as one text.
#[must_use]
pub fn is_lines(headers: &HeaderMap) -> Option<bool> {
    body::media(headers).map(|media| media == Media::JsonLines)
}

/// The pairs of a query, decoded.
#[must_use]
pub fn pairs(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = crate::query::pairs(Some(query));
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The host that a request names, if it names one of this machine's names for itself.
#[must_use]
pub fn local_host<'a>(version: Version, uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    hosts::host(version, uri, headers).filter(|host| Hosts::new(LOCALHOST).answers(host))
}

/// A cookie of this name.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    read_cookie(headers, name)
}

/// The bearer token; `Err` for an `Authorization` that is something else.
#[expect(clippy::result_unit_err, reason = "there is nothing more to say")]
pub fn bearer(headers: &HeaderMap) -> Result<Option<&[u8]>, ()> {
    match read_authorization(headers) {
        Authorization::Absent => Ok(None),
        Authorization::Bearer(token) => Ok(Some(token)),
        Authorization::Unusable => Err(()),
    }
}

/// The idempotency key in a head.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Vec<Fault>> {
    crate::idempotency::in_head(headers)
}

/// Whether cookies count for the page that asks, with these origins allowed; and whether it may read the answer. `None` if one of the
/// origins is none.
#[must_use]
pub fn cookies_count(origins: &[String], parts: &Parts) -> Option<(bool, bool)> {
    let origins = origins.iter().all(|origin| crate::is_origin(origin)).then(|| Origins::new(origins))?;
    Some((origins.check_ambient(parts).is_ok(), origins.allowed(&parts.headers).is_some()))
}

/// A moment as clients write it.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    crate::moment::parse(text)
}

/// The keys in a key set.
pub fn jwks(text: &str) -> Result<Keys, KeysError> {
    crate::auth::keys_in_jwks(text)
}

/// The keys in PEM.
pub fn pem(text: &str) -> Result<Keys, KeysError> {
    crate::auth::keys_in_pem(text)
}

/// For how long a provider's answer is good.
#[must_use]
pub fn max_age(headers: &HeaderMap) -> Option<Duration> {
    crate::auth::keys_max_age(headers)
}

/// A problem as it goes over the wire.
#[must_use]
pub fn problem(problem: &Problem) -> String {
    serde_json::to_string(problem).unwrap_or_default()
}
