//! The name of an event: what stands on its `event:` line.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use crate::text::Text;
use crate::unicode::{Forbidden, first_forbidden};

/// The name of an event, known to be harmless on the wire and visible where it is shown.
///
/// Not empty; no CR, LF or NUL, no other control character, no invisible format character (Unicode `Cf`), no U+2028 or U+2029.
/// Such a name cannot end its line, so it cannot inject fields. Cloning is cheap.
///
/// The names `open`, `error` and `message` are legal on the wire; see [`is_dom_reserved`](Self::is_dom_reserved) for why
/// an application should refuse them.
///
/// ```
/// use campanile_sse::{EventName, EventNameError, Forbidden};
///
/// const READY: EventName = EventName::from_static("ready");
/// assert_eq!(EventName::parse("ready"), Ok(READY));
///
/// let error = EventName::parse("a\nid: 9").unwrap_err();
/// assert_eq!(error, EventNameError::Forbidden { at: 1, why: Forbidden::LineFeed });
/// assert_eq!(error.to_string(), "an event name must not hold a line feed (at byte 1)");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventName(Text);

/// Why a text is not an [`EventName`].
///
/// ```
/// use campanile_sse::{EventName, EventNameError, Forbidden};
///
/// assert_eq!(EventName::parse(""), Err(EventNameError::Empty));
/// assert_eq!(EventName::parse("a\0"), Err(EventNameError::Forbidden { at: 1, why: Forbidden::Nul }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EventNameError {
    /// A receiver takes an empty name for the default, `message`.
    #[error("an event name must not be empty")]
    Empty,
    /// The text holds a character that no name may hold.
    #[error("an event name must not hold {} (at byte {at})", why.describe())]
    Forbidden {
        /// Where: the byte offset at which the character begins.
        at: usize,
        /// What it is.
        why: Forbidden,
    },
}

impl EventName {
    /// Takes `name` if it is fit for the wire. Allocates once.
    ///
    /// ```
    /// # use campanile_sse::EventName;
    /// assert_eq!(EventName::parse("order.shipped")?.as_str(), "order.shipped");
    /// assert!(EventName::parse("x\ndata: smuggled").is_err());
    /// # Ok::<(), campanile_sse::EventNameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Says what is wrong and at which byte; see [`EventNameError`].
    pub fn parse(name: &str) -> Result<Self, EventNameError> {
        check(name).map(|()| Self(Text::Shared(name.into())))
    }

    /// A name known when the program is written. In a `const`, a bad one stops the compilation.
    ///
    /// ```
    /// # use campanile_sse::EventName;
    /// const TICK: EventName = EventName::from_static("tick");
    /// ```
    ///
    /// # Panics
    ///
    /// If the name is not fit for the wire. Use [`parse`](Self::parse) for anything that comes from outside.
    #[must_use]
    #[expect(clippy::panic, reason = "for literals: a bad one is a mistake in the source, found when it is compiled")]
    pub const fn from_static(name: &'static str) -> Self {
        match check(name) {
            Ok(()) => Self(Text::Static(name)),
            Err(_) => panic!("not fit to be an event name"),
        }
    }

    /// The name as text.
    ///
    /// ```
    /// # use campanile_sse::EventName;
    /// assert_eq!(EventName::from_static("tick").as_str(), "tick");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether a page would mistake the event for something else: `open` and `error` arrive at `onopen` and `onerror`, and
    /// `message` is what an event without a name is called.
    ///
    /// The wire allows these names, so they can be made; an application that takes names from others should refuse them.
    ///
    /// ```
    /// # use campanile_sse::EventName;
    /// let asked_for = EventName::parse("error")?;
    /// assert!(asked_for.is_dom_reserved(), "it would arrive at `onerror`");
    /// # Ok::<(), campanile_sse::EventNameError>(())
    /// ```
    #[must_use]
    pub fn is_dom_reserved(&self) -> bool {
        matches!(self.as_str(), "open" | "error" | "message")
    }
}

const fn check(name: &str) -> Result<(), EventNameError> {
    if name.is_empty() {
        return Err(EventNameError::Empty);
    }
    match first_forbidden(name) {
        Some((at, why)) => Err(EventNameError::Forbidden { at, why }),
        None => Ok(()),
    }
}

impl FromStr for EventName {
    type Err = EventNameError;

    fn from_str(name: &str) -> Result<Self, EventNameError> {
        Self::parse(name)
    }
}

impl TryFrom<&str> for EventName {
    type Error = EventNameError;

    fn try_from(name: &str) -> Result<Self, EventNameError> {
        Self::parse(name)
    }
}

impl TryFrom<String> for EventName {
    type Error = EventNameError;

    fn try_from(name: String) -> Result<Self, EventNameError> {
        check(&name).map(|()| Self(Text::Shared(name.into())))
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventName").field(&self.as_str()).finish()
    }
}

impl AsRef<str> for EventName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for EventName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> EventNameError {
        EventName::parse(name).unwrap_err()
    }

    #[test]
    fn an_error_names_the_byte_and_the_reason() {
        let forbidden = |at, why| EventNameError::Forbidden { at, why };
        assert_eq!(refused(""), EventNameError::Empty);
        assert_eq!(refused("a\nid: 9"), forbidden(1, Forbidden::LineFeed));
        assert_eq!(refused("ä\rdata: x"), forbidden(2, Forbidden::CarriageReturn));
        assert_eq!(refused("a\0b"), forbidden(1, Forbidden::Nul));
        assert_eq!(refused("\t"), forbidden(0, Forbidden::Control));
        assert_eq!(refused("del\u{7f}"), forbidden(3, Forbidden::Control));
        assert_eq!(refused("€\u{85}"), forbidden(3, Forbidden::Control));
        assert_eq!(refused("a\u{202e}b"), forbidden(1, Forbidden::Format));
        assert_eq!(refused("😀\u{feff}"), forbidden(4, Forbidden::Format));
        assert_eq!(refused("a\u{e0041}"), forbidden(1, Forbidden::Format));
        assert_eq!(refused("a\u{2028}"), forbidden(1, Forbidden::Separator));
    }

    #[test]
    fn ordinary_names_in_any_script_are_taken() {
        for name in ["a", "order.shipped", "__heartbeat__", "id: 9", " padded ", "größe", "通知", "😀", "a:b", "\u{a0}"]
        {
            assert_eq!(EventName::parse(name).unwrap().as_str(), name);
            assert_eq!(EventName::try_from(name.to_owned()).unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_the_dom_uses_itself_is_known() {
        for name in ["open", "error", "message"] {
            assert!(EventName::parse(name).unwrap().is_dom_reserved());
        }
        for name in ["Open", "errors", "messages", "__heartbeat__"] {
            assert!(!EventName::parse(name).unwrap().is_dom_reserved());
        }
    }

    #[test]
    fn a_literal_equals_and_hashes_as_the_parsed_name() {
        const READY: EventName = EventName::from_static("ready");
        let names = std::collections::HashSet::from([READY]);
        assert!(names.contains(&EventName::parse("ready").unwrap()));
        assert!(names.contains("ready"));
    }
}
