//! From a request's JSON to what the engine takes: all faults of the form here, all faults of the meaning by the words themselves.

use crate::{
    Problem,
    json::{self, Object},
};
use campanile_core::{AudienceDraft, Definitions, Draft, DraftLimits, Fault, Json, SignalDraft, TypeName};

const REQUIRED: &str = "is required";
const LATER: &str = "is not in this build";

/// A publish as it was asked, and the tenant it names.
#[derive(Debug)]
pub(super) struct Asked<T> {
    pub(super) draft: T,
    pub(super) tenant: Option<String>,
    faults: Vec<Fault>,
}

impl Asked<Draft> {
    /// Reads the body of a publish.
    pub(super) fn publish(body: &[u8]) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let Some(mut object) = Object::parse(json::text(body)?, "", &mut faults) else { return Err(faults.into()) };
        let draft = Draft {
            type_name: required(&mut object, "type", &mut faults),
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
        let tenant = object.string("tenant", &mut faults);
        object.finish(&mut faults);
        Ok(Self { draft, tenant, faults })
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
            event: required(&mut object, "event", &mut faults),
            data: data(&mut object)?,
            key: object.string("key", &mut faults),
        };
        let tenant = object.string("tenant", &mut faults);
        object.finish(&mut faults);
        Ok(Self { draft, tenant, faults })
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

fn required(object: &mut Object<'_>, name: &str, faults: &mut Vec<Fault>) -> String {
    let before = faults.len();
    object.string(name, faults).unwrap_or_else(|| {
        if faults.len() == before {
            faults.push(Fault::new(object.at(name), REQUIRED));
        }
        String::new()
    })
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
    let before = faults.len();
    for later in ["topic", "everyone"] {
        if to.take(later).is_some() {
            faults.push(Fault::new(to.at(later), LATER));
        }
    }
    let users = to.strings("users", faults);
    let except = to.strings("except", faults).unwrap_or_default();
    if users.is_none() && faults.len() == before {
        faults.push(Fault::new("/to", "must name users"));
    }
    to.finish(faults);
    // Without users there is a fault already, so nothing is sent: the stand-in only keeps the words from telling it again.
    AudienceDraft::Users { users: users.unwrap_or_else(|| vec!["nobody".into()]), except }
}

fn related_entity(object: &mut Object<'_>, faults: &mut Vec<Fault>) -> Option<(String, String)> {
    let mut entity = object.object("relatedEntity", faults)?;
    let (kind, id) = (required(&mut entity, "type", faults), required(&mut entity, "id", faults));
    entity.finish(faults);
    Some((kind, id))
}

fn data(object: &mut Object<'_>) -> Result<Option<Json>, Problem> {
    object.take("data").map(Json::from_raw).transpose().map_err(|_| Problem::malformed())
}
