//! Open connections as an operator sees them, and cutting them.

use super::{
    accepted, json,
    marks::require_nothing,
    paging::{Page, Paging},
    path::{self, Params},
};
use crate::{Http, Problem, auth::SCOPE_ADMIN, query};
use axum::{
    extract::{Request, State},
    response::Response,
};
use campanile_core::{Connection, ConnectionId, Cursor, Recipient, Timestamp, Transport, UserId};
use http::StatusCode;

/// An open stream, or a long poll that waits.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = Connection))]
#[serde(rename_all = "camelCase")]
struct Open {
    id: ConnectionId,
    user: String,
    tenant: String,
    /// The node that holds it.
    node: String,
    /// When it was opened.
    since: Timestamp,
    last_write_at: Timestamp,
    /// The last position it was handed; `null` while it is being opened.
    #[cfg_attr(feature = "utoipa", schema(required))]
    cursor: Option<Cursor>,
    /// How many entries of the log it was not handed yet.
    behind: u64,
    transport: Transport,
}

impl Open {
    fn of(connection: &Connection, node: &str) -> Self {
        Self {
            id: connection.id,
            user: connection.recipient.user.as_str().to_owned(),
            tenant: connection.recipient.tenant.as_str().to_owned(),
            node: node.to_owned(),
            since: connection.since,
            last_write_at: connection.last_write_at,
            cursor: connection.cursor,
            behind: connection.behind,
            transport: connection.transport,
        }
    }
}

/// `GET /connections`.
pub(super) async fn list(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    let tenant = caller.tenant(&parts, None)?;
    let mut user = None;
    let paging = Paging::<ConnectionId>::parse(
        parts.uri.query(),
        |cursor| cursor.parse().ok(),
        |name, value| match name {
            "user" => UserId::new(query::text(value)?).map(|id| user = Some(id)).map_err(|_| "must be a user's id"),
            _ => Err(query::UNKNOWN),
        },
    )?;
    // One more than asked for tells whether there is another page.
    let mut found = http.engine().list_connections(&tenant, user.as_ref(), paging.after, paging.limit + 1);
    let more = found.len() > paging.limit;
    found.truncate(paging.limit);
    let next_cursor = found.last().filter(|_| more).map(|last| last.id.to_string());
    let items: Vec<_> = found.iter().map(|connection| Open::of(connection, http.node())).collect();
    Ok(json(StatusCode::OK, Page { items, next_cursor }))
}

/// `DELETE /connections/{id}`.
pub(super) async fn cut(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    require_nothing(&http, &parts, body).await?;
    let tenant = caller.tenant(&parts, None)?;
    let found = http.engine().cut(&tenant, path::connection_id(&params)?);
    if found { Ok(accepted()) } else { Err(Problem::not_found()) }
}

/// `DELETE /users/{user}/connections`.
pub(super) async fn cut_user(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    require_nothing(&http, &parts, body).await?;
    let user = path::user(&params)?;
    http.engine().cut_user(&Recipient::new(caller.tenant(&parts, None)?, user));
    Ok(accepted())
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::Open;
    use crate::{
        auth::SCOPE_ADMIN,
        openapi::{Operation, example, refusal, tags},
    };
    use campanile_core::{ConnectionId, UserId};
    use http::StatusCode;
    use serde_json::json;

    pub(in crate::routes) fn list() -> Operation {
        let open = json!({
            "id": example::CONNECTION, "user": "u1", "tenant": "default", "node": "node-5f0c11d2", "since": example::MOMENT,
            "lastWriteAt": example::MOMENT, "cursor": example::CURSORS[1], "behind": 0, "transport": "http/2"
        });
        Operation::new(tags::ADMINISTRATION, "listConnections", "List open streams")
            .about("Of this node, long polls that wait included, in the order they were opened.")
            .of_application(SCOPE_ADMIN)
            .query::<UserId>("user", "Only this user's")
            .answers_pages::<Open>("A page of connections.", open)
    }

    pub(in crate::routes) fn cut() -> Operation {
        Operation::new(tags::ADMINISTRATION, "cutConnection", "Cut a stream")
            .about("It ends with `evicted`.")
            .of_application(SCOPE_ADMIN)
            .path::<ConnectionId>("id", "The connection")
            .empty_body()
            .answers_nothing(StatusCode::ACCEPTED, "It is cut.")
            .refuses(&[refusal::NOT_FOUND])
    }

    pub(in crate::routes) fn cut_user() -> Operation {
        Operation::new(tags::ADMINISTRATION, "cutUser", "Cut all streams of a user")
            .about("They end with `evicted`.")
            .of_application(SCOPE_ADMIN)
            .path::<UserId>("user", "The user")
            .empty_body()
            .answers_nothing(StatusCode::ACCEPTED, "They are cut.")
    }
}
