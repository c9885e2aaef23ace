//! Ids the server makes.

use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: a UUIDv7 (RFC 9562), ordered by time within this process.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The sixteen bytes, as an adapter stores them.
            #[must_use]
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// The id of these sixteen bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = UnknownId;

            /// Reads the hyphenated lower- or upper-case form; nothing else is an id of ours.
            fn from_str(text: &str) -> Result<Self, UnknownId> {
                if text.len() != uuid::fmt::Hyphenated::LENGTH {
                    return Err(UnknownId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| UnknownId)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    };
}

/// The text is no id of this server's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this server")]
pub struct UnknownId;

id!(
    /// A notification's id: the same for all of its recipients.
    NotificationId
);
id!(
    /// An open stream's id.
    ConnectionId
);
