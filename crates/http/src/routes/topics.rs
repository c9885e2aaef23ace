//! Topics: names under which users are gathered.

use super::{
    done, json,
    marks::require_nothing,
    paging::{Page, Paging, write_name},
    path::{self, Params},
};
use crate::{Http, Problem, auth::SCOPE_ADMIN};
use axum::{
    extract::{Request, State},
    response::Response,
};
use campanile_core::{Recipient, UserId};
use http::StatusCode;

/// A member of a topic.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
struct Member {
    user: String,
}

/// `PUT /topics/{topic}/members/{user}`.
pub(super) async fn join(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    set_member(&http, &params, request, true).await
}

/// `DELETE /topics/{topic}/members/{user}`.
pub(super) async fn leave(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    set_member(&http, &params, request, false).await
}

async fn set_member(http: &Http, params: &Params, request: Request, member: bool) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    require_nothing(http, &parts, body).await?;
    let (topic, user) = (path::topic(params)?, path::user(params)?);
    let who = Recipient::new(caller.tenant(&parts, None)?, user);
    http.engine().set_member(&topic, &who, member).await?;
    Ok(done())
}

/// `GET /topics/{topic}/members`.
pub(super) async fn members(State(http): State<Http>, params: Params, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = http.application(&parts, SCOPE_ADMIN).await?;
    let (topic, tenant) = (path::topic(&params)?, caller.tenant(&parts, None)?);
    let paging = Paging::<UserId>::by_name(parts.uri.query())?;
    let page = http.engine().members(&tenant, &topic, paging.after, paging.limit).await?;
    let next_cursor = page.items.last().filter(|_| page.more).map(write_name);
    let items: Vec<_> = page.items.iter().map(|user| Member { user: user.as_str().to_owned() }).collect();
    Ok(json(StatusCode::OK, Page { items, next_cursor }))
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::Member;
    use crate::{
        auth::SCOPE_ADMIN,
        openapi::{Operation, refusal, tags},
    };
    use campanile_core::{Topic, UserId};
    use http::StatusCode;
    use serde_json::json;

    fn member(id: &str, summary: &str) -> Operation {
        Operation::new(tags::ADMINISTRATION, id, summary)
            .of_application(SCOPE_ADMIN)
            .path::<Topic>("topic", "The topic")
            .path::<UserId>("user", "The user")
            .empty_body()
            .answers_nothing(StatusCode::NO_CONTENT, "It is so, whether or not it was before.")
    }

    pub(in crate::routes) fn join() -> Operation {
        member("joinTopic", "Make a user a member of a topic")
    }

    pub(in crate::routes) fn leave() -> Operation {
        member("leaveTopic", "Take a user out of a topic")
    }

    pub(in crate::routes) fn members() -> Operation {
        Operation::new(tags::ADMINISTRATION, "listMembers", "The members of a topic")
            .of_application(SCOPE_ADMIN)
            .path::<Topic>("topic", "The topic")
            .answers_pages::<Member>("A page of members, by name.", json!({"user": "u1"}))
            .refuses(&[refusal::BAD_REQUEST])
    }
}
