//! Who a notification is for: a user within a tenant.

use std::{fmt, sync::Arc};

/// The longest tenant or user id, in bytes.
const MAX_WHO_BYTES: usize = 256;

/// Why a string is no tenant or user id.
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

macro_rules! who {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a string of 1–256 bytes without control characters.
            ///
            /// # Errors
            ///
            /// [`WhoError`] says which of the rules is broken.
            pub fn new(text: impl AsRef<str>) -> Result<Self, WhoError> {
                let text = text.as_ref();
                check(text)?;
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
    UserId
);
who!(
    /// A tenant: users of different tenants never meet.
    Tenant
);

who!(
    /// A name under which users are gathered, to be published to together.
    Topic
);

impl Default for Tenant {
    /// The tenant of everybody where tenants are not configured: `default`.
    fn default() -> Self {
        Self("default".into())
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
}
