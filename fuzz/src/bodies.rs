//! Bodies of requests: what is read from one is what another reader finds there, and every fault has its place in it.

use crate::members;
use campanile_core::{
    AudienceDraft, Draft, DraftLimits, Json, MarkTarget, Notification, NotificationId, Severity, Tenant, Timestamp,
};
use campanile_http::{Code, Problem, fuzzing};
use campanile_sse::Event;
use serde_json::Value;
use std::collections::HashSet;

/// A body is no JSON, or it has faults, or it was read: 400, 422, or the value it is.
fn judged<T>(body: &[u8], read: Result<T, Problem>) -> Option<(T, Value)> {
    let text = std::str::from_utf8(body).ok();
    let value = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Err(problem) = read else {
        let names = members::names(body).unwrap_or_default();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "a member twice: {names:?}");
        return read.ok().zip(value);
    };
    assert_eq!(problem.code() == Code::Malformed, value.is_none(), "{problem:?}");
    let value = value?;
    assert_eq!(problem.code(), Code::Invalid);
    let faults = problem.errors();
    let distinct: HashSet<_> = faults.iter().map(|fault| (&fault.pointer, &fault.detail)).collect();
    assert_eq!(distinct.len(), faults.len(), "the same fault twice: {faults:?}");
    assert!(!faults.is_empty());
    faults.iter().for_each(|fault| assert!(has_place(&value, &fault.pointer), "{fault:?}"));
    let wire: Value = serde_json::from_str(&fuzzing::problem(&problem)).expect("a problem is JSON");
    assert_eq!((wire["status"].as_u64(), wire["errors"].as_array().map(Vec::len)), (Some(422), Some(faults.len())));
    None
}

/// A fault is about a value, or about a member that an object should have.
fn has_place(value: &Value, pointer: &str) -> bool {
    let missing = |(parent, _): (&str, &str)| value.pointer(parent).is_none_or(|parent| !parent.is_array());
    value.pointer(pointer).is_some() || pointer.rsplit_once('/').is_some_and(missing)
}

/// A text in an object; `null` is as good as absent.
fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

fn same_audience(to: &AudienceDraft, value: &Value) {
    let except = match to {
        AudienceDraft::Users { users, except } => {
            assert_eq!(*users, texts(&value["users"]));
            except
        }
        AudienceDraft::Topic { topic, except } => {
            assert_eq!(Some(topic.as_str()), value["topic"].as_str());
            except
        }
        AudienceDraft::Everyone { except } => {
            assert_eq!(value["everyone"], true, "nothing else ever means everybody");
            except
        }
    };
    assert_eq!(*except, texts(&value["except"]));
    let named = ["users", "topic", "everyone"].iter().filter(|name| !value[**name].is_null()).count();
    assert_eq!(named, 1);
}

fn same_data(data: Option<&Json>, value: &Value) {
    let data = data.map(|data| serde_json::from_str::<Value>(data.as_str()).expect("JSON"));
    assert_eq!(data.unwrap_or_default(), value["data"]);
}

/// A publish.
pub(crate) fn publish(body: &[u8]) {
    let alone = fuzzing::publish(body);
    if let Ok((draft, _)) = &alone {
        let (item, key) = fuzzing::item(body).expect("what is good alone is good among others");
        assert_eq!((format!("{item:?}"), key), (format!("{draft:?}"), None));
    }
    let Some(((draft, tenant), value)) = judged(body, alone) else { return };
    let told = [Some(draft.type_name.clone()), draft.severity.clone(), draft.title.clone(), draft.body.clone()];
    assert_eq!(told, ["type", "severity", "title", "body"].map(|name| text(&value, name)));
    let told = [draft.link.clone(), draft.actor_id.clone(), tenant];
    assert_eq!(told, ["link", "actorId", "tenant"].map(|name| text(&value, name)));
    let entity = &value["relatedEntity"];
    assert_eq!(draft.related_entity, text(entity, "type").zip(text(entity, "id")));
    assert_eq!(draft.notify_actor, value["notifyActor"] == true);
    same_audience(&draft.to, &value["to"]);
    same_data(draft.data.as_ref(), &value);
    on_the_wire(&draft, &value);
}

