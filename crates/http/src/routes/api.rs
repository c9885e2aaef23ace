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
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Published {
    pub(super) notification_id: NotificationId,
    /// How many inboxes it was put into, or, live only, how many users it is for.
    pub(super) recipients: usize,
    /// Whether the idempotency key was known, and this is the first answer again.
    pub(super) replayed: bool,
}

impl From<Receipt> for Published {
    fn from(receipt: Receipt) -> Self {
        let Receipt { notification_id, recipients, replayed } = receipt;
        Self { notification_id, recipients, replayed }
    }
}

/// What is answered to a signal.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
struct Signalled {
    /// How many it reached on the answering node.
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

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::{
        super::draft::about::{PublishRequest, SignalRequest},
        Published, Signalled,
    };
    use crate::{
        auth::SCOPE_PUBLISH,
        openapi::{Operation, example, idempotency_key, refusal, tags, with_header},
    };
    use http::StatusCode;
    use serde_json::json;
    use utoipa::openapi::ResponseBuilder;

    pub(in crate::routes) fn publish() -> Operation {
        let mut operation = Operation::new(tags::PUBLISHING, "publish", "Publish a notification")
            .about("Answered once the notification and every recipient's inbox entry are on disk.")
            .of_application(SCOPE_PUBLISH)
            .header_of(
                "Idempotency-Key",
                "For 24 hours the same key and the same bytes give the first answer again",
                idempotency_key(),
            )
            .body::<PublishRequest>("The notification, and whom it is for.", example::draft())
            .refuses(&[refusal::IN_PROGRESS, refusal::INVALID_PUBLISH]);
        let published = json!({"notificationId": example::ID, "recipients": 2, "replayed": false});
        let content = operation.content::<Published>(Some(published));
        let response = ResponseBuilder::new().description("It is durable.").content("application/json", content);
        operation
            .answers_with(StatusCode::ACCEPTED, with_header(response, "Location", "Where to ask what became of it."))
    }

    pub(in crate::routes) fn signal() -> Operation {
        Operation::new(tags::PUBLISHING, "sendSignal", "Send a signal to open streams")
            .about("An event of a name of your own, to live connections only: not stored, without an id.")
            .of_application(SCOPE_PUBLISH)
            .body::<SignalRequest>(
                "The signal, and whom it is for.",
                json!({"to": {"users": ["u1"]}, "event": "order.status", "data": {"status": "packed"}, "key": "order-42"}),
            )
            .answers::<Signalled>(StatusCode::ACCEPTED, "It was sent.", json!({"connections": 3}))
    }
}
