//! The OpenAPI document (3.2), made from the table of routes and from the types that go over the wire.
//!
//! Every router has a document of its own. Nest the router somewhere, tell its document where, and merge that into yours:
//!
//! ```
//! use campanile_http::openapi;
//! # let mine = utoipa::openapi::OpenApi::default();
//! let mine = mine.merge_from(openapi::user("/notifications")); // beside .nest("/notifications", http.user_router())
//! # assert!(mine.paths.get_path_item("/notifications/stream").is_some());
//! ```
//!
//! [`document`] is all of them, as the server serves it.

pub(crate) mod example;
mod operation;
pub(crate) mod refusal;

pub(crate) use operation::{Operation, idempotency_key, number, one_of, with_header};

use crate::{
    Problem,
    routes::{self, Route},
};
use operation::{ADMIN_KEY, ADMIN_KEY_BEARER, API_KEY, API_KEY_BEARER, COOKIE, Described, TICKET, TOKEN};
use utoipa::openapi::{
    Components, InfoBuilder, License, OpenApi, OpenApiBuilder, OpenApiVersion, PathItem, Paths, RefOr, Server, Tag,
    path::Operation as PathOperation,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};
use utoipa::{PartialSchema, ToSchema};

/// What the tags are called; their texts are in [`tag`].
pub(crate) mod tags {
    pub(crate) const STREAM: &str = "stream";
    pub(crate) const INBOX: &str = "inbox";
    pub(crate) const PUBLISHING: &str = "publishing";
    pub(crate) const ADMINISTRATION: &str = "administration";
    pub(crate) const OPERATIONS: &str = "operations";
}

const ABOUT: &str = "\
Notifications, published once, kept in each recipient's inbox, and delivered live over Server-Sent Events, with nothing lost and nothing \
repeated across reconnects.

Errors are `application/problem+json` (RFC 9457) with a stable `code`. A path that is not described here is 404 (`not-found`), a method that \
is not is 405 (`method-not-allowed`, with `Allow`). HEAD is answered wherever GET is, with the same head and no body. `OPTIONS` is answered \
to CORS preflights of listed origins.

What can be configured (limits, the cookie's name, who has which keys) is described with its default.";

/// The document of [`Http::user_router`](crate::Http::user_router), nested at `at`, such as `/notifications`.
#[must_use]
pub fn user(at: &str) -> OpenApi {
    let tags = [
        tag(
            tags::STREAM,
            "The event stream, and what stands in for it",
            "Everything that happens to a user's inbox, as it happens.",
        ),
        tag(tags::INBOX, "A user's inbox", "What a user was notified of, and what became of it."),
    ];
    part(routes::USER, at, tags, &[TOKEN, COOKIE, TICKET])
}

/// The document of [`Http::api_router`](crate::Http::api_router), nested at `at`, such as `/api`.
#[must_use]
pub fn api(at: &str) -> OpenApi {
    let tags = [
        tag(tags::PUBLISHING, "Publishing", "For applications: notifications, signals, and what became of them."),
        tag(tags::ADMINISTRATION, "Administration", "For applications with all rights: topics, connections, users."),
    ];
    part(routes::API, at, tags, &[TOKEN, API_KEY, API_KEY_BEARER])
}

/// The document of [`Http::ops_router`](crate::Http::ops_router), [`Http::openapi_router`](crate::Http::openapi_router) and
/// [`Http::metrics_router`](crate::Http::metrics_router), merged.
#[must_use]
pub fn ops() -> OpenApi {
    let tags = [tag(tags::OPERATIONS, "Operations", "For whoever runs the server.")];
    let all = routes::OPS.iter().chain(routes::DOCUMENT).chain(routes::METRICS);
    part(all, "", tags, &[ADMIN_KEY, ADMIN_KEY_BEARER])
}

/// The document of everything, with the routes for users at `{base_path}/notifications` and those for applications at `{base_path}/api`.
///
/// Its paths are whole: they begin at the server's root, wherever the document itself was found.
#[must_use]
pub fn document(base_path: &str) -> OpenApi {
    let mut license = License::new("MIT or Apache-2.0");
    license.identifier = Some("MIT OR Apache-2.0".into());
    let info = InfoBuilder::new()
        .title("Campanile")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license));
    let empty = OpenApiBuilder::new().openapi(OpenApiVersion::Version32).info(info).servers(Some([Server::new("/")]));
    empty
        .build()
        .merge_from(user(&format!("{base_path}/notifications")))
        .merge_from(api(&format!("{base_path}/api")))
        .merge_from(ops())
}

