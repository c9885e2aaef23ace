//! The application's API: publishing and signals.

use super::{draft::Asked, json};
use crate::{Http, Problem, auth::SCOPE_PUBLISH, body, idempotency};
use axum::{
    extract::{OriginalUri, Request, State},
    response::{IntoResponse, Response},
};
use campanile_core::{Draft, NotificationId, Receipt, SignalDraft};
use http::{HeaderValue, StatusCode, header::LOCATION, request::Parts};

/// What is answered to a publish.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Published {
    notification_id: NotificationId,
    recipients: usize,
    replayed: bool,
}

impl From<Receipt> for Published {
    fn from(receipt: Receipt) -> Self {
        let Receipt { notification_id, recipients, replayed } = receipt;
        Self { notification_id, recipients, replayed }
    }
}

/// What is answered to a signal.
#[derive(serde::Serialize)]
struct Signalled {
    connections: usize,
}

/// `POST /notifications`: 202 once it is durable.
pub(super) async fn publish(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_PUBLISH).await?;
    let key = idempotency::in_head(&parts.headers)?;
    body::require_json(&parts.headers)?;
    let bytes = body::read(body, http.body_bytes()).await?;
    let asked = Asked::<Draft>::publish(&bytes)?;
    let tenant = caller.tenant(&parts, asked.tenant.as_deref());
    let draft = asked.valid(http.engine().limits(), http.engine().definitions())?;
    let (tenant, key) = (tenant?, key.map(|key| idempotency::bind(key, caller.credential(), &bytes)));
    let receipt = http.engine().publish_once(&tenant, &draft, key).await?;
    let location = [(LOCATION, location(&parts, receipt.notification_id, &caller.query_for(&tenant)))];
    Ok((location, json(StatusCode::ACCEPTED, Published::from(receipt))).into_response())
}

/// `POST /signals`: 202 with the connections that were reached.
pub(super) async fn signal(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_PUBLISH).await?;
    body::require_json(&parts.headers)?;
    let asked = Asked::<SignalDraft>::signal(&body::read(body, http.body_bytes()).await?)?;
    let tenant = caller.tenant(&parts, asked.tenant.as_deref());
    let draft = asked.valid(http.engine().limits())?;
    let connections = http.engine().signal(&tenant?, &draft).await?;
    Ok(json(StatusCode::ACCEPTED, Signalled { connections }))
}

/// The notification's place, wherever this router is mounted, as this caller finds it.
fn location(parts: &Parts, id: NotificationId, query: &str) -> HeaderValue {
    let original = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    let place = format!("{}/{id}{query}", original.path().trim_end_matches('/'));
    // A path that came in as one, an id and an encoded name: always a header's value.
    HeaderValue::try_from(place).unwrap_or_else(|_| HeaderValue::from_static("/"))
}
