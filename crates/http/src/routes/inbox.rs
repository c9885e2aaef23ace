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
use campanile_core::{
    Seq,
    store::{Head, Item},
};
use http::StatusCode;

/// What a badge shows, true at `version`.
#[derive(serde::Serialize)]
pub(super) struct CountsAt {
    unread: u64,
    unseen: u64,
    version: Seq,
}

impl CountsAt {
    pub(super) fn of(head: &Head) -> Self {
        Self { unread: head.counts.unread, unseen: head.counts.unseen, version: head.seq }
    }
}

/// `GET /counts`.
pub(super) async fn counts(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let who = http.user(&parts).await?.recipient;
    let head = http.engine().head(&who).await?;
    Ok(json(StatusCode::OK, CountsAt::of(&head)))
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
