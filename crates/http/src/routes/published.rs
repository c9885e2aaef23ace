//! What became of a publish, and taking it back.

use super::{
    accepted, json,
    marks::require_nothing,
    paging::{Page, Paging, write_name},
    path::{self, Params},
};
use crate::{
    Http, Problem,
    auth::{SCOPE_ADMIN, SCOPE_PUBLISH},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use campanile_core::{NotificationId, PublishRecord, Seq, Timestamp, TypeName, UserId, store::RecipientRecord};
use http::StatusCode;

/// What became of a publish.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = PublishOutcome))]
#[serde(rename_all = "camelCase")]
struct Outcome {
    notification_id: NotificationId,
    #[serde(rename = "type")]
    type_name: TypeName,
    occurred_at: Timestamp,
    state: Progress,
    recipients: usize,
    /// In how many inboxes it was put.
    stored: usize,
    /// How many connections it reached, as far as this node remembers.
    live: u64,
    /// How many recipients have read it.
    read: usize,
}

/// How far a publish has come. Each one is a single transaction, so none is ever seen half-way.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
enum Progress {
    Done,
    Withdrawn,
}

impl From<PublishRecord> for Outcome {
    fn from(record: PublishRecord) -> Self {
        let PublishRecord { notification_id, type_name, occurred_at, withdrawn, recipients, stored, live, read } =
            record;
        let state = if withdrawn { Progress::Withdrawn } else { Progress::Done };
        Self { notification_id, type_name, occurred_at, state, recipients, stored, live, read }
    }
}

/// One recipient's side of a publish.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = Recipient))]
#[serde(rename_all = "camelCase")]
struct Received {
    user: String,
    seq: Seq,
    read: bool,
    #[cfg_attr(feature = "utoipa", schema(required))]
    read_at: Option<Timestamp>,
    seen: bool,
    #[cfg_attr(feature = "utoipa", schema(required))]
    seen_at: Option<Timestamp>,
    archived: bool,
    #[cfg_attr(feature = "utoipa", schema(required))]
    archived_at: Option<Timestamp>,
    /// Gone from the inbox: deleted, withdrawn or expired.
    removed: bool,
}

impl From<RecipientRecord> for Received {
    fn from(record: RecipientRecord) -> Self {
        let RecipientRecord { user, seq, read_at, seen_at, archived_at, removed } = record;
        Self {
            user: user.as_str().to_owned(),
            seq,
            read: read_at.is_some(),
            read_at,
            seen: seen_at.is_some(),
            seen_at,
            archived: archived_at.is_some(),
            archived_at,
            removed,
        }
    }
}

/// `GET /notifications/{id}`.
pub(super) async fn outcome(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = http.application(&parts, SCOPE_PUBLISH).await?;
    let tenant = caller.tenant(&parts, None)?;
    let found = http.engine().record(&tenant, path::notification_id(&params)?).await?;
    Ok(json(StatusCode::OK, Outcome::from(found.ok_or_else(Problem::not_found)?)))
}

/// `GET /notifications/{id}/recipients`.
pub(super) async fn recipients(
    State(http): State<Http>,
    params: Params,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = http.application(&parts, SCOPE_PUBLISH).await?;
    let tenant = caller.tenant(&parts, None)?;
    let (id, paging) = (path::notification_id(&params)?, Paging::<UserId>::by_name(parts.uri.query())?);
    let found = http.engine().recipients_of(&tenant, id, paging.after, paging.limit).await?;
    let page = found.ok_or_else(Problem::not_found)?;
    let next_cursor = page.items.last().filter(|_| page.more).map(|last| write_name(&last.user));
    let items: Vec<Received> = page.items.into_iter().map(Into::into).collect();
    Ok(json(StatusCode::OK, Page { items, next_cursor }))
}

/// `DELETE /notifications/{id}`.
pub(super) async fn withdraw(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    require_nothing(&http, &parts, body).await?;
    let tenant = caller.tenant(&parts, None)?;
    let found = http.engine().withdraw(&tenant, path::notification_id(&params)?).await?;
    if found { Ok(accepted()) } else { Err(Problem::not_found()) }
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::{Outcome, Received};
    use crate::{
        auth::{SCOPE_ADMIN, SCOPE_PUBLISH},
        openapi::{Operation, example, refusal, tags},
    };
    use campanile_core::NotificationId;
    use http::StatusCode;
    use serde_json::json;

    pub(in crate::routes) fn outcome() -> Operation {
        let outcome = json!({
            "notificationId": example::ID, "type": "invoices.approved", "occurredAt": example::MOMENT, "state": "done",
            "recipients": 2, "stored": 2, "live": 3, "read": 1
        });
        Operation::new(tags::PUBLISHING, "readPublish", "What became of a publish")
            .of_application(SCOPE_PUBLISH)
            .path::<NotificationId>("id", "The notification")
            .answers::<Outcome>(StatusCode::OK, "What became of it.", outcome)
            .refuses(&[refusal::NOT_FOUND, refusal::INVALID])
    }

    pub(in crate::routes) fn recipients() -> Operation {
        let received = json!({
            "user": "u1", "seq": 42, "read": true, "readAt": example::MOMENT, "seen": true, "seenAt": example::MOMENT,
            "archived": false, "archivedAt": null, "removed": false
        });
        Operation::new(tags::PUBLISHING, "listRecipients", "Who received a publish, and what they did with it")
            .of_application(SCOPE_PUBLISH)
            .path::<NotificationId>("id", "The notification")
            .answers_pages::<Received>("A page of recipients, by name.", received)
            .refuses(&[refusal::NOT_FOUND])
    }

    pub(in crate::routes) fn withdraw() -> Operation {
        Operation::new(tags::PUBLISHING, "withdraw", "Withdraw a notification")
            .about("From every inbox; its text is gone, and every open stream is told.")
            .of_application(SCOPE_ADMIN)
            .path::<NotificationId>("id", "The notification")
            .empty_body()
            .answers_nothing(StatusCode::ACCEPTED, "It is withdrawn, now or already before.")
            .refuses(&[refusal::NOT_FOUND])
    }
}
