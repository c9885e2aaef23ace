//! The routes, by who uses them.

mod api;
mod batch;
mod bulk;
mod changes;
mod connections;
mod draft;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod inbox;
mod list;
mod marks;
mod ops;
mod paging;
mod path;
mod published;
mod stream;
mod ticket;
mod topics;
mod users;

use crate::{Code, Http, Problem, envelope};
use axum::{
    Json, Router,
    body::Body,
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use http::{Method, StatusCode};

/// A route: where it is within its router, what answers it, and how it is described.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    service: fn() -> MethodRouter<Http>,
    #[cfg(feature = "utoipa")]
    pub(crate) method: &'static str,
    #[cfg(feature = "utoipa")]
    pub(crate) about: fn() -> crate::openapi::Operation,
}

/// A handler is described by the function of the same name in its module's `about`.
macro_rules! routes {
    ($($method:ident $path:literal => $module:ident.$handler:ident;)*) => {
        &[$(Route {
            path: $path,
            service: || $method($module::$handler),
            #[cfg(feature = "utoipa")]
            method: stringify!($method),
            #[cfg(feature = "utoipa")]
            about: $module::about::$handler,
        }),*]
    };
}

/// For users.
pub(crate) const USER: &[Route] = routes! {
    get "/" => list.list;
    get "/stream" => stream.open;
    post "/stream/tickets" => ticket.issue;
    get "/counts" => inbox.counts;
    post "/read-all" => marks.read_all;
    post "/seen" => marks.seen;
    post "/bulk" => bulk.change;
    get "/changes" => changes.read;
    get "/{notificationId}" => inbox.item;
    delete "/{notificationId}" => marks.remove;
    post "/{notificationId}/read" => marks.read;
    post "/{notificationId}/unread" => marks.unread;
    post "/{notificationId}/archive" => marks.archive;
    post "/{notificationId}/unarchive" => marks.unarchive;
};

/// For applications.
pub(crate) const API: &[Route] = routes! {
    post "/notifications" => api.publish;
    post "/signals" => api.signal;
    post "/notifications/batch" => batch.publish;
    get "/notifications/{id}" => published.outcome;
    delete "/notifications/{id}" => published.withdraw;
    get "/notifications/{id}/recipients" => published.recipients;
    get "/topics/{topic}/members" => topics.members;
    put "/topics/{topic}/members/{user}" => topics.join;
    delete "/topics/{topic}/members/{user}" => topics.leave;
    get "/connections" => connections.list;
    delete "/connections/{id}" => connections.cut;
    delete "/users/{user}/connections" => connections.cut_user;
    post "/users/{user}/revoke" => users.revoke;
    delete "/users/{user}" => users.erase;
};

/// For everybody.
pub(crate) const OPS: &[Route] = routes! {
    get "/health/live" => ops.live;
    get "/health/ready" => ops.ready;
};

/// The document of all routes.
#[cfg(feature = "utoipa")]
pub(crate) const DOCUMENT: &[Route] = routes! { get "/openapi.json" => ops.openapi; };

/// For administrators.
pub(crate) const METRICS: &[Route] = routes! { get "/metrics" => ops.metrics; };

impl Http {
    /// The user's routes, to be nested under `/notifications`.
    pub fn user_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.finish(router(USER).with_state(self.clone()))
    }

    /// The application's routes, to be nested under `/api`.
    pub fn api_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.finish(router(API).with_state(self.clone()))
    }

    /// `/health/live` and `/health/ready`, open to everybody; to be merged.
    pub fn ops_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.mergeable(OPS)
    }

    /// `/openapi.json`, which answers this document; to be merged.
    #[cfg(feature = "utoipa")]
    pub fn openapi_router<S: Clone + Send + Sync + 'static>(&self, document: &utoipa::openapi::OpenApi) -> Router<S> {
        let text = ops::Document(crate::openapi::to_text(document).into());
        self.mergeable(DOCUMENT).layer(axum::Extension(text))
    }

    /// `/metrics`, for the administrator's listener; to be merged. It asks for an administrator's key if there are any.
    pub fn metrics_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.mergeable(METRICS)
    }

    /// A router without a fallback of its own.
    fn mergeable<S: Clone + Send + Sync + 'static>(&self, routes: &[Route]) -> Router<S> {
        let known = |router: Router<Self>, route: &Route| {
            router.route(route.path, (route.service)().fallback(method_not_allowed))
        };
        self.wrap(routes.iter().fold(Router::new(), known).with_state(self.clone()))
    }

    /// Answers whatever a router does not know with 404 and 405, and gives every answer what every answer has. For the outermost router of a
    /// server; the ones made here have it.
    pub fn finish<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        self.wrap(routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed))
    }

    fn wrap<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        routes.layer(middleware::from_fn_with_state(self.clone(), envelope::wrap))
    }
}

fn router(routes: &[Route]) -> Router<Http> {
    routes.iter().fold(Router::new(), |router, route| router.route(route.path, (route.service)()))
}

async fn not_found() -> Problem {
    Problem::not_found()
}

/// axum adds `Allow`.
async fn method_not_allowed(_: Method) -> Problem {
    Problem::new(Code::MethodNotAllowed, "This route does not have this method; Allow names those it has.")
}

/// 204.
fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// 202 with nothing to say.
fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

/// 200 with a JSON text made here.
fn json_text(text: String) -> Response {
    ([(http::header::CONTENT_TYPE, "application/json")], Body::from(text)).into_response()
}

/// A value as JSON with a status.
fn json(status: StatusCode, value: impl serde::Serialize) -> Response {
    (status, Json(value)).into_response()
}
