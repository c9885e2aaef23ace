//! `POST /stream/tickets`: a ticket for an `EventSource`.

use super::json;
use crate::{Http, Problem, routes::marks::require_nothing, tickets};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    ticket: String,
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