/// A good draft is one event with one line of data, whatever its words are.
fn on_the_wire(draft: &Draft, value: &Value) {
    let Ok(parsed) = draft.parse(&DraftLimits::default()) else { return };
    let id = NotificationId::from_bytes([7; 16]);
    let made = Notification::new(id, Tenant::default(), Timestamp::from_seconds(0), &parsed.parts).expect("a body");
    let wire = Event::new().data(&made.body).to_vec();
    assert_eq!(wire.iter().filter(|byte| **byte == b'\n').count(), 2, "{wire:?}");
    let body: Value = serde_json::from_str(&made.body).expect("JSON");
    for name in ["title", "body", "link", "actorId", "data"] {
        assert_eq!(body[name], value[name]);
    }
    assert_eq!(body["notificationTypeName"], value["type"]);
    assert_eq!(body["severity"], *value["severity"].as_str().unwrap_or(Severity::Info.as_str()));
    assert_eq!(body["relatedEntityId"], value["relatedEntity"]["id"]);
}

/// A signal.
pub(crate) fn signal(body: &[u8]) {
    let Some(((draft, tenant), value)) = judged(body, fuzzing::signal(body)) else { return };
    assert_eq!(Some(draft.event.clone()), text(&value, "event"));
    assert_eq!([draft.key.clone(), tenant], [text(&value, "key"), text(&value, "tenant")]);
    same_audience(&draft.to, &value["to"]);
    same_data(draft.data.as_ref(), &value);
    if let Ok((signal, _)) = draft.parse(&DraftLimits::default()) {
        let wire = Event::new().name(signal.event.as_event_name()).data(signal.data.as_str()).to_vec();
        assert_eq!(wire.iter().filter(|byte| **byte == b'\n').count(), 3, "{wire:?}");
    }
}

/// What changes an inbox, and who may: bulk changes, read-all and seen, bodies that say nothing, revocations.
pub(crate) fn change(body: &[u8]) {
    if let Some((MarkTarget::Notifications { ids, state }, value)) = judged(body, fuzzing::bulk(body)) {
        let told: Vec<_> = ids.iter().map(ToString::to_string).collect();
        let asked: Vec<_> = texts(&value["notificationIds"]).iter().map(|id| id.to_ascii_lowercase()).collect();
        assert_eq!(told, asked);
        let words = [state.read, state.archived, state.seen, state.removed];
        assert_eq!(words, ["read", "archived", "seen", "removed"].map(|word| value["state"][word].as_bool()));
        assert!(words.iter().any(Option::is_some) && state.seen != Some(false) && state.removed != Some(false));
        assert!((1..=100).contains(&told.len()));
    }
    for name in [None, Some("upTo")] {
        only_member(body, name);
    }
    if let Some(((issued_before, tenant), value)) = judged(body, fuzzing::revocation(body)) {
        assert_eq!(tenant, text(&value, "tenant"));
        moment(&text(&value, "issuedBefore").expect("a time"), issued_before);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        fuzzing::moment(text).into_iter().for_each(|read| moment(text, read));
    }
}

fn only_member(body: &[u8], name: Option<&str>) {
    if body.is_empty() {
        assert!(matches!(fuzzing::only_member(body, name), Ok(None)));
        return;
    }
    let Some((member, value)) = judged(body, fuzzing::only_member(body, name)) else { return };
    let member = member.map(|raw| serde_json::from_str::<Value>(&raw).expect("JSON")).unwrap_or_default();
    assert_eq!(member, name.map_or(Value::Null, |name| value[name].clone()));
}

/// What was read is written as RFC 3339, and not before the moment it was read from.
fn moment(text: &str, read: Timestamp) {
    let shape = |text: &str| text.as_bytes().get(..10).map(|date| date.iter().filter(|b| **b == b'-').count());
    assert_eq!(shape(text), Some(2), "{text:?}");
    assert_eq!(fuzzing::moment(&read.to_string()), Some(read), "{text:?}");
}
