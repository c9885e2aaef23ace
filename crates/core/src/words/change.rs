//! Changes of an inbox: what the log is made of.

use super::{Notification, NotificationId, Recipient, Seq, Timestamp};
use std::sync::Arc;

/// One entry of a user's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// What changed.
    pub change: Change,
}

/// What one entry of the log says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A notification arrived.
    Arrived(Arc<Notification>),
    /// A notification arrived here once and is gone since (deleted, withdrawn, expired): its text is nowhere any more.
    Gone(NotificationId),
    /// The state of these notifications changed.
    Updated {
        /// Those that really changed, at least one.
        ids: Vec<NotificationId>,
        /// What is true of them now.
        state: StateChange,
    },
    /// Everything up to a place in the log was read or seen.
    UpTo {
        /// The last place covered.
        up_to: Seq,
        /// What is true of it now.
        state: UpToState,
    },
}

/// New values of a notification's state; what is absent stays as it is.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct StateChange {
    /// Read, or unread again. Read implies seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// Seen, as a badge counts it; only `true` means something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<bool>,
    /// Archived, or taken back into the inbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Gone for good; only `true` means something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<bool>,
}

impl StateChange {
    /// The change that removes.
    pub const REMOVED: Self = Self { removed: Some(true), ..Self::NOTHING };
    /// The change that marks as seen.
    pub const SEEN: Self = Self { seen: Some(true), ..Self::NOTHING };

    const NOTHING: Self = Self { read: None, seen: None, archived: None, removed: None };

    /// The change that marks as read, or as unread.
    #[must_use]
    pub const fn read(read: bool) -> Self {
        Self { read: Some(read), ..Self::NOTHING }
    }

    /// The change that archives, or takes back.
    #[must_use]
    pub const fn archived(archived: bool) -> Self {
        Self { archived: Some(archived), ..Self::NOTHING }
    }

    /// The values that say something: beside a removal nothing else does, and nothing is unseen or comes back.
    #[must_use]
    pub fn meaningful(self) -> Self {
        if self.removes() {
            Self::REMOVED
        } else {
            Self { removed: None, seen: self.seen.filter(|seen| *seen), ..self }
        }
    }

    /// Whether this change removes.
    #[must_use]
    pub fn removes(self) -> bool {
        self.removed == Some(true)
    }
}

/// What a mark over a range says of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpToState {
    /// All of it was read (archived ones are skipped).
    Read,
    /// All of it was seen.
    Seen,
}

impl UpToState {
    /// What that says of each one.
    #[must_use]
    pub fn change(self) -> StateChange {
        match self {
            Self::Read => StateChange::read(true),
            Self::Seen => StateChange::SEEN,
        }
    }
}

/// What a user asks to be changed in the own inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Whose inbox.
    pub recipient: Recipient,
    /// What to mark, and as what.
    pub target: MarkTarget,
    /// When it was asked.
    pub at: Timestamp,
}

/// What to mark, and as what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MarkTarget {
    /// These notifications. One entry of the log for all that change.
    Notifications {
        /// Up to 100 ids; unknown ones are reported and change nothing.
        ids: Vec<NotificationId>,
        /// The new state.
        state: StateChange,
    },
    /// Everything up to a place in the log; above the head, and `None`, mean the head at the time of the change.
    UpTo {
        /// The last place to cover.
        up_to: Option<Seq>,
        /// The new state.
        state: UpToState,
    },
}

/// What a user's badge shows.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Counts {
    /// Not read and not archived.
    pub unread: u64,
    /// Newer than the last time the user looked, not read and not archived.
    pub unseen: u64,
}
