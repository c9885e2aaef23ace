//! A publish as it was asked for, and the way to a valid one. All faults are found at once.

use super::{Audience, Json, Link, NotificationParts, Severity, Topic, TypeName, UserId};
use crate::Definition;
use std::{borrow::Cow, collections::HashSet};

/// One thing that is wrong with a request, and where.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Fault {
    /// A JSON pointer (RFC 6901) into the request's body.
    pub pointer: String,
    /// What is wrong there, for a person; never echoes the input.
    #[cfg_attr(feature = "utoipa", schema(value_type = String))]
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault at a place.
    #[must_use]
    pub fn new(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// How much one publish may hold.
///
/// ```
/// use campanile_core::DraftLimits;
///
/// let limits = DraftLimits { users: 100, ..DraftLimits::default() };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DraftLimits {
    /// Users named in one call. Default 10,000.
    pub users: usize,
    /// Characters of a title. Default 200.
    pub title_chars: usize,
    /// Characters of a body. Default 4,000.
    pub body_chars: usize,
}

impl Default for DraftLimits {
    fn default() -> Self {
        Self { users: 10_000, title_chars: 200, body_chars: 4_000 }
    }
}

/// What a notification is about: an entity of the application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntityRef {
    /// The entity's type, such as `invoice`; 1–256 bytes without control characters.
    pub kind: Box<str>,
    /// The entity's id; 1–256 bytes without control characters.
    pub id: Box<str>,
}

/// Whom a publish is meant for, as it was asked.
///
/// ```
/// use campanile_core::AudienceDraft;
///
/// let mut members = AudienceDraft::Topic { topic: "invoices".into(), except: Vec::new() };
/// members.leave_out(["u9"]);
/// ```
#[derive(Clone, Debug)]
pub enum AudienceDraft {
    /// These users.
    Users {
        /// Their ids; named twice counts once.
        users: Vec<String>,
        /// But not these.
        except: Vec<String>,
    },
    /// The members of a topic.
    Topic {
        /// The topic's name.
        topic: String,
        /// But not these.
        except: Vec<String>,
    },
    /// All users with a log.
    Everyone {
        /// But not these.
        except: Vec<String>,
    },
}

impl Default for AudienceDraft {
    /// Nobody: a fault when parsed, because empty never means everybody.
    fn default() -> Self {
        Self::users::<String>([])
    }
}

impl AudienceDraft {
    /// These users.
    pub fn users<S: Into<String>>(users: impl IntoIterator<Item = S>) -> Self {
        Self::Users { users: users.into_iter().map(Into::into).collect(), except: Vec::new() }
    }

    /// But not these.
    pub fn leave_out<S: Into<String>>(&mut self, users: impl IntoIterator<Item = S>) {
        let (Self::Users { except, .. } | Self::Topic { except, .. } | Self::Everyone { except }) = self;
        except.extend(users.into_iter().map(Into::into));
    }

    pub(super) fn parse(&self, limits: &DraftLimits, faults: &mut Vec<Fault>) -> Audience {
        let (Self::Users { except, .. } | Self::Topic { except, .. } | Self::Everyone { except }) = self;
        let except = user_ids("/to/except", except, limits, faults);
        match self {
            Self::Users { users, .. } => {
                if users.is_empty() {
                    faults.push(Fault::new("/to/users", "must name at least one user"));
                }
                let mut left_out: HashSet<UserId> = except.collect();
                let users = user_ids("/to/users", users, limits, faults);
                Audience::Users(users.filter(|user| left_out.insert(user.clone())).collect())
            }
            Self::Topic { topic, .. } => keep(faults, "/to/topic", Topic::new(topic))
                .map_or_else(Audience::default, |topic| Audience::Topic { topic, except: except.collect() }),
            Self::Everyone { .. } => Audience::Everyone { except: except.collect() },
        }
    }
}

fn user_ids<'a>(
    pointer: &'static str,
    ids: &'a [String],
    limits: &DraftLimits,
    faults: &mut Vec<Fault>,
) -> impl Iterator<Item = UserId> + use<'a> {
    if ids.len() > limits.users {
        faults.push(Fault::new(pointer, format!("must name at most {} users", limits.users)));
        return Vec::new().into_iter();
    }
    let mut valid = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        match UserId::new(id) {
            Ok(user) => valid.push(user),
            Err(why) => faults.push(Fault::new(format!("{pointer}/{at}"), why.to_string())),
        }
    }
    valid.into_iter()
}

/// A notification as it was asked for: anything may be wrong with it.
///
/// ```
/// use campanile_core::{Audience, AudienceDraft, Draft, DraftLimits};
///
/// let draft = Draft { title: Some("Invoice approved".into()), ..Draft::new("invoices.approved", AudienceDraft::users(["u1"])) };
/// let parsed = draft.parse(&DraftLimits::default()).unwrap();
/// assert!(matches!(parsed.audience, Audience::Users(users) if users.len() == 1));
///
/// let faults = Draft::new("two words", AudienceDraft::users(["a\nb"])).parse(&DraftLimits::default()).unwrap_err();
/// assert_eq!(faults.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(), ["/type", "/to/users/0"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The type's name.
    pub type_name: String,
    /// Whom it is for.
    pub to: AudienceDraft,
    /// `info`, `success`, `warning`, `error` or `fatal`; absent: the type's own, else `info`.
    pub severity: Option<String>,
    /// One line for a list.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// An http(s) URL or a path with one leading `/`.
    pub link: Option<String>,
    /// Anything more, for programs.
    pub data: Option<Json>,
    /// Type and id of what it is about.
    pub related_entity: Option<(String, String)>,
    /// Who caused it: left out of the recipients.
    pub actor_id: Option<String>,
    /// Keeps the actor among the recipients.
    pub notify_actor: bool,
    /// What is to be known of the type where the engine's own definitions do not have it.
    pub definition: Option<Definition>,
}

