//! Who may go on: with credentials that were not revoked, and not too often.

use crate::{
    Code, Http, Problem,
    auth::{ApiCaller, Caller},
    failure,
};
use campanile_core::{Identity, Recipient};
use http::request::Parts;
use std::time::Duration;

impl Http {
    /// The user behind a request.
    pub(crate) async fn user(&self, parts: &Parts) -> Result<Identity, Problem> {
        let identity = Caller::of(self, parts).await?.identity;
        self.refuse_revoked(&identity).await?;
        Ok(identity)
    }

    /// The user behind a request that changes something.
    pub(crate) async fn changing_user(&self, parts: &Parts) -> Result<Recipient, Problem> {
        let who = self.user(parts).await?.recipient;
        let detail = "Too many changes per minute.";
        self.changes().take(&who).map_err(|wait| too_often(Code::TooManyChanges, detail, wait))?;
        Ok(who)
    }

    /// The application behind a request, which needs a scope.
    pub(crate) async fn application(&self, parts: &Parts, scope: &'static str) -> Result<ApiCaller, Problem> {
        let caller = ApiCaller::of(self, parts, scope).await?;
        if let Some(identity) = caller.identity() {
            self.refuse_revoked(identity).await?;
        }
        Ok(caller)
    }

    /// 401 for credentials that were revoked.
    pub(crate) async fn refuse_revoked(&self, identity: &Identity) -> Result<(), Problem> {
        if self.engine().is_revoked(identity).await? { Err(failure::revoked()) } else { Ok(()) }
    }

    /// Counts a connection that is about to be opened; 429 beyond the allowance.
    pub(crate) fn connect(&self, who: &Recipient) -> Result<(), Problem> {
        self.connects().take(who).map_err(too_many_connects)
    }

    /// The connection did not come about. Only those that did count: whoever is refused for other reasons is told that reason.
    pub(crate) fn unconnect(&self, who: &Recipient) {
        self.connects().give_back(who);
    }

    /// Whether a connection could be opened.
    pub(crate) fn could_connect(&self, who: &Recipient) -> Result<(), Problem> {
        self.connects().check(who).map_err(too_many_connects)
    }
}

fn too_many_connects(wait: Duration) -> Problem {
    too_often(Code::TooManyConnects, "Too many connects per minute.", wait)
}

fn too_often(code: Code, detail: &'static str, wait: Duration) -> Problem {
    // Rounded up: whoever waits as told finds the door open.
    Problem::new(code, detail).retry_after(wait + Duration::from_secs(1) - Duration::from_nanos(1))
}
