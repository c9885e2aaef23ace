//! Whom a publish is meant for.

use super::UserId;

/// The users a notification or a signal is meant for: each once, the excepted ones left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Audience {
    /// The users, in the order they were named.
    pub users: Vec<UserId>,
}
