//! Reading one thing of the inbox, and how both ends write it.

use super::{
    json, json_text,
    path::{self, Params},
};
use crate::{Http, Problem};
use axum::{
    extract::{Request, State},
    response::Response,
};
use campanile_core::{frame::VersionedCounts, store::Item};
use http::StatusCode;

/// `GET /counts`.
pub(super) async fn counts(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let who = http.user(&parts).await?.recipient;
    let head = http.engine().head(&who).await?;
    Ok(json(StatusCode::OK, VersionedCounts::at(head.counts, head.seq)))
}

/// `GET /{id}`.
pub(super) async fn item(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let who = http.user(&parts).await?.recipient;
    let found = http.engine().item(&who, path::notification_id(&params)?).await?;
    let mut text = String::new();
    write_item(&mut text, &found.ok_or_else(Problem::not_found)?);
    Ok(json_text(text))
}

/// An item: the notification's own bytes, and the state after its last member. They are not parsed, so that numbers stay as they were sent.
pub(super) fn write_item(to: &mut String, item: &Item) {
    let body = &item.notification.body;
    to.push_str(body.strip_suffix('}').unwrap_or(body));
    let time = |at: Option<campanile_core::Timestamp>| at.map_or_else(|| "null".to_owned(), |at| format!("\"{at}\""));
    let state = format!(
        r#","seq":{},"read":{},"readAt":{},"seenAt":{},"archivedAt":{}}}"#,
        item.seq,
        item.read_at.is_some(),
        time(item.read_at),
        time(item.seen_at),
        time(item.archived_at),
    );
    to.push_str(&state);
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use crate::openapi::{Operation, example, refusal, tags};
    use campanile_core::{NotificationBody, NotificationId, Seq, Timestamp, frame::VersionedCounts};
    use http::StatusCode;

    /// A notification as it lies in an inbox.
    #[derive(utoipa::ToSchema, serde::Serialize)]
    #[schema(as = InboxItem)]
    #[serde(rename_all = "camelCase")]
    pub(in crate::routes) struct InboxItem<'a> {
        #[serde(flatten)]
        notification: NotificationBody<'a>,
        /// Where it arrived in the log.
        seq: Seq,
        read: bool,
        #[schema(required)]
        read_at: Option<Timestamp>,
        /// When it was seen: explicitly, or by being read.
        #[schema(required)]
        seen_at: Option<Timestamp>,
        #[schema(required)]
        archived_at: Option<Timestamp>,
    }

    pub(in crate::routes) fn counts() -> Operation {
        Operation::new(tags::INBOX, "readCounts", "What a badge shows").of_user().answers::<VersionedCounts>(
            StatusCode::OK,
            "The counts, true at `version`.",
            example::counts(),
        )
    }

    pub(in crate::routes) fn item() -> Operation {
        Operation::new(tags::INBOX, "readItem", "One notification")
            .of_user()
            .path::<NotificationId>("notificationId", "The notification")
            .answers::<InboxItem<'_>>(StatusCode::OK, "The notification, and its state.", example::item())
            .refuses(&[refusal::NOT_FOUND])
    }
}
