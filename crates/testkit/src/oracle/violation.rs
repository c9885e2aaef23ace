//! What can be wrong.

use std::fmt;

/// The first thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which client, in the order they were given; `None` if it is about all that the user was told.
    pub client: Option<usize>,
    /// Its user.
    pub user: String,
    /// Which of its connections; `None` if it is about all of them.
    pub connection: Option<usize>,
    /// The byte of the connection's body at which the event begins.
    pub offset: Option<usize>,
    /// What is wrong.
    pub kind: ViolationKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// The bytes are no stream that this server writes.
    Malformed(String),
    /// The first event is not `ready`, or does not say what it must.
    NotReady(String),
    /// A position that was given was not resumed from exactly.
    NotResumed {
        /// Where the client was.
        position: String,
        /// What `ready` answered.
        ready: String,
    },
    /// The client's own doing: it resumed from somewhere else than where it was.
    WrongPosition {
        /// Where the connection before it had ended.
        was: String,
        /// What it asked for.
        asked: Option<String>,
    },
    /// The client came too late to be judged: its first `ready` is not at seq 0.
    Late {
        /// Where it was.
        cursor: String,
    },
    /// An id of another epoch.
    ForeignEpoch {
        /// The id.
        id: String,
    },
    /// A seq at or below the last one.
    Repeated {
        /// The last one.
        last: u64,
        /// What came.
        seq: u64,
    },
    /// A seq was left out.
    Hole {
        /// What had to come.
        expected: u64,
        /// What came.
        seq: u64,
    },
    /// A seq came before its predecessor, which came later on the same connection.
    Swapped {
        /// What had to come.
        expected: u64,
        /// What came.
        seq: u64,
    },
    /// A notification without an id, or without a mark.
    Unmarked {
        /// Its data.
        data: String,
    },
    /// One notification at two places of the log.
    Twice {
        /// Its mark.
        mark: String,
        /// The place where it was before.
        first: u64,
        /// The place where it is again.
        second: u64,
    },
    /// One mark under two notification ids: it was stored twice.
    TwoIds {
        /// The mark.
        mark: String,
        /// Both ids.
        ids: [String; 2],
    },
    /// A notification that nobody sent to this user.
    Foreign {
        /// Its mark.
        mark: String,
    },
    /// An acknowledged notification never came.
    Missing {
        /// Its mark.
        mark: String,
    },
    /// One publisher's notifications came in another order than they were acknowledged.
    Reordered {
        /// Mark and seq of the one acknowledged first.
        first: (String, u64),
        /// Mark and seq of the one acknowledged after it.
        second: (String, u64),
    },
    /// Two clients were told different things of one place in the log.
    Differs {
        /// The place.
        seq: u64,
        /// What one was told.
        one: String,
        /// What the other was told.
        other: String,
    },
    /// An entry that changes nothing of what it names, or names what is not there.
    Idle {
        /// Its place.
        seq: u64,
        /// What it says.
        entry: String,
    },
    /// An entry that nobody asked for.
    Unasked {
        /// Its place.
        seq: u64,
        /// What it says.
        entry: String,
    },
    /// A mark that was acknowledged is not in the log where it must be.
    Lost {
        /// The mark.
        mark: String,
    },
    /// What was withdrawn, or is too old, is still there at the end.
    Stays {
        /// The notification.
        id: String,
    },
    /// The counts are not what the log folds to.
    WrongCounts {
        /// Where they should be true.
        version: u64,
        /// Unread and unseen, as they were told.
        told: (usize, usize),
        /// Unread and unseen, as they are.
        folded: (usize, usize),
    },
    /// Something was said of a place that the log does not reach.
    Beyond {
        /// The place.
        version: u64,
        /// Where the log ends.
        head: u64,
    },
    /// The inbox holds what was removed from it.
    Resurrected {
        /// Where the page should be true.
        version: u64,
        /// The notification.
        id: String,
    },
    /// The inbox does not hold what was not removed from it.
    Vanished {
        /// Where the page should be true.
        version: u64,
        /// The notification.
        id: String,
    },
    /// A notification's state in the inbox, or its place, is not what the log folds to.
    WrongItem {
        /// Where the page should be true.
        version: u64,
        /// What was told.
        told: String,
        /// What is.
        folded: String,
    },
    /// A page says that there are more when there are not, or the other way round.
    WrongPage {
        /// Where the page should be true.
        version: u64,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(client) = self.client {
            write!(f, "client {client} of ")?;
        }
        write!(f, "user {}", self.user)?;
        if let Some(connection) = self.connection {
            write!(f, ", connection {connection}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, ", byte {offset}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "malformed: {why}"),
            Self::NotReady(what) => write!(f, "begins with {what}"),
            Self::NotResumed { position, ready } => write!(f, "was at {position} and was answered {ready}"),
            Self::WrongPosition { was, asked } => write!(f, "the client was at {was} and asked for {asked:?}"),
            Self::Late { cursor } => write!(f, "began at {cursor}, not at seq 0"),
            Self::ForeignEpoch { id } => write!(f, "{id} is of another epoch"),
            Self::Repeated { last, seq } => write!(f, "seq {seq} again, after {last}"),
            Self::Hole { expected, seq } => write!(f, "seq {seq} where {expected} had to come, which is lost"),
            Self::Swapped { expected, seq } => write!(f, "seq {seq} before {expected}"),
            Self::Unmarked { data } => write!(f, "a notification without id or mark: {data}"),
            Self::Twice { mark, first, second } => write!(f, "{mark} at seq {second} again, after seq {first}"),
            Self::TwoIds { mark, ids: [a, b] } => write!(f, "{mark} is stored twice, as {a} and {b}"),
            Self::Foreign { mark } => write!(f, "{mark} was never sent to this user"),
            Self::Missing { mark } => write!(f, "{mark} was acknowledged and never came"),
            Self::Reordered { first, second } => {
                write!(f, "{} (seq {}) was acknowledged before {} (seq {})", first.0, first.1, second.0, second.1)
            }
            Self::Differs { seq, one, other } => write!(f, "seq {seq} is {one} to one client and {other} to another"),
            Self::Idle { seq, entry } => write!(f, "seq {seq} changes nothing of what it names: {entry}"),
            Self::Unasked { seq, entry } => write!(f, "seq {seq} is nothing that was asked for: {entry}"),
            Self::Lost { mark } => write!(f, "the log does not tell of {mark}"),
            Self::Stays { id } => write!(f, "{id} was withdrawn or is too old, and is still there"),
            Self::WrongCounts { version, told, folded } => {
                write!(f, "at seq {version} (unread, unseen) are {folded:?}, and were told as {told:?}")
            }
            Self::Beyond { version, head } => write!(f, "seq {version} is told of, and the log ends at {head}"),
            Self::Resurrected { version, id } => write!(f, "{id} is in the inbox at seq {version}, after its removal"),
            Self::Vanished { version, id } => write!(f, "{id} is not in the inbox at seq {version}"),
            Self::WrongItem { version, told, folded } => {
                write!(f, "the inbox at seq {version} has {folded}, and was told as {told}")
            }
            Self::WrongPage { version } => write!(f, "the page of the inbox at seq {version} has the wrong end"),
        }
    }
}

impl std::error::Error for Violation {}
