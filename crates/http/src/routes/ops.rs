//! Health and metrics.

use super::json;
use crate::{Code, Http, Problem, auth::admit, failure, prometheus};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use std::time::Duration;

/// The answer of a health check.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
struct Health {
    status: Status,
}

/// How it is.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = HealthStatus))]
#[serde(rename_all = "camelCase")]
enum Status {
    Live,
    Ready,
}

fn healthy(status: Status) -> Response {
    json(StatusCode::OK, Health { status })
}

/// How long the store may take to answer before this node counts as not ready.
const STORE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// `GET /health/live`: the process answers.
pub(super) async fn live() -> Response {
    healthy(Status::Live)
}

/// `GET /health/ready`: new work is welcome here.
pub(super) async fn ready(State(http): State<Http>) -> Result<Response, Problem> {
    if http.is_draining() {
        return Err(failure::draining());
    }
    match tokio::time::timeout(STORE_ANSWERS_WITHIN, http.engine().store().check()).await {
        Ok(checked) => checked?,
        Err(_) => return Err(failure::unavailable(Code::StoreUnavailable, "The store does not answer.")),
    }
    Ok(healthy(Status::Ready))
}

/// A document as its route answers it.
#[cfg(feature = "utoipa")]
#[derive(Clone)]
pub(super) struct Document(pub(super) bytes::Bytes);

/// `GET /openapi.json`.
#[cfg(feature = "utoipa")]
pub(super) async fn openapi(axum::Extension(Document(text)): axum::Extension<Document>) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

/// `GET /metrics`, in the text format of Prometheus, or as OpenMetrics for those who name that.
pub(super) async fn metrics(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    admit(http.admin_keys(), &parts)?;
    let text = http.metrics_text().map_err(|error| {
        tracing::error!(%error, "the metrics could not be written");
        Problem::new(Code::Internal, "The metrics could not be written.")
    })?;
    let mut accepts = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    Ok(if accepts.any(prometheus::wants_open_metrics) {
        ([(CONTENT_TYPE, prometheus::OPEN_METRICS_TYPE)], text).into_response()
    } else {
        ([(CONTENT_TYPE, prometheus::TEXT_TYPE)], prometheus::text(&text)).into_response()
    })
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::Health;
    use crate::{
        openapi::{Operation, refusal, tags},
        prometheus,
    };
    use http::StatusCode;
    use serde_json::json;
    use utoipa::openapi::{ContentBuilder, Object, ResponseBuilder, Type};

    pub(in crate::routes) fn live() -> Operation {
        Operation::new(tags::OPERATIONS, "isLive", "Whether the process answers").answers::<Health>(
            StatusCode::OK,
            "It does.",
            json!({"status": "live"}),
        )
    }

    pub(in crate::routes) fn ready() -> Operation {
        Operation::new(tags::OPERATIONS, "isReady", "Whether new work is welcome here")
            .answers::<Health>(StatusCode::OK, "It is.", json!({"status": "ready"}))
            .refuses(&[refusal::NOT_READY])
    }

    pub(in crate::routes) fn openapi() -> Operation {
        let document = ContentBuilder::new().schema(Some(Object::builder().schema_type(Type::Object))).build();
        let response =
            ResponseBuilder::new().description("An OpenAPI 3.2 document.").content("application/json", document);
        Operation::new(tags::OPERATIONS, "readDocument", "This document").answers_with(StatusCode::OK, response)
    }

    pub(in crate::routes) fn metrics() -> Operation {
        let text = || ContentBuilder::new().schema(Some(Object::builder().schema_type(Type::String))).build();
        let response = ResponseBuilder::new()
            .description("All metrics, in the text format of Prometheus, or as OpenMetrics for those who name that.")
            .content(prometheus::TEXT_TYPE, text())
            .content(prometheus::OPEN_METRICS_TYPE, text());
        Operation::new(tags::OPERATIONS, "readMetrics", "Metrics, on the administrator's listener only")
            .of_administrator()
            .answers_with(StatusCode::OK, response)
    }
}
