//! A dashboard that is always up to date: figures go to every open page as signals, live only and never stored. Of a slow page's figures only
//! the newest is kept for it, because they have a key.
//!
//! ```console
//! $ cargo example dashboard
//! $ curl -d orders=41 http://127.0.0.1:3000/figures
//! ```

use axum::http::{StatusCode, request::Parts};
use axum::{Form, Router, extract::State, response::Html, routing::get};
use campanile::{AudienceDraft, Campanile, Identity, Json, MemoryStore, Publisher, SignalDraft, SseOptions, UserId};
use std::{collections::BTreeMap, env, error::Error};

type Figures = BTreeMap<String, f64>;

/// Whoever measures something posts it here.
async fn measured(State(publisher): State<Publisher>, Form(figures): Form<Figures>) -> Result<String, StatusCode> {
    let mut reached = 0;
    for (name, value) in figures {
        reached = publisher.signal(&figure(name, value)).await.map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    }
    Ok(format!("{reached} pages\n"))
}

fn figure(name: String, value: f64) -> SignalDraft {
    let data = Json::of(&serde_json::json!({ "name": name, "value": value })).ok();
    let to = AudienceDraft::Everyone { except: Vec::new() };
    SignalDraft { to, event: "figure".into(), data, key: Some(name) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let campanile = Campanile::builder()
        .store(MemoryStore::default()) // signals are never stored: there is nothing to lose
        .authenticate(async |_: &Parts| Ok(Identity::of(UserId::new("wall")?))) // no sign-in: everybody may look
        .sse(SseOptions { max_connections_per_user: 1_000, ..SseOptions::default() })
        .build()
        .await?;
    let app = Router::new()
        .route("/", get(async || Html(include_str!("dashboard.html"))))
        .route("/figures", axum::routing::post(measured))
        .nest("/notifications", campanile.router())
        .with_state(campanile.publisher());
    let listener = tokio::net::TcpListener::bind(env::var("LISTEN").unwrap_or("127.0.0.1:3000".into())).await?;
    println!("http://{}/", listener.local_addr()?);
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    Ok(campanile.serve(listener, app).with_graceful_shutdown(ctrl_c).await?)
}
