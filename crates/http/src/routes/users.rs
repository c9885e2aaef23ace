//! What an operator does about one user: revoking credentials, erasing.

use super::{
    accepted,
    marks::require_nothing,
    path::{self, Params},
};
use crate::{
    Http, Problem,
    auth::SCOPE_ADMIN,
    body,
    json::{self, Object},
    moment,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use campanile_core::{Fault, Recipient, Timestamp};

/// `POST /users/{user}/revoke`.
pub(super) async fn revoke(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    body::require_json(&parts.headers)?;
    let asked = Revocation::parse(&body::read(body, http.body_bytes()).await?)?;
    let user = path::user(&params)?;
    let who = Recipient::new(caller.tenant(&parts, asked.tenant.as_deref())?, user);
    http.engine().revoke(&who, asked.issued_before).await?;
    Ok(accepted())
}

/// What is asked for.
pub(super) struct Revocation {
    pub(super) issued_before: Timestamp,
    pub(super) tenant: Option<String>,
}

impl Revocation {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let Some(mut object) = Object::parse(json::text(body)?, "", &mut faults) else { return Err(faults.into()) };
        let text = object.required("issuedBefore", &mut faults);
        let issued_before = moment::parse(&text);
        if issued_before.is_none() && !faults.iter().any(|fault| fault.pointer == "/issuedBefore") {
            faults.push(Fault::new("/issuedBefore", "must be a time such as 2026-01-31T12:00:00Z (RFC 3339)"));
        }
        let tenant = object.string("tenant", &mut faults);
        object.finish(&mut faults);
        match issued_before {
            Some(issued_before) if faults.is_empty() => Ok(Self { issued_before, tenant }),
            _ => Err(faults.into()),
        }
    }
}

/// `DELETE /users/{user}`.
pub(super) async fn erase(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    require_nothing(&http, &parts, body).await?;
    let user = path::user(&params)?;
    // Whether there was anything to erase makes no difference: afterwards there is nothing.
    http.engine().erase(&Recipient::new(caller.tenant(&parts, None)?, user)).await?;
    Ok(accepted())
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use crate::{
        auth::SCOPE_ADMIN,
        openapi::{Operation, example, tags},
    };
    use campanile_core::{Timestamp, UserId};
    use http::StatusCode;
    use serde_json::json;

    /// Which tokens of a user are no longer good.
    #[derive(utoipa::ToSchema, serde::Serialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct RevokeRequest {
        /// Those issued earlier, and those that do not say when they were.
        issued_before: Timestamp,
        tenant: Option<String>,
    }

    pub(in crate::routes) fn revoke() -> Operation {
        Operation::new(tags::ADMINISTRATION, "revokeTokens", "Revoke a user's tokens")
            .about("They are 401 from now on, and their streams end with `revoked`. The latest moment counts.")
            .of_application(SCOPE_ADMIN)
            .path::<UserId>("user", "The user")
            .body::<RevokeRequest>("Which ones.", json!({"issuedBefore": example::MOMENT}))
            .answers_nothing(StatusCode::ACCEPTED, "They are revoked.")
    }

    pub(in crate::routes) fn erase() -> Operation {
        Operation::new(tags::ADMINISTRATION, "eraseUser", "Erase a user")
            .about("Inbox, log and memberships; open streams end with `revoked`. A later visit begins a new log.")
            .of_application(SCOPE_ADMIN)
            .path::<UserId>("user", "The user")
            .empty_body()
            .answers_nothing(StatusCode::ACCEPTED, "There is nothing left, if there ever was anything.")
    }
}
