//! Changing the inbox: read, seen, archived, removed.

use super::{
    done,
    path::{self, Params},
};
use crate::{Code, Http, Problem, body, json::Object, json::text};
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use campanile_core::{Cursor, Fault, MarkTarget, Recipient, Seq, StateChange, UpToState};
use http::request::Parts;
use serde_json::value::RawValue;

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident => $state:expr;)*) => {
        $($(#[$doc])*
        pub(super) async fn $name(
            State(http): State<Http>,
            params: Params,
            request: Request,
        ) -> Result<Response, Problem> {
            mark(&http, &params, request, $state).await
        })*
    };
}

marks! {
    /// `POST /{id}/read`.
    read => StateChange::read(true);
    /// `POST /{id}/unread`.
    unread => StateChange::read(false);
    /// `POST /{id}/archive`.
    archive => StateChange::archived(true);
    /// `POST /{id}/unarchive`.
    unarchive => StateChange::archived(false);
    /// `DELETE /{id}`.
    remove => StateChange::REMOVED;
}

async fn mark(http: &Http, params: &Params, request: Request, state: StateChange) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let who = http.changing_user(&parts).await?;
    require_nothing(http, &parts, body).await?;
    let target = MarkTarget::Notifications { ids: vec![path::notification_id(params)?], state };
    let marked = http.engine().mark(&who, target).await?;
    if marked.not_found.is_empty() { Ok(done()) } else { Err(Problem::not_found()) }
}

/// `POST /read-all`.
pub(super) async fn read_all(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    mark_up_to(&http, request, UpToState::Read).await
}

/// `POST /seen`.
pub(super) async fn seen(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    mark_up_to(&http, request, UpToState::Seen).await
}

async fn mark_up_to(http: &Http, request: Request, state: UpToState) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let who = http.changing_user(&parts).await?;
    let bytes = read_body(http, &parts, body).await?;
    let up_to = match members(&bytes, Some("upTo"))? {
        None => None,
        Some(raw) => Some(place(http, &who, raw).await?),
    };
    http.engine().mark(&who, MarkTarget::UpTo { up_to, state }).await?;
    Ok(done())
}

/// A place in the log: its number, or a cursor of this log.
async fn place(http: &Http, who: &Recipient, raw: &RawValue) -> Result<Seq, Problem> {
    let text = raw.get();
    if text.bytes().all(|b| b.is_ascii_digit()) {
        // What does not fit is above every head, and above the head means the head.
        return Ok(Seq(text.parse().unwrap_or(u64::MAX)));
    }
    let cursor = serde_json::from_str::<String>(text).ok().and_then(|text| Cursor::parse(text.as_bytes()));
    let cursor = cursor.ok_or_else(|| vec![Fault::new("/upTo", "must be a seq or a cursor")])?;
    if cursor.epoch != http.engine().head(who).await?.epoch {
        return Err(Problem::new(Code::ForeignCursor, "The cursor belongs to another life of this inbox."));
    }
    Ok(cursor.seq)
}

/// A body that says nothing: none at all, or `{}`.
pub(super) async fn require_nothing(http: &Http, parts: &Parts, body: Body) -> Result<(), Problem> {
    members(&read_body(http, parts, body).await?, None).map(drop)
}

/// A body that may be empty, and otherwise is JSON.
pub(super) async fn read_body(http: &Http, parts: &Parts, body: Body) -> Result<bytes::Bytes, Problem> {
    let bytes = body::read(body, http.body_bytes()).await?;
    if !bytes.is_empty() {
        body::require_json(&parts.headers)?;
    }
    Ok(bytes)
}

/// The one member a body may have.
pub(super) fn members<'a>(body: &'a [u8], name: Option<&str>) -> Result<Option<&'a RawValue>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut faults = Vec::new();
    let mut member = None;
    if let Some(mut object) = Object::parse(text(body)?, "", &mut faults) {
        member = name.and_then(|name| object.take(name));
        object.finish(&mut faults);
    }
    if faults.is_empty() { Ok(member) } else { Err(faults.into()) }
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use crate::openapi::{Operation, refusal, tags};
    use campanile_core::{Cursor, NotificationId, Seq};
    use http::StatusCode;
    use serde_json::json;

    macro_rules! marks {
        ($($name:ident = $id:literal, $summary:literal;)*) => {
            $(pub(in crate::routes) fn $name() -> Operation {
                Operation::new(tags::INBOX, $id, $summary)
                    .of_user()
                    .path::<NotificationId>("notificationId", "The notification")
                    .empty_body()
                    .answers_nothing(StatusCode::NO_CONTENT, "It is so, whether or not it was before.")
                    .refuses(&[refusal::NOT_FOUND, refusal::TOO_MANY_CHANGES])
            })*
        };
    }

    marks! {
        read = "markRead", "Mark a notification as read";
        unread = "markUnread", "Mark a notification as unread";
        archive = "archive", "Archive a notification";
        unarchive = "unarchive", "Take a notification back into the inbox";
        remove = "remove", "Delete a notification from the inbox";
    }

    /// Nothing.
    #[derive(utoipa::ToSchema, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    impl Operation {
        /// A body that says nothing: none at all, or `{}`.
        pub(in crate::routes) fn empty_body(self) -> Self {
            self.optional_body::<Nothing>("Nothing, or `{}`.", json!({}))
        }
    }

    /// How far to mark.
    #[derive(utoipa::ToSchema, serde::Serialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct UpToRequest {
        /// The last place to cover. Beyond the head it is the head, and absent the head at arrival.
        up_to: Option<Place>,
    }

    /// A place in the log: its number, or a cursor.
    #[derive(utoipa::ToSchema, serde::Serialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "it is only described")]
    enum Place {
        Seq(Seq),
        Cursor(Cursor),
    }

    fn up_to(id: &str, summary: &str) -> Operation {
        Operation::new(tags::INBOX, id, summary)
            .of_user()
            .optional_body::<UpToRequest>("How far.", json!({"upTo": 41}))
            .answers_nothing(StatusCode::NO_CONTENT, "It is so, whether or not it was before.")
            .refuses(&[refusal::FOREIGN_CURSOR, refusal::TOO_MANY_CHANGES])
    }

    pub(in crate::routes) fn read_all() -> Operation {
        up_to("markAllRead", "Mark all notifications as read, but archived ones")
    }

    pub(in crate::routes) fn seen() -> Operation {
        up_to("markSeen", "Clear the badge, without reading")
    }
}
