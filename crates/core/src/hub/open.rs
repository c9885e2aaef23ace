//! What a client asks for, and where its stream begins.

use super::{Lease, ResetReason, Resume};
use crate::{
    Cursor, Recipient, Seq, Tenant, Timestamp, UserId,
    store::{Head, StoreError},
};
use bytes::Bytes;

/// Whose stream it is, and until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The user.
    pub recipient: Recipient,
    /// When the credentials end; the stream ends then.
    pub expires_at: Option<Timestamp>,
    /// When the credentials were issued; those without it fall to any revocation.
    pub issued_at: Option<Timestamp>,
}

impl Identity {
    /// A user of the tenant `default`, for as long as the application says so. The fields tell more: where the user belongs, when the
    /// session ends.
    ///
    /// ```
    /// use campanile_core::{Identity, Timestamp, UserId};
    ///
    /// let session = Identity { expires_at: Some(Timestamp::from_seconds(1_900_000_000)), ..Identity::of(UserId::new("u1")?) };
    /// # Ok::<(), campanile_core::WhoError>(())
    /// ```
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self::in_tenant(Tenant::default(), user)
    }

    /// A user of a tenant.
    #[must_use]
    pub fn in_tenant(tenant: Tenant, user: UserId) -> Self {
        Self { recipient: Recipient::new(tenant, user), expires_at: None, issued_at: None }
    }

    /// Whether a revocation of everything issued before a moment takes these credentials.
    #[must_use]
    pub fn is_revoked_by(&self, issued_before: Timestamp) -> bool {
        self.issued_at.is_none_or(|issued| issued < issued_before)
    }
}

/// What carries a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// HTTP/1.1 (or 1.0).
    Http1,
    /// HTTP/2.
    Http2,
    /// A long poll of the log.
    LongPoll,
}

impl Transport {
    /// The word for logs and for the list of connections.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "http/2",
            Self::LongPoll => "long-poll",
        }
    }
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// Who asks.
    pub identity: Identity,
    /// The position as the client sent it: anything. `None` if none was given.
    pub position: Option<Bytes>,
    /// What carries the stream.
    pub transport: Transport,
}

/// Why a stream is not opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// The user has as many streams as a user may have.
    #[error("too many concurrent streams of this user")]
    UserLimit,
    /// The node has as many streams as it may have.
    #[error("too many concurrent streams on this node")]
    NodeLimit,
    /// The node shuts down.
    #[error("the node is draining")]
    Draining,
    /// The credentials were revoked.
    #[error("the credentials were revoked")]
    Revoked,
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything a session begins with.
pub(crate) struct Opening {
    pub(crate) lease: Lease,
    pub(crate) request: OpenRequest,
    pub(crate) head: Head,
    /// The oldest position that can be continued.
    pub(crate) floor: Seq,
    pub(crate) now: Timestamp,
}

/// Where a stream begins. `floor` is the oldest position that the log can continue.
pub(crate) fn resume(position: Option<&[u8]>, head: &Head, floor: Seq, replay_limit: u64) -> (Resume, Seq) {
    let Some(position) = position else { return (Resume::Fresh, head.seq) };
    let reason = match Cursor::parse(position) {
        Some(Cursor { epoch, seq }) if epoch == head.epoch && seq <= head.seq => {
            if seq < floor {
                ResetReason::Expired
            } else if head.seq.0 - seq.0 > replay_limit {
                ResetReason::TooFar
            } else {
                return (Resume::Exact, seq);
            }
        }
        _ => ResetReason::Unknown,
    };
    (Resume::Reset(reason), head.seq)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Counts, Epoch};

    #[test]
    fn a_position_is_resumed_exactly_or_says_why_not() {
        let head = Head { epoch: Epoch(7), seq: Seq(100), floor: Seq(10), counts: Counts::default() };
        let at = |epoch, seq| Cursor { epoch: Epoch(epoch), seq: Seq(seq) }.to_string();
        let resume = |position: &str| resume(Some(position.as_bytes()), &head, Seq(10), 50);
        let reset = |reason| (Resume::Reset(reason), Seq(100));
        assert_eq!(super::resume(None, &head, Seq(10), 50), (Resume::Fresh, Seq(100)));
        assert_eq!(resume(&at(7, 100)), (Resume::Exact, Seq(100)));
        assert_eq!(resume(&at(7, 50)), (Resume::Exact, Seq(50)));
        assert_eq!(resume(&at(7, 49)), reset(ResetReason::TooFar));
        assert_eq!(resume(&at(7, 9)), reset(ResetReason::Expired));
        assert_eq!(resume(&at(7, 101)), reset(ResetReason::Unknown));
        assert_eq!(resume(&at(8, 50)), reset(ResetReason::Unknown));
        assert_eq!(resume("-1"), reset(ResetReason::Unknown));
    }
}
