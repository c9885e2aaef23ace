//! A valid notification: its words checked, its body encoded once.

use super::{Json, Link, NotificationId, Severity, Tenant, Timestamp, UserId, draft::EntityRef};
use campanile_sse::EventName;
use std::{fmt, sync::Arc};

/// A notification type's name: 1–128 visible characters without spaces, such as `invoices.approved`.
///
/// ```
/// use campanile_core::TypeName;
///
/// assert!(TypeName::new("invoices.approved").is_ok());
/// assert!(TypeName::new("two words").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(transparent)]
pub struct TypeName(Arc<str>);

/// Why a text names no notification type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypeNameError {
    /// Empty, or more than 128 characters.
    #[error("must have 1 to 128 characters")]
    Length,
    /// A space, a control or an invisible formatting character.
    #[error("must be visible characters without spaces")]
    Invisible,
}

/// The longest type name, in characters.
const MAX_TYPE_CHARS: usize = 128;

impl TypeName {
    /// Takes 1–128 visible characters without spaces.
    ///
    /// # Errors
    ///
    /// [`TypeNameError`] says which rule is broken.
    pub fn new(text: &str) -> Result<Self, TypeNameError> {
        if !(1..=MAX_TYPE_CHARS).contains(&text.chars().count()) {
            return Err(TypeNameError::Length);
        }
        if !is_visible(text) {
            return Err(TypeNameError::Invisible);
        }
        Ok(Self(text.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text has neither white space nor what an event's name may not hold (controls, invisible formatting).
pub(super) fn is_visible(text: &str) -> bool {
    EventName::parse(text).is_ok() && !text.chars().any(char::is_whitespace)
}

/// A valid notification. Free of recipients: every recipient gets the same bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// Its id, the same for all recipients.
    pub id: NotificationId,
    /// The tenant it belongs to.
    pub tenant: Tenant,
    /// Its type.
    pub type_name: TypeName,
    /// How grave it is.
    pub severity: Severity,
    /// When it was published.
    pub occurred_at: Timestamp,
    /// The `data` of its `notification` event: one line of JSON, made once, stored and replayed as it is.
    pub body: Arc<str>,
}

/// What a notification is made of, all of it valid.
#[derive(Clone, Debug)]
pub struct NotificationParts {
    /// Its type.
    pub type_name: TypeName,
    /// How grave it is.
    pub severity: Severity,
    /// One line for a list.
    pub title: Option<Box<str>>,
    /// The text.
    pub body: Option<Box<str>>,
    /// Where it leads.
    pub link: Option<Link>,
    /// Anything more, for programs.
    pub data: Option<Json>,
    /// What it is about.
    pub related_entity: Option<EntityRef>,
    /// Who caused it.
    pub actor: Option<UserId>,
}

/// A notification's body as it goes over the wire, the same for every recipient; absent values are `null`.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = Notification))]
#[serde(rename_all = "camelCase")]
pub struct NotificationBody<'a> {
    notification_id: NotificationId,
    notification_type_name: &'a TypeName,
    severity: Severity,
    /// One line for a list.
    #[cfg_attr(feature = "utoipa", schema(required))]
    title: Option<&'a str>,
    /// The text.
    #[cfg_attr(feature = "utoipa", schema(required))]
    body: Option<&'a str>,
    #[cfg_attr(feature = "utoipa", schema(required))]
    link: Option<&'a Link>,
    /// Any JSON, token by token as it was published.
    #[cfg_attr(feature = "utoipa", schema(value_type = Value, required))]
    data: Option<&'a Json>,
    /// The type of what it is about.
    #[cfg_attr(feature = "utoipa", schema(required))]
    related_entity_type: Option<&'a str>,
    /// The id of what it is about.
    #[cfg_attr(feature = "utoipa", schema(required))]
    related_entity_id: Option<&'a str>,
    /// The user who caused it.
    #[cfg_attr(feature = "utoipa", schema(required))]
    actor_id: Option<&'a str>,
    /// When it was published.
    occurred_at: Timestamp,
}

impl Notification {
    /// Makes a notification and encodes its body.
    ///
    /// # Errors
    ///
    /// None in practice: every part is a value that JSON can hold. The serialiser's error is passed on all the same.
    pub fn new(
        id: NotificationId,
        tenant: Tenant,
        occurred_at: Timestamp,
        parts: &NotificationParts,
    ) -> Result<Self, serde_json::Error> {
        let wire = NotificationBody {
            notification_id: id,
            notification_type_name: &parts.type_name,
            severity: parts.severity,
            title: parts.title.as_deref(),
            body: parts.body.as_deref(),
            link: parts.link.as_ref(),
            data: parts.data.as_ref(),
            related_entity_type: parts.related_entity.as_ref().map(|e| &*e.kind),
            related_entity_id: parts.related_entity.as_ref().map(|e| &*e.id),
            actor_id: parts.actor.as_ref().map(UserId::as_str),
            occurred_at,
        };
        let body = serde_json::to_string(&wire)?.into();
        let (type_name, severity) = (parts.type_name.clone(), parts.severity);
        Ok(Self { id, tenant, type_name, severity, occurred_at, body })
    }

    /// Reads the body again: for channels that render it, such as e-mail.
    ///
    /// # Errors
    ///
    /// The parser's, if a store handed back a body that is not the one it was given.
    pub fn details(&self) -> Result<NotificationDetails<'_>, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}

/// The rendered parts of a notification's body.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationDetails<'a> {
    /// One line for a list.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// Where it leads.
    pub link: Option<String>,
    /// Anything more, verbatim JSON; `None` also for `null`.
    #[serde(borrow)]
    pub data: Option<&'a serde_json::value::RawValue>,
    /// The type of what it is about.
    pub related_entity_type: Option<String>,
    /// The id of what it is about.
    pub related_entity_id: Option<String>,
    /// Who caused it.
    pub actor_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_one_line_with_every_member_in_the_contracts_order() {
        let parts = NotificationParts {
            type_name: TypeName::new("invoices.approved").unwrap(),
            severity: Severity::Success,
            title: Some("a\nb".into()),
            body: None,
            link: Link::new("/invoices/42").ok(),
            data: Json::parse("{\"n\" : 1.10}").ok(),
            related_entity: None,
            actor: UserId::new("u9").ok(),
        };
        let id = NotificationId::from_bytes([7; 16]);
        let made = Notification::new(id, Tenant::default(), Timestamp::from_seconds(0), &parts).unwrap();
        assert_eq!(
            &*made.body,
            concat!(
                r#"{"notificationId":"07070707-0707-0707-0707-070707070707","notificationTypeName":"invoices.approved","#,
                r#""severity":"success","title":"a\nb","body":null,"link":"/invoices/42","data":{"n":1.10},"#,
                r#""relatedEntityType":null,"relatedEntityId":null,"actorId":"u9","occurredAt":"1970-01-01T00:00:00.000Z"}"#
            )
        );
        assert_eq!(made.details().unwrap().data.map(|d| d.get()), Some(r#"{"n":1.10}"#));
    }

    #[test]
    fn type_names_are_visible_and_short() {
        assert_eq!(TypeName::new(""), Err(TypeNameError::Length));
        assert_eq!(TypeName::new(&"é".repeat(129)), Err(TypeNameError::Length));
        assert!(TypeName::new(&"é".repeat(128)).is_ok());
        for bad in ["a b", "a\nid: 9", "a\rdata: x", "a\u{2028}", "a\u{200b}", "a\0", "a\u{202e}", "a\u{a0}"] {
            assert_eq!(TypeName::new(bad), Err(TypeNameError::Invisible), "{bad:?}");
        }
    }
}
