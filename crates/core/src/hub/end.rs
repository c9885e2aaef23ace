//! How a stream begins and how it ends, in the wire's words.

/// Why a stream ends: the `reason` of its `reconnect`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndReason {
    /// The node shuts down.
    Draining,
    /// The node or the user has no place for it now.
    Busy,
    /// The stream was open as long as streams may be.
    Lifetime,
    /// The credentials have ended.
    Expired,
    /// The reader is so far back that the log no longer covers it.
    Behind,
    /// It was cut, or made room for a newer one.
    Evicted,
    /// The credentials were revoked, or the user was erased.
    Revoked,
}

impl EndReason {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::Busy => "busy",
            Self::Lifetime => "lifetime",
            Self::Expired => "expired",
            Self::Behind => "behind",
            Self::Evicted => "evicted",
            Self::Revoked => "revoked",
        }
    }

    /// Whether nothing may go on: what the reader has not taken yet is cut off. The others only ask a client to move on, and a slow reader
    /// may still take what it was sent.
    pub(super) fn is_abrupt(self) -> bool {
        !matches!(self, Self::Draining | Self::Lifetime | Self::Evicted)
    }
}

/// How a stream continues what its client had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resume {
    /// No position was given: live from now.
    Fresh,
    /// Everything after the position follows, in order, once.
    Exact,
    /// The position cannot be continued: live from now, the client reads the inbox again.
    Reset(ResetReason),
}

impl Resume {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Exact => "exact",
            Self::Reset(_) => "reset",
        }
    }

    /// Why it is a reset, if it is one.
    #[must_use]
    pub fn reset_reason(self) -> Option<ResetReason> {
        match self {
            Self::Reset(reason) => Some(reason),
            Self::Fresh | Self::Exact => None,
        }
    }
}

/// Why a position cannot be continued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResetReason {
    /// It is no position of this log.
    Unknown,
    /// The log no longer goes back so far.
    Expired,
    /// It is further behind than the replay limit.
    TooFar,
}

impl ResetReason {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::TooFar => "too-far",
        }
    }
}

macro_rules! words {
    ($($name:ty),*) => {
        $(impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        })*
    };
}

words!(EndReason, Resume, ResetReason, super::Transport);
