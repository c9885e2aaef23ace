//! `POST /bulk`: one change of several notifications, one entry in the log.

use super::{json as answer, marks::read_body};
use crate::{
    Http, Problem,
    json::{self, Object},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use campanile_core::{Change, Fault, MarkTarget, NotificationId, StateChange, store::Marked};
use http::StatusCode;

/// The most notifications of one call.
const MAX_IDS: usize = 100;

/// What became of a bulk change.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = BulkOutcome))]
#[serde(rename_all = "camelCase")]
struct Bulk {
    /// How many really changed.
    changed: usize,
    /// Those that are not in this inbox.
    not_found: Vec<NotificationId>,
}

impl From<Marked> for Bulk {
    fn from(marked: Marked) -> Self {
        let changed = match marked.entry {
            Some((_, Change::Updated { ids, .. })) => ids.len(),
            _ => 0,
        };
        Self { changed, not_found: marked.not_found }
    }
}

/// Changes what is named.
pub(super) async fn change(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let who = http.changing_user(&parts).await?;
    let target = parse(&read_body(&http, &parts, body).await?)?;
    let marked = http.engine().mark(&who, target).await?;
    Ok(answer(StatusCode::OK, Bulk::from(marked)))
}

pub(super) fn parse(body: &[u8]) -> Result<MarkTarget, Problem> {
    let mut faults = Vec::new();
    let Some(mut object) = Object::parse(json::text(body)?, "", &mut faults) else { return Err(faults.into()) };
    let (ids, state) = (ids(&mut object, &mut faults), state(&mut object, &mut faults));
    object.finish(&mut faults);
    if faults.is_empty() { Ok(MarkTarget::Notifications { ids, state }) } else { Err(faults.into()) }
}

fn ids(object: &mut Object<'_>, faults: &mut Vec<Fault>) -> Vec<NotificationId> {
    const POINTER: &str = "/notificationIds";
    if !object.has("notificationIds") {
        faults.push(Fault::new(POINTER, "is required"));
    }
    let Some(texts) = object.strings("notificationIds", faults) else { return Vec::new() };
    if !(1..=MAX_IDS).contains(&texts.len()) {
        faults.push(Fault::new(POINTER, "must have 1 to 100 ids"));
        return Vec::new();
    }
    let told: Vec<_> = faults.iter().map(|fault| fault.pointer.clone()).collect();
    let mut id = |(at, text): (usize, &String)| {
        let (id, pointer) = (text.parse().ok(), format!("{POINTER}/{at}"));
        if id.is_none() && !told.contains(&pointer) {
            faults.push(Fault::new(pointer, "must be a notification's id"));
        }
        id
    };
    texts.iter().enumerate().filter_map(&mut id).collect()
}

/// The new state. Things are seen and removed for good, so those two can only be true.
fn state(object: &mut Object<'_>, faults: &mut Vec<Fault>) -> StateChange {
    if !object.has("state") {
        faults.push(Fault::new("/state", "is required"));
    }
    let before = faults.len();
    let Some(mut state) = object.object("state", faults) else { return StateChange::default() };
    let (read, archived) = (state.boolean("read", faults), state.boolean("archived", faults));
    let (seen, removed) = (state.boolean("seen", faults), state.boolean("removed", faults));
    for (name, value) in [("seen", seen), ("removed", removed)] {
        if value == Some(false) {
            faults.push(Fault::new(state.at(name), "must be true"));
        }
    }
    state.finish(faults);
    let change = StateChange { read, seen, archived, removed };
    if change == StateChange::default() && faults.len() == before {
        faults.push(Fault::new("/state", "must have at least one of read, seen, archived and removed"));
    }
    change
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::Bulk;
    use crate::openapi::{Operation, example, refusal, tags};
    use campanile_core::{NotificationId, StateChange};
    use http::StatusCode;
    use serde_json::json;

    /// A change of several notifications.
    #[derive(utoipa::ToSchema, serde::Serialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct BulkRequest {
        #[schema(min_items = 1, max_items = 100)]
        notification_ids: Vec<NotificationId>,
        state: StateChange,
    }

    pub(in crate::routes) fn change() -> Operation {
        Operation::new(tags::INBOX, "changeMany", "Change the state of several notifications")
            .about("One entry in the log for all that really change. `seen` and `removed` can only be `true`.")
            .of_user()
            .body::<BulkRequest>(
                "What to change, and how.",
                json!({"notificationIds": [example::ID], "state": {"read": true}}),
            )
            .answers::<Bulk>(StatusCode::OK, "What changed.", json!({"changed": 1, "notFound": []}))
            .refuses(&[refusal::TOO_MANY_CHANGES])
    }
}
