//! Health and metrics.

use super::json_text;
use crate::{Code, Http, Problem, auth::admit, failure, prometheus};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::header::{ACCEPT, CONTENT_TYPE};
use std::time::Duration;

/// How long the store may take to answer before this node counts as not ready.
const STORE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// `GET /health/live`: the process answers.
pub(super) async fn live() -> Response {
    json_text(r#"{"status":"live"}"#.into())
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
    Ok(json_text(r#"{"status":"ready"}"#.into()))
}

/// `GET /openapi.json`.
pub(super) async fn openapi() -> Problem {
    Problem::not_in_this_build()
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
