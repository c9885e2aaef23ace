//! Signals: live only, not stored, without an id.

use super::{Audience, Fault, Json, draft::AudienceDraft, draft::DraftLimits, notification::is_visible};
use campanile_sse::EventName;

/// The name of a signal's event: 1–64 visible characters, none of the stream's own names.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SignalName(EventName);

/// The longest signal name, in characters.
const MAX_SIGNAL_CHARS: usize = 64;

impl SignalName {
    /// Names that mean something else on the stream, or to a browser's `EventSource` (`open`, `error`, `message`).
    pub(crate) const RESERVED: [&str; 11] = [
        "ready",
        "notification",
        "updated",
        "counts",
        "gap",
        "reconnect",
        "expiring",
        "__heartbeat__",
        "open",
        "error",
        "message",
    ];

    /// Takes a name for a signal's event.
    ///
    /// # Errors
    ///
    /// A sentence that says which rule is broken.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if !(1..=MAX_SIGNAL_CHARS).contains(&text.chars().count()) {
            return Err("must have 1 to 64 characters");
        }
        if !is_visible(text) {
            return Err("must be visible characters without spaces");
        }
        if Self::RESERVED.contains(&text) {
            return Err("is a name that the stream itself uses");
        }
        EventName::parse(text).map(Self).map_err(|_| "must be visible characters without spaces")
    }

    /// The name as an event's.
    #[must_use]
    pub fn as_event_name(&self) -> &EventName {
        &self.0
    }
}

/// A signal as it was asked for.
///
/// ```
/// use campanile_core::{AudienceDraft, Json, SignalDraft};
///
/// let typing = SignalDraft {
///     to: AudienceDraft::Topic { topic: "room-7".into(), except: vec!["u1".into()] },
///     event: "chat.typing".into(),
///     data: Some(Json::parse(r#"{"by":"u1"}"#)?),
///     key: Some("u1".into()),
/// };
/// # Ok::<(), campanile_core::JsonError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SignalDraft {
    /// Whom it is for.
    pub to: AudienceDraft,
    /// The event's name.
    pub event: String,
    /// The event's data; absent is `null`.
    pub data: Option<Json>,
    /// With a key, a slow reader gets only the newest of each key.
    pub key: Option<String>,
}

/// A valid signal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signal {
    /// The event's name.
    pub event: SignalName,
    /// The event's data.
    pub data: Json,
    /// The key under which a newer one replaces an unsent older one; 1–256 bytes.
    pub key: Option<Box<str>>,
}

/// The longest key, in bytes.
const MAX_KEY_BYTES: usize = 256;

impl SignalDraft {
    /// Checks everything and reports every fault.
    ///
    /// # Errors
    ///
    /// All faults, each with the JSON pointer of what is wrong.
    pub fn parse(&self, limits: &DraftLimits) -> Result<(Signal, Audience), Vec<Fault>> {
        let mut faults = Vec::new();
        let audience = self.to.parse(limits, &mut faults);
        let event = SignalName::new(&self.event).map_err(|why| faults.push(Fault::new("/event", why))).ok();
        if self.key.as_ref().is_some_and(|key| !(1..=MAX_KEY_BYTES).contains(&key.len())) {
            faults.push(Fault::new("/key", "must have 1 to 256 bytes"));
        }
        match (event, faults.is_empty()) {
            (Some(event), true) => {
                let key = self.key.as_deref().map(Into::into);
                Ok((Signal { event, data: self.data.clone().unwrap_or_else(Json::null), key }, audience))
            }
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_own_names_and_invisible_ones_are_no_signals() {
        for bad in SignalName::RESERVED.into_iter().chain(["", "a b", "a\nb", "a\0", "\u{2028}"]) {
            assert!(SignalName::new(bad).is_err(), "{bad:?}");
        }
        assert!(SignalName::new(&"x".repeat(65)).is_err());
        for good in ["order.status", "Ready", "é", &"x".repeat(64)] {
            assert!(SignalName::new(good).is_ok(), "{good:?}");
        }
    }
}
