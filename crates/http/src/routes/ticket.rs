//! `POST /stream/tickets`: a ticket for an `EventSource`.

use super::json;
use crate::{Http, Problem, routes::marks::require_nothing, tickets};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;

/// A ticket, good for one stream.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = Ticket))]
#[serde(rename_all = "camelCase")]
struct Issued {
    ticket: String,
    /// In seconds.
    expires_in: u64,
}

/// Issues a ticket bound to the caller.
pub(super) async fn issue(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let identity = http.user(&parts).await?;
    require_nothing(&http, &parts, body).await?;
    let ticket = http.tickets().issue(identity)?;
    Ok(json(StatusCode::CREATED, Issued { ticket, expires_in: tickets::LIFETIME.as_secs() }))
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::Issued;
    use crate::openapi::{Operation, refusal, tags};
    use http::StatusCode;
    use serde_json::json;

    pub(in crate::routes) fn issue() -> Operation {
        let issued = json!({"ticket": "fW2c0mYxTq1o7cV9b3mJ4yQhG5nS8dLk", "expiresIn": 30});
        Operation::new(tags::STREAM, "issueTicket", "Get a ticket for a stream")
            .about("For an `EventSource`, which cannot set headers: good for one stream of the caller, which ends when the caller's token does.")
            .of_user()
            .empty_body()
            .answers::<Issued>(StatusCode::CREATED, "The ticket.", issued)
            .refuses(&[refusal::TOO_MANY_TICKETS, refusal::NO_TICKET])
    }
}
