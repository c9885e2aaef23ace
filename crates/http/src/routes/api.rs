//! The application's API: publishing and signals.

use super::{draft::Asked, json};
use crate::{
    Http, Problem,
    auth::{ApiCaller, SCOPE_ADMIN, SCOPE_PUBLISH},
    body,
};
use axum::{
    extract::{OriginalUri, Request, State},
    response::{IntoResponse, Response},
};
use campanile_core::{Draft, NotificationId, SignalDraft};
use http::{HeaderValue, StatusCode, header::LOCATION, request::Parts};

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    notification_id: NotificationId,
    recipients: usize,
    replayed: bool,
}

#[derive(serde::Serialize)]
struct Signalled {
    connections: usize,
}

/// `POST /notifications`: 202 once it is durable.
pub(super) async fn publish(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = ApiCaller::of(&http, &parts, SCOPE_PUBLISH).await?;
    refuse_idempotency_key(&parts)?;
    body::require_json(&parts.headers)?;
    let asked = Asked::<Draft>::publish(&body::read(body, http.body_limits()).await?)?;
    let tenant = caller.tenant(&parts, asked.tenant.as_deref());
    let draft = asked.valid(http.engine().limits(), http.engine().definitions())?;
    let receipt = http.engine().publish(&tenant?, &draft).await?;
    let published =
        Published { notification_id: receipt.notification_id, recipients: receipt.recipients, replayed: false };
    let location = [(LOCATION, location(&parts, receipt.notification_id))];
    Ok((location, json(StatusCode::ACCEPTED, published)).into_response())
}

/// `POST /signals`: 202 with the connections that were reached.
pub(super) async fn signal(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = ApiCaller::of(&http, &parts, SCOPE_PUBLISH).await?;
    body::require_json(&parts.headers)?;
    let asked = Asked::<SignalDraft>::signal(&body::read(body, http.body_limits()).await?)?;
    let tenant = caller.tenant(&parts, asked.tenant.as_deref());
    let draft = asked.valid(http.engine().limits())?;
    let connections = http.engine().signal(&tenant?, &draft).await?;
    Ok(json(StatusCode::ACCEPTED, Signalled { connections }))
}

/// What is not built yet and will need the publisher's scope.
pub(super) async fn later_publishing(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    not_yet(&http, request, SCOPE_PUBLISH).await
}

/// What is not built yet and will need the administrator's scope.
pub(super) async fn later(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    not_yet(&http, request, SCOPE_ADMIN).await
}

async fn not_yet(http: &Http, request: Request, scope: &'static str) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    ApiCaller::of(http, &parts, scope).await?;
    Err(Problem::not_in_this_build())
}

/// A key that is not kept would be a promise that is not: refused, never ignored.
fn refuse_idempotency_key(parts: &Parts) -> Result<(), Problem> {
    if parts.headers.contains_key("idempotency-key") { Err(Problem::not_in_this_build()) } else { Ok(()) }
}

/// The notification's place, wherever this router is mounted.
fn location(parts: &Parts, id: NotificationId) -> HeaderValue {
    let original = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    let place = format!("{}/{id}", original.path().trim_end_matches('/'));
    // A path that came in as one, and an id: always a header's value.
    HeaderValue::try_from(place).unwrap_or_else(|_| HeaderValue::from_static("/"))
}
