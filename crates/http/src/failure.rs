//! From the engine's errors to problems: what the client should do decides the code; the reason goes to the log.

use crate::{Code, Problem, auth::invalid_credentials};
use campanile_core::{EngineError, OpenError, store::StoreError};
use std::time::Duration;

/// A store that is busy has room again within a commit or two.
const BUSY_SECONDS: std::ops::RangeInclusive<u64> = 1..=2;
/// What is away, full or draining needs longer; spread, so that not everybody comes back in the same second.
const AWAY_SECONDS: std::ops::RangeInclusive<u64> = 5..=30;

fn seconds(range: std::ops::RangeInclusive<u64>) -> Duration {
    Duration::from_secs(fastrand::u64(range))
}

/// 503 with a jittered `Retry-After`.
pub(crate) fn unavailable(code: Code, detail: &'static str) -> Problem {
    Problem::new(code, detail).retry_after(seconds(AWAY_SECONDS))
}

/// 503 while the server shuts down.
pub(crate) fn draining() -> Problem {
    unavailable(Code::Draining, "The server is shutting down.")
}

/// 401 for credentials that were good once.
pub(crate) fn revoked() -> Problem {
    invalid_credentials("The credentials were revoked.")
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => {
                Self::new(Code::StoreBusy, "More writes wait than the store takes.").retry_after(seconds(BUSY_SECONDS))
            }
            StoreError::Unavailable(reason) => {
                tracing::error!(%reason, "the store is unavailable");
                unavailable(Code::StoreUnavailable, "The store is unavailable.")
            }
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Invalid(faults) => Self::invalid(faults),
            EngineError::KeyReused => {
                Self::new(Code::IdempotencyKeyReused, "The idempotency key was used before, for another body.")
            }
            EngineError::InProgress => {
                Self::new(Code::IdempotencyInProgress, "A publish with the same idempotency key is under way.")
                    .retry_after(seconds(BUSY_SECONDS))
            }
            EngineError::Store(error) => error.into(),
        }
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UserLimit => Self::new(Code::TooManyConnections, "Too many concurrent SSE connections.")
                .retry_after(seconds(AWAY_SECONDS)),
            OpenError::NodeLimit => unavailable(Code::NodeFull, "This node has as many connections as it takes."),
            OpenError::Draining => draining(),
            OpenError::Revoked => revoked(),
            OpenError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use http::header::RETRY_AFTER;

    #[test]
    fn a_busy_store_is_told_from_one_that_is_away() {
        let away = StoreError::Unavailable("the disk is full".into());
        for (error, code, soonest, latest) in
            [(StoreError::Busy, "store-busy", 1, 2), (away, "store-unavailable", 5, 30)]
        {
            let problem = Problem::from(error);
            assert_eq!(problem.code().as_str(), code);
            let response = problem.into_response();
            let retry: u64 = response.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
            assert_eq!(response.status(), 503);
            assert!((soonest..=latest).contains(&retry), "{retry}");
        }
    }
}
