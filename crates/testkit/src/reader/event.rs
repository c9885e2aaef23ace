//! What a stream says, as tests see it.

use campanile_sse::Dispatch;
use serde_json::Value;
use std::{io, time::Duration};

/// An event, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name; `message` if it had none.
    pub name: String,
    /// Its data.
    pub data: String,
    /// The value of its own `id:` line, if it had one.
    pub id: Option<String>,
    /// Everything from the end of the item before up to and including its blank line.
    pub raw: Vec<u8>,
}

impl Event {
    pub(super) fn new(event: Dispatch<'_>, raw: &[u8]) -> Self {
        let own = raw.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"id:"));
        let id = own.then(|| event.last_event_id.into_owned());
        Self { name: event.name.into_owned(), data: event.data.into_owned(), id, raw: raw.to_vec() }
    }

    /// Its data as JSON.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error} in the data of {self:?}"))
    }

    /// The seq of its id.
    ///
    /// # Panics
    ///
    /// If it has none.
    #[must_use]
    pub fn seq(&self) -> u64 {
        let id = self.id.as_deref().unwrap_or_else(|| panic!("no id: {self:?}"));
        seq_of(id)
    }
}

/// The seq of a cursor.
///
/// # Panics
///
/// If it is none.
fn seq_of(cursor: &str) -> u64 {
    let seq = cursor.rsplit_once('-').and_then(|(_, seq)| seq.parse().ok());
    seq.unwrap_or_else(|| panic!("no cursor: {cursor:?}"))
}

/// What `ready` said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Its data.
    pub json: Value,
    /// The position the stream continues after.
    pub cursor: String,
    /// `fresh`, `exact` or `reset`.
    pub resume: String,
    /// Why it is a reset.
    pub reset_reason: Option<String>,
}

impl Ready {
    pub(super) fn of(event: &Event) -> Self {
        let json = event.json();
        let text = |member: &str| json[member].as_str().map(str::to_owned);
        let must = |member: &str| text(member).unwrap_or_else(|| panic!("no {member}: {event:?}"));
        let (cursor, resume, reset_reason) = (must("cursor"), must("resume"), text("resetReason"));
        assert_eq!(event.id.as_ref(), Some(&cursor), "id and cursor of ready differ");
        Self { cursor, resume, reset_reason, json }
    }

    /// The seq of the cursor.
    #[must_use]
    pub fn seq(&self) -> u64 {
        seq_of(&self.cursor)
    }
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Cleanly: its last byte, then the end.
    Clean,
    /// By a reset, or in the middle of its framing.
    Broken(io::ErrorKind),
}

/// What comes next on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// An event.
    Event(Event),
    /// A `retry:` line.
    Retry(Duration),
    /// A comment.
    Comment(String),
    /// No more.
    End(End),
}
