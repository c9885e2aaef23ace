//! The other end, in place of a real chat: one room that is busy the first time that it is asked, and none else.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::Value;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Ops {
    asked: Arc<Mutex<u32>>,
    titles: Arc<Mutex<Vec<Value>>>,
}

pub fn router() -> Router {
    Router::new().route("/ops", get(read).post(write)).with_state(Ops::default())
}

async fn read(State(ops): State<Ops>) -> Json<Vec<Value>> {
    Json(ops.titles.lock().unwrap().clone())
}

async fn write(State(ops): State<Ops>, Json(mut notification): Json<Value>) -> StatusCode {
    let mut asked = ops.asked.lock().unwrap();
    *asked += 1;
    if *asked == 1 {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    ops.titles.lock().unwrap().push(notification["title"].take());
    StatusCode::NO_CONTENT
}
