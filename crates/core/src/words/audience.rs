//! Whom a publish is meant for.

use super::{Topic, UserId};

/// Whom a notification or a signal is meant for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Audience {
    /// These users, in the order they were named: each once, the excepted ones left out already.
    Users(Vec<UserId>),
    /// The members of a topic at the moment of the publish, but these.
    Topic {
        /// The topic.
        topic: Topic,
        /// The users left out.
        except: Vec<UserId>,
    },
    /// All users with a log at the moment of the publish, but these.
    Everyone {
        /// The users left out.
        except: Vec<UserId>,
    },
}

impl Default for Audience {
    /// Nobody.
    fn default() -> Self {
        Self::Users(Vec::new())
    }
}

impl Audience {
    /// Leaves one more user out.
    pub(super) fn leave_out(&mut self, user: &UserId) {
        match self {
            Self::Users(users) => users.retain(|known| known != user),
            Self::Topic { except, .. } | Self::Everyone { except } => except.push(user.clone()),
        }
    }
}
