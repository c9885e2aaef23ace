//! Open streams as an operator sees them.

use super::{Identity, Transport};
use crate::{ConnectionId, Cursor, Recipient, Timestamp};
use tokio::time::Instant;

/// What is known of a stream from its beginning on.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) id: ConnectionId,
    pub(crate) identity: Identity,
    pub(crate) transport: Transport,
    /// When it was opened, on the wall.
    pub(crate) since: Timestamp,
}

/// One open stream of this node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// Its id, as `ready` told it.
    pub id: ConnectionId,
    /// Whose it is.
    pub recipient: Recipient,
    /// When it was opened.
    pub since: Timestamp,
    /// When bytes were last handed out for it.
    pub last_write_at: Timestamp,
    /// The last position that was handed out; `None` while it is being opened.
    pub cursor: Option<Cursor>,
    /// How many entries of its log were not handed out yet.
    pub behind: u64,
    /// What carries it.
    pub transport: Transport,
}

/// Two clocks read at one moment: to tell when an instant was on the wall.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    pub(crate) wall: Timestamp,
}

impl Moment {
    pub(super) fn on_the_wall(self, instant: Instant) -> Timestamp {
        self.wall.minus(self.instant.saturating_duration_since(instant))
    }
}