/// A draft in which everything is valid. The severity is what was asked; the type's own comes later.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The notification's parts, with severity `info` where none was asked.
    pub parts: NotificationParts,
    /// Whether a severity was asked for.
    pub severity_given: bool,
    /// Whom it is for, without the actor (unless asked otherwise).
    pub audience: Audience,
}

impl Draft {
    /// A draft with nothing but what is required.
    #[must_use]
    pub fn new(type_name: impl Into<String>, to: AudienceDraft) -> Self {
        Self { type_name: type_name.into(), to, ..Self::default() }
    }

    /// Checks everything and reports every fault.
    ///
    /// # Errors
    ///
    /// All faults, each with the JSON pointer of what is wrong.
    pub fn parse(&self, limits: &DraftLimits) -> Result<Parsed, Vec<Fault>> {
        let mut faults = Vec::new();
        let type_name = keep(&mut faults, "/type", TypeName::new(&self.type_name));
        let mut audience = self.to.parse(limits, &mut faults);
        let severity = self.severity.as_deref().and_then(|s| keep(&mut faults, "/severity", s.parse::<Severity>()));
        let title = limited(&mut faults, "/title", self.title.as_deref(), limits.title_chars);
        let body = limited(&mut faults, "/body", self.body.as_deref(), limits.body_chars);
        let link = self.link.as_deref().and_then(|l| keep(&mut faults, "/link", Link::new(l)));
        let related_entity = self.related_entity.as_ref().and_then(|(kind, id)| entity(&mut faults, kind, id));
        let actor = self.actor_id.as_deref().and_then(|a| keep(&mut faults, "/actorId", UserId::new(a)));
        let (Some(type_name), true) = (type_name, faults.is_empty()) else { return Err(faults) };
        if let (Some(actor), false) = (&actor, self.notify_actor) {
            audience.leave_out(actor);
        }
        let data = self.data.clone();
        let parts = NotificationParts {
            type_name,
            severity: severity.unwrap_or_default(),
            title,
            body,
            link,
            data,
            related_entity,
            actor,
        };
        Ok(Parsed { parts, severity_given: severity.is_some(), audience })
    }
}

fn keep<T, E: std::fmt::Display>(faults: &mut Vec<Fault>, pointer: &str, parsed: Result<T, E>) -> Option<T> {
    parsed.map_err(|why| faults.push(Fault::new(pointer, why.to_string()))).ok()
}

fn limited(faults: &mut Vec<Fault>, pointer: &str, text: Option<&str>, chars: usize) -> Option<Box<str>> {
    let text = text?;
    if text.chars().count() > chars {
        faults.push(Fault::new(pointer, format!("must have at most {chars} characters")));
    }
    Some(text.into())
}

/// Entity references obey the same rule as user ids: they end up in the same places.
fn entity(faults: &mut Vec<Fault>, kind: &str, id: &str) -> Option<EntityRef> {
    let kind = keep(faults, "/relatedEntity/type", UserId::new(kind));
    let id = keep(faults, "/relatedEntity/id", UserId::new(id));
    Some(EntityRef { kind: kind?.as_str().into(), id: id?.as_str().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(draft: &Draft) -> Vec<String> {
        draft
            .parse(&DraftLimits::default())
            .map(|_| vec![])
            .unwrap_or_else(|f| f.into_iter().map(|f| f.pointer).collect())
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_place() {
        let draft = Draft {
            severity: Some("loud".into()),
            title: Some("x".repeat(201)),
            body: Some("x".repeat(4001)),
            link: Some("javascript:alert(1)".into()),
            related_entity: Some((String::new(), "a\0".into())),
            actor_id: Some(String::new()),
            ..Draft::default()
        };
        assert_eq!(
            pointers(&draft),
            [
                "/type",
                "/to/users",
                "/severity",
                "/title",
                "/body",
                "/link",
                "/relatedEntity/type",
                "/relatedEntity/id",
                "/actorId"
            ]
        );
    }

    #[test]
    fn recipients_are_named_once_without_the_excepted_and_the_actor() {
        let to = AudienceDraft::Users {
            users: ["a", "b", "a", "c", "d"].map(String::from).to_vec(),
            except: vec!["c".into(), "z".into()],
        };
        let mut draft = Draft { actor_id: Some("b".into()), ..Draft::new("t", to) };
        let users = |draft: &Draft| -> Vec<String> {
            match draft.parse(&DraftLimits::default()).unwrap().audience {
                Audience::Users(users) => users.iter().map(ToString::to_string).collect(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(users(&draft), ["a", "d"]);
        draft.notify_actor = true;
        assert_eq!(users(&draft), ["a", "b", "d"]);
    }

    #[test]
    fn too_many_users_are_one_fault() {
        let limits = DraftLimits { users: 2, ..DraftLimits::default() };
        let faults = Draft::new("t", AudienceDraft::users(["a", "b", "\n"])).parse(&limits).unwrap_err();
        assert_eq!(faults, [Fault::new("/to/users", "must name at most 2 users")]);
    }
}
