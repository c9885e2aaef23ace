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
