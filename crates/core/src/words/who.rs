//! Who a notification is for: a user within a tenant, or those of a topic.

use campanile_sse::EventName;
use std::{
    fmt,
    sync::{Arc, LazyLock},
};

/// The longest tenant or user id, in bytes.
const MAX_WHO_BYTES: usize = 256;

/// Why a string is no tenant, user id or topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhoError {
    /// The string was empty.
    #[error("must not be empty")]
    Empty,
    /// The string had more than 256 bytes.
    #[error("must be at most 256 bytes")]
    TooLong,
    /// The string held a control character, at this byte offset.
    #[error("must not contain control characters (byte {0})")]
    Control(usize),
    /// The topic held a character that nobody sees, such as those that turn the direction of a text around.
    #[error("must not contain invisible characters")]
    Invisible,
    /// The topic held a `*`. There are no patterns of topics, and nobody shall believe that there were.
    #[error("must not contain \"*\": a topic is one name, and no pattern")]
    Pattern,
}

fn check(text: &str) -> Result<(), WhoError> {
    if text.is_empty() {
        return Err(WhoError::Empty);
    }
    if text.len() > MAX_WHO_BYTES {
        return Err(WhoError::TooLong);
    }
    match text.char_indices().find(|(_, c)| c.is_control()) {
        Some((at, _)) => Err(WhoError::Control(at)),
        None => Ok(()),
    }
}

/// A topic is looked at by people who compare names: two of them must not look the same for characters without a shape.
fn check_topic(text: &str) -> Result<(), WhoError> {
    check(text)?;
    let blank = |c: char| c.is_whitespace() && c != ' ';
    if EventName::parse(text).is_err() || text.chars().any(blank) {
        return Err(WhoError::Invisible);
    }
    if text.contains('*') { Err(WhoError::Pattern) } else { Ok(()) }
}

macro_rules! who {
    ($(#[$doc:meta])* $name:ident, $rules:literal, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            #[doc = concat!("Takes a string of ", $rules, ".")]
            ///
            /// # Errors
            ///
            /// [`WhoError`] says which of the rules is broken.
            pub fn new(text: impl AsRef<str>) -> Result<Self, WhoError> {
                let text = text.as_ref();
                $check(text)?;
                Ok(Self(text.into()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

who!(
    /// A user's id within a tenant, as the token names it.
    UserId, "1–256 bytes without control characters", check
);
who!(
    /// A tenant: users of different tenants never meet.
    Tenant, "1–256 bytes without control characters", check
);

who!(
    /// A name under which users are gathered, to be published to together.
    Topic, "1–256 bytes without control and invisible characters and without `*`", check_topic
);

impl Default for Tenant {
    /// The tenant of everybody where tenants are not configured: `default`.
    fn default() -> Self {
        static DEFAULT: LazyLock<Tenant> = LazyLock::new(|| Tenant("default".into()));
        DEFAULT.clone()
    }
}

/// One addressee: everything is keyed by (tenant, user).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Recipient {
    /// The tenant.
    pub tenant: Tenant,
    /// The user within the tenant.
    pub user: UserId,
}

impl Recipient {
    /// A user of a tenant.
    #[must_use]
    pub fn new(tenant: Tenant, user: UserId) -> Self {
        Self { tenant, user }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_the_contract_refuses() {
        assert_eq!(UserId::new(""), Err(WhoError::Empty));
        assert_eq!(UserId::new("a\nb"), Err(WhoError::Control(1)));
        assert_eq!(UserId::new("a\u{85}"), Err(WhoError::Control(1)));
        assert_eq!(UserId::new("x".repeat(257)), Err(WhoError::TooLong));
        assert_eq!(UserId::new("x".repeat(256)).map(|u| u.as_str().len()), Ok(256));
        assert!(UserId::new("Zoë 🔔").is_ok());
    }

    #[test]
    fn a_topic_is_one_name_that_can_be_seen() {
        for good in ["news", "orders/42", "release notes", "café 🔔", "..", "%2e", &"x".repeat(256)] {
            assert!(Topic::new(good).is_ok(), "{good:?}");
        }
        for bad in ["a\u{200b}", "\u{202e}swen", "\u{feff}a", "a\u{ad}b", "a\u{2028}b", "a\u{a0}b", "\u{2066}a\u{2069}"]
        {
            assert_eq!(Topic::new(bad), Err(WhoError::Invisible), "{bad:?}");
        }
        for bad in ["*", "orders/*", "**"] {
            assert_eq!(Topic::new(bad), Err(WhoError::Pattern), "{bad:?}");
        }
        assert_eq!(Topic::new("a\0"), Err(WhoError::Control(1)));
    }
}
