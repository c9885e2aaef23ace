//! From a request's JSON to what the engine takes: all faults of the form here, all faults of the meaning by the words themselves.

use crate::{
    Problem, idempotency,
    json::{self, Object},
};
use campanile_core::{AudienceDraft, Definitions, Draft, DraftLimits, Fault, Json, SignalDraft, TypeName};

const REQUIRED: &str = "is required";
const ONE_AUDIENCE: &str = "must have exactly one of users, topic and everyone";

/// A publish as it was asked, and the tenant it names.
#[derive(Debug)]
pub(super) struct Asked<T> {
    pub(super) draft: T,
    pub(super) tenant: Option<String>,
    /// The idempotency key in the body, where one is taken there.
    pub(super) key: Option<String>,
    faults: Vec<Fault>,
}

impl Asked<Draft> {
    /// Reads the body of a publish.
    pub(super) fn publish(body: &[u8]) -> Result<Self, Problem> {
        Self::read(body, |_, _| None)
    }

    /// Reads a publish among others, which may have its own key.
    pub(super) fn item(body: &[u8]) -> Result<Self, Problem> {
        Self::read(body, |object, faults| {
            let key = object.string("idempotencyKey", faults)?;
            idempotency::in_body(key, object.at("idempotencyKey"), faults)
        })
    }

    fn read(
        body: &[u8],
        key: impl FnOnce(&mut Object<'_>, &mut Vec<Fault>) -> Option<String>,
    ) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let Some(mut object) = Object::parse(json::text(body)?, "", &mut faults) else { return Err(faults.into()) };
        let draft = Draft {
            type_name: object.required("type", &mut faults),
            to: audience(&mut object, &mut faults),
            severity: object.string("severity", &mut faults),
            title: object.string("title", &mut faults),
            body: object.string("body", &mut faults),
            link: object.string("link", &mut faults),
            data: data(&mut object)?,
            related_entity: related_entity(&mut object, &mut faults),
            actor_id: object.string("actorId", &mut faults),
            notify_actor: object.boolean("notifyActor", &mut faults).unwrap_or_default(),
            definition: None,
        };
        let (tenant, key) = (object.string("tenant", &mut faults), key(&mut object, &mut faults));
        object.finish(&mut faults);
        Ok(Self { draft, tenant, key, faults })
    }

    /// Adds what is wrong with the meaning. Without faults of the form the engine itself does that.
    pub(super) fn valid(mut self, limits: &DraftLimits, definitions: &Definitions) -> Result<Draft, Problem> {
        if self.faults.is_empty() {
            return Ok(self.draft);
        }
        let mut later = self.draft.parse(limits).err().unwrap_or_default();
        if TypeName::new(&self.draft.type_name).is_ok_and(|name| definitions.find(&name).is_none()) {
            later.push(Fault::new("/type", "is not a defined type, and only those are taken"));
        }
        json::merge(&mut self.faults, later);
        Err(self.faults.into())
    }
}

impl Asked<SignalDraft> {
    /// Reads the body of a signal.
    pub(super) fn signal(body: &[u8]) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let Some(mut object) = Object::parse(json::text(body)?, "", &mut faults) else { return Err(faults.into()) };
        let draft = SignalDraft {
            to: audience(&mut object, &mut faults),
            event: object.required("event", &mut faults),
            data: data(&mut object)?,
            key: object.string("key", &mut faults),
        };
        let tenant = object.string("tenant", &mut faults);
        object.finish(&mut faults);
        Ok(Self { draft, tenant, key: None, faults })
    }

    /// Adds what is wrong with the meaning. Without faults of the form the engine itself does that.
    pub(super) fn valid(mut self, limits: &DraftLimits) -> Result<SignalDraft, Problem> {
        if self.faults.is_empty() {
            return Ok(self.draft);
        }
        json::merge(&mut self.faults, self.draft.parse(limits).err().unwrap_or_default());
        Err(self.faults.into())
    }
}

/// `to`: nothing in it ever means everybody.
fn audience(object: &mut Object<'_>, faults: &mut Vec<Fault>) -> AudienceDraft {
    let before = faults.len();
    let Some(mut to) = object.object("to", faults) else {
        if faults.len() == before {
            faults.push(Fault::new("/to", REQUIRED));
        }
        return AudienceDraft::default();
    };
    if ["users", "topic", "everyone"].into_iter().filter(|name| to.has(name)).count() != 1 {
        faults.push(Fault::new("/to", ONE_AUDIENCE));
    }
    let (users, topic) = (to.strings("users", faults), to.string("topic", faults));
    let everyone = to.boolean("everyone", faults);
    if everyone == Some(false) {
        faults.push(Fault::new(to.at("everyone"), "must be true"));
    }
    let except = to.strings("except", faults).unwrap_or_default();
    to.finish(faults);
    match (users, topic, everyone) {
        (Some(users), None, None) => AudienceDraft::Users { users, except },
        (None, Some(topic), None) => AudienceDraft::Topic { topic, except },
        (None, None, Some(true)) => AudienceDraft::Everyone { except },
        // There is a fault already, so nothing is sent: the stand-in only keeps the words from telling it again.
        _ => AudienceDraft::Users { users: vec!["nobody".into()], except },
    }
}

