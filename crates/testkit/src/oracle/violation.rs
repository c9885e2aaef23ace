//! What can be wrong.

use std::fmt;

/// The first thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which client, in the order they were given.
    pub client: usize,
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
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {} of user {}", self.client, self.user)?;
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
        }
    }
}

impl std::error::Error for Violation {}