/// The document as text: what `/openapi.json` answers.
#[must_use]
pub fn to_text(document: &OpenApi) -> String {
    // Strings, numbers and maps by strings always serialise.
    document.to_pretty_json().unwrap_or_default() + "\n"
}

fn part<'a>(
    routes: impl IntoIterator<Item = &'a Route>,
    at: &str,
    tags: impl IntoIterator<Item = Tag>,
    schemes: &[&str],
) -> OpenApi {
    let (mut paths, mut components) = (Paths::new(), Components::new());
    let mut problem = vec![(Problem::name().into(), Problem::schema())];
    Problem::schemas(&mut problem);
    components.schemas.extend(problem);
    for route in routes {
        let Described { operation, schemas, refusals, head } = (route.about)().described();
        let item = paths.paths.entry(format!("{at}{}", route.path.trim_end_matches('/'))).or_default();
        if head {
            item.head = Some(without_content(operation.clone()));
        }
        *method(item, route.method) = Some(operation);
        components.schemas.extend(schemas);
        components.responses.extend(refusals.iter().map(|refusal| (refusal.name.into(), refusal.response().into())));
    }
    components.security_schemes.extend(schemes.iter().map(|name| ((*name).into(), scheme(name).into())));
    OpenApiBuilder::new().paths(paths).components(Some(components)).tags(Some(tags)).build()
}

fn method<'a>(item: &'a mut PathItem, method: &str) -> &'a mut Option<PathOperation> {
    match method {
        "post" => &mut item.post,
        "put" => &mut item.put,
        "delete" => &mut item.delete,
        _ => &mut item.get,
    }
}

/// GET's operation as HEAD's.
fn without_content(mut operation: PathOperation) -> PathOperation {
    operation.operation_id = operation.operation_id.map(|id| format!("{id}Head"));
    operation.summary = Some("What GET would answer, without its body".into());
    operation.description = None;
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.clear();
        }
    }
    operation
}

fn tag(name: &str, summary: &str, description: &str) -> Tag {
    TagBuilder::new().name(name).summary(Some(summary)).description(Some(description)).build()
}

fn scheme(name: &str) -> SecurityScheme {
    const TOKENS: &str = "A JWT: of a user by its `sub` (or another claim that is configured), of an application by its space-separated \
        `scope`, which has `notifications:publish` or `notifications:admin`.";
    const COOKIES: &str =
        "A user's token in a cookie. Its name is configurable. Pages of foreign origins cannot use it.";
    match name {
        COOKIE => SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("campanile_token", COOKIES))),
        TICKET => {
            key(ApiKey::Query, "ticket", "A ticket, good for one stream: for an `EventSource`, which sets no headers.")
        }
        API_KEY => key(ApiKey::Header, "X-Api-Key", "An application's key: all scopes, any tenant."),
        ADMIN_KEY => key(ApiKey::Header, "X-Api-Key", "An administrator's key."),
        API_KEY_BEARER => bearer("An application's key: all scopes, any tenant."),
        ADMIN_KEY_BEARER => bearer("An administrator's key."),
        _ => {
            let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(TOKENS));
            SecurityScheme::Http(http.build())
        }
    }
}

fn key(place: fn(ApiKeyValue) -> ApiKey, name: &str, about: &str) -> SecurityScheme {
    SecurityScheme::ApiKey(place(ApiKeyValue::with_description(name, about)))
}

fn bearer(about: &str) -> SecurityScheme {
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about)).build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_two_schemas_share_a_name() {
        let mut named = HashMap::new();
        for route in [routes::USER, routes::API, routes::OPS, routes::DOCUMENT, routes::METRICS].into_iter().flatten() {
            for (name, schema) in (route.about)().described().schemas {
                let schema = serde_json::to_value(schema).unwrap();
                let first = named.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(*first, schema, "{name}");
            }
        }
    }
}
