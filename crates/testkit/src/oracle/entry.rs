//! One entry of a user's log, as its event tells it.

use super::wire::WireEvent;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// New values of notifications' state, by their words on the wire.
pub type State = BTreeMap<String, bool>;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A notification arrived.
    Arrived(String),
    /// These changed. An arrival whose notification is gone is told as a removal, too.
    Updated { ids: BTreeSet<String>, state: State },
    /// Everything up to a place changed.
    UpTo { up_to: u64, state: State },
}

impl Entry {
    /// Reads the event of an entry, which has this data.
    ///
    /// # Errors
    ///
    /// What it is instead.
    pub(super) fn of(event: &WireEvent<'_>, data: &Value) -> Result<Self, String> {
        let read = match event.name {
            Some("notification") => text(&data["notificationId"]).map(Self::Arrived),
            Some("updated") => updated(data),
            _ => None,
        };
        read.ok_or_else(|| format!("no entry of a log: {event:?}"))
    }

    /// The ids of a removal.
    pub(super) fn removed(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Updated { ids, state } if state.contains_key("removed") => Some(ids),
            _ => None,
        }
    }

    /// The id, if this may be how an arrival is told whose notification is gone.
    pub(super) fn gone(&self) -> Option<&String> {
        self.removed().filter(|ids| ids.len() == 1).and_then(BTreeSet::first)
    }
}

fn updated(data: &Value) -> Option<Entry> {
    let members = data.as_object().filter(|members| members.len() == 2)?;
    let state = state(members.get("state")?)?;
    match (members.get("notificationIds"), members.get("upTo")) {
        (Some(ids), None) => {
            let list = ids.as_array()?;
            let ids: BTreeSet<_> = list.iter().map(text).collect::<Option<_>>()?;
            (!ids.is_empty() && ids.len() == list.len()).then_some(Entry::Updated { ids, state })
        }
        (None, Some(up_to)) => Some(Entry::UpTo { up_to: up_to.as_u64()?, state }),
        _ => None,
    }
}

fn state(value: &Value) -> Option<State> {
    let word = |(word, value): (&String, &Value)| {
        let known = ["read", "seen", "archived", "removed"].contains(&word.as_str());
        Some((word.clone(), value.as_bool()?)).filter(|_| known)
    };
    let state: State = value.as_object()?.iter().map(word).collect::<Option<_>>()?;
    (!state.is_empty()).then_some(state)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
