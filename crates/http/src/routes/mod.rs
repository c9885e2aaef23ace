//! The routes, by who uses them.

mod api;
mod batch;
mod bulk;
mod changes;
mod connections;
mod draft;
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

impl Http {
    /// The user's routes, to be nested under `/notifications`.
    pub fn user_router(&self) -> Router {
        let routes = Router::new()
            .route("/", get(list::list))
            .route("/stream", get(stream::open))
            .route("/stream/tickets", post(ticket::issue))
            .route("/counts", get(inbox::counts))
            .route("/read-all", post(marks::read_all))
            .route("/seen", post(marks::seen))
            .route("/bulk", post(bulk::change))
            .route("/changes", get(changes::read))
            .route("/{id}", get(inbox::item).delete(marks::remove))
            .route("/{id}/read", post(marks::read))
            .route("/{id}/unread", post(marks::unread))
            .route("/{id}/archive", post(marks::archive))
            .route("/{id}/unarchive", post(marks::unarchive));
        self.finish(routes.with_state(self.clone()))
    }

    /// The application's routes, to be nested under `/api`.
    pub fn api_router(&self) -> Router {
        let routes = Router::new()
            .route("/notifications", post(api::publish))
            .route("/signals", post(api::signal))
            .route("/notifications/batch", post(batch::publish))
            .route("/notifications/{id}", get(published::outcome).delete(published::withdraw))
            .route("/notifications/{id}/recipients", get(published::recipients))
            .route("/topics/{topic}/members", get(topics::members))
            .route("/topics/{topic}/members/{user}", put(topics::join).delete(topics::leave))
            .route("/connections", get(connections::list))
            .route("/connections/{id}", delete(connections::cut))
            .route("/users/{user}/connections", delete(connections::cut_user))
            .route("/users/{user}/revoke", post(users::revoke))
            .route("/users/{user}", delete(users::erase));
        self.finish(routes.with_state(self.clone()))
    }

    /// `/health/live`, `/health/ready` and `/openapi.json`, open to everybody; to be merged.
    pub fn ops_router(&self) -> Router {
        let routes = Router::new()
            .route("/health/live", known(get(ops::live)))
            .route("/health/ready", known(get(ops::ready)))
            .route("/openapi.json", known(get(ops::openapi)));
        self.wrap(routes.with_state(self.clone()))
    }

    /// `/metrics`, for the administrator's listener; to be merged. It asks for an administrator's key if there are any.
    pub fn metrics_router(&self) -> Router {
        self.wrap(Router::new().route("/metrics", known(get(ops::metrics))).with_state(self.clone()))
    }

    /// Answers whatever a router does not know with 404 and 405, and gives every answer what every answer has. For the outermost router of a
    /// server; the ones made here have it.
    pub fn finish(&self, routes: Router) -> Router {
        self.wrap(routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed))
    }

    fn wrap(&self, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(self.clone(), envelope::wrap))
    }
}

/// Routes of a router without a fallback of its own, so that it can be merged.
fn known(routes: MethodRouter<Http>) -> MethodRouter<Http> {
    routes.fallback(method_not_allowed)
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
