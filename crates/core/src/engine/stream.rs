//! Opening a stream: register in the hub, then behave as if a hole were known.

use super::Engine;
use crate::{
    ConnectionId, OpenError, OpenRequest, Seq, Session,
    hub::{About, Lease, Opening},
    metrics::count,
    store::Head,
};
use std::time::Duration;

/// A page that reloads closes its stream and opens the next one in the same moment, and the two may be noticed in either order: so whoever
/// finds no place looks again a few times, an eighth of a second in all, before it is refused. In milliseconds.
const MOMENTS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];

impl Engine {
    /// Opens a stream. Its place is taken before the log is read, so that nothing falls between the two.
    ///
    /// Cancel safe: dropping the future gives the place back.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says which limit is reached, or that the store cannot be read.
    pub async fn open(&self, request: OpenRequest) -> Result<Session, OpenError> {
        let opened = self.try_open(request).await;
        let outcome = match &opened {
            Ok(session) => session.resume().as_str(),
            Err(OpenError::UserLimit) => "user-limit",
            Err(OpenError::NodeLimit) => "node-limit",
            Err(OpenError::Draining) => "draining",
            Err(OpenError::Revoked) => "revoked",
            Err(OpenError::Store(_)) => "store",
        };
        count(&self.metrics().connects, "outcome", outcome, 1);
        opened
    }

    async fn try_open(&self, request: OpenRequest) -> Result<Session, OpenError> {
        let who = request.identity.recipient.clone();
        let lease = self.place(&request).await?;
        let head = self.head(&who).await?;
        let now = self.inner.clock.now();
        Ok(Session::new(Opening { lease, request, head, floor: self.floor(&head), now }))
    }

    /// Takes a place in the hub; where there is none, again a moment later.
    pub(super) async fn place(&self, request: &OpenRequest) -> Result<Lease, OpenError> {
        for millis in MOMENTS {
            match self.inner.hub.join(self.about(request)) {
                Err(OpenError::UserLimit | OpenError::NodeLimit) => {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                }
                joined => return joined,
            }
        }
        self.inner.hub.join(self.about(request))
    }

    fn about(&self, request: &OpenRequest) -> About {
        let OpenRequest { identity, transport, .. } = request;
        let since = self.inner.clock.now();
        About { id: ConnectionId::generate(), identity: identity.clone(), transport: *transport, since }
    }

    /// Whether a stream could be opened now: the same checks as [`Engine::open`], without taking a place.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub async fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        let who = &request.identity.recipient;
        self.inner.hub.check(who)?;
        self.inner.store.heads(vec![who.clone()]).await?;
        Ok(())
    }

    /// The oldest position that a log can continue: an entry counts as kept while it is among the newest ones, even if no sweep has
    /// come by yet.
    pub(super) fn floor(&self, head: &Head) -> Seq {
        head.floor.max(Seq(head.seq.0.saturating_sub(self.inner.retention.log_entries)))
    }
}
