//! Typed streams as responses, under `axum::serve` and by themselves.

mod heartbeats;
mod items;
mod leaving;
mod log;
#[cfg(feature = "utoipa")]
mod openapi;
mod polls;
mod rig;
mod wire;

use axum::response::IntoResponse;
use bytes::Bytes;
use campanile_sse::ServerSentEvents;
use http_body_util::BodyExt;

/// The frames of a response until its end.
pub(crate) async fn frames<T>(response: ServerSentEvents<T>) -> Vec<String> {
    let mut body = response.into_response().into_body();
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(text(frame.unwrap().into_data().unwrap()));
    }
    frames
}

pub(crate) fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.into()).unwrap()
}