fn related_entity(object: &mut Object<'_>, faults: &mut Vec<Fault>) -> Option<(String, String)> {
    let mut entity = object.object("relatedEntity", faults)?;
    let (kind, id) = (entity.required("type", faults), entity.required("id", faults));
    entity.finish(faults);
    Some((kind, id))
}

fn data(object: &mut Object<'_>) -> Result<Option<Json>, Problem> {
    object.take("data").map(Json::from_raw).transpose().map_err(|_| Problem::malformed())
}

/// The bodies, described. They are read by hand, so that all faults are found at once.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use crate::openapi::idempotency_key;
    use campanile_core::{Link, Severity, SignalName, Topic, TypeName, UserId};
    use serde_json::Value;
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{Object, ObjectBuilder, RefOr, Schema, Type},
    };

    /// A notification, and whom it is for. `null` is the same as absent.
    #[derive(ToSchema, serde::Serialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    pub(in crate::routes) struct PublishRequest {
        #[serde(rename = "type")]
        type_name: TypeName,
        to: Audience,
        /// As the type's definition says, if absent; else `info`.
        severity: Option<Severity>,
        /// One line for a list.
        #[schema(max_length = 200)]
        title: Option<String>,
        /// The text.
        #[schema(max_length = 4000)]
        body: Option<String>,
        link: Option<Link>,
        /// Any JSON of at most 127 levels, kept token by token.
        data: Option<Value>,
        related_entity: Option<RelatedEntity>,
        /// The user who caused it, who is not notified.
        #[schema(value_type = Option<UserId>)]
        actor_id: Option<String>,
        /// Notifies the one who caused it, too.
        notify_actor: Option<bool>,
        /// The tenant to act on; a token has its own.
        tenant: Option<String>,
    }

    /// A publish among others.
    pub(in crate::routes) struct BatchItem;

    impl PartialSchema for BatchItem {
        /// A publish with one more member. (As two schemas that must both be met it would not do: neither takes the other's members.)
        fn schema() -> RefOr<Schema> {
            let mut schema = PublishRequest::schema();
            if let RefOr::T(Schema::Object(object)) = &mut schema {
                object.description = Some("A publish among others, with a key of its own.".into());
                object.properties.insert("idempotencyKey".into(), idempotency_key().into());
            }
            schema
        }
    }

    impl ToSchema for BatchItem {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            PublishRequest::schemas(schemas);
        }
    }

    /// What a notification is about: an entity of the application.
    #[derive(ToSchema, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    struct RelatedEntity {
        #[serde(rename = "type")]
        #[schema(min_length = 1, max_length = 256)]
        kind: String,
        #[schema(min_length = 1, max_length = 256)]
        id: String,
    }

    /// A signal, and whom it is for.
    #[derive(ToSchema, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    pub(in crate::routes) struct SignalRequest {
        to: Audience,
        #[schema(value_type = SignalName)]
        event: String,
        data: Option<Value>,
        /// A slow reader gets only the newest signal of a key.
        #[schema(min_length = 1, max_length = 256)]
        key: Option<String>,
        /// The tenant to act on; a token has its own.
        tenant: Option<String>,
    }

    /// Whom something is for.
    #[derive(ToSchema, serde::Serialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "it is only described")]
    enum Audience {
        Users(ToUsers),
        Topic(ToTopic),
        Everyone(ToEveryone),
    }

    /// These users.
    #[derive(ToSchema, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    struct ToUsers {
        #[schema(value_type = Vec<UserId>, min_items = 1, max_items = 10000)]
        users: Vec<String>,
        /// But not these.
        #[schema(value_type = Option<Vec<UserId>>)]
        except: Option<Vec<String>>,
    }

    /// The members of a topic now.
    #[derive(ToSchema, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    struct ToTopic {
        #[schema(value_type = Topic)]
        topic: String,
        /// But not these.
        #[schema(value_type = Option<Vec<UserId>>)]
        except: Option<Vec<String>>,
    }

    /// All users with a log now; for a signal, everybody with an open stream.
    #[derive(ToSchema, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    struct ToEveryone {
        #[schema(schema_with = only_true)]
        everyone: bool,
        /// But not these.
        #[schema(value_type = Option<Vec<UserId>>)]
        except: Option<Vec<String>>,
    }

    fn only_true() -> ObjectBuilder {
        Object::builder().schema_type(Type::Boolean).enum_values(Some([true]))
    }
}
