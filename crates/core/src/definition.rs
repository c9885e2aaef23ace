//! What is known of notification types: their names for people, their default severity, their channels.

use crate::{Severity, TypeName};
use std::{borrow::Cow, collections::HashMap};

/// What is done with a type that nobody defined.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum TypesPolicy {
    /// It is taken as a type with the in-app channel and severity `info`.
    #[default]
    Open,
    /// It is refused.
    Strict,
}

/// The channel that stores a notification in the inbox and its log, and so in the stream.
pub const IN_APP: &str = "inApp";
/// The channel that only shows a notification on open streams.
pub const SSE: &str = "sse";

/// One notification type.
///
/// ```
/// use campanile_core::{Definition, IN_APP};
///
/// let definition = Definition { channels: vec![IN_APP.into(), "mail".into()], ..Definition::default() };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The type's name for people.
    pub display_name: Option<String>,
    /// The heading under which settings show it.
    pub group: Option<String>,
    /// The severity of notifications that name none.
    pub severity: Severity,
    /// The channels it goes to: `inApp`, `sse`, or a registered one.
    pub channels: Vec<String>,
}

impl Default for Definition {
    /// `info`, in the inbox.
    fn default() -> Self {
        Self { display_name: None, group: None, severity: Severity::Info, channels: vec![IN_APP.into()] }
    }
}

/// All types that are known, and what is done with the others.
///
/// ```
/// use campanile_core::{Definition, Definitions, TypeName, TypesPolicy};
///
/// let known = [(TypeName::new("invoices.approved")?, Definition::default())].into();
/// let definitions = Definitions { policy: TypesPolicy::Strict, types: known };
/// assert!(definitions.find(&TypeName::new("invoices.rejected")?).is_none());
/// # Ok::<(), campanile_core::TypeNameError>(())
/// ```
#[derive(Clone, Default, Debug)]
pub struct Definitions {
    /// What is done with unknown ones.
    pub policy: TypesPolicy,
    /// The known ones by name.
    pub types: HashMap<TypeName, Definition>,
}

impl Definitions {
    /// What is known of a type; `None` if it must be refused.
    #[must_use]
    pub fn find(&self, name: &TypeName) -> Option<Cow<'_, Definition>> {
        self.find_or(name, None)
    }

    /// The same where the publish brings a definition along, which counts if there is none here.
    pub(crate) fn find_or<'a>(&'a self, name: &TypeName, own: Option<&'a Definition>) -> Option<Cow<'a, Definition>> {
        match (self.types.get(name).or(own), self.policy) {
            (Some(known), _) => Some(Cow::Borrowed(known)),
            (None, TypesPolicy::Open) => Some(Cow::Owned(Definition::default())),
            (None, TypesPolicy::Strict) => None,
        }
    }
}
