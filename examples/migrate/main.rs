//! From a handler written by hand over a broadcast channel (`before.rs`) to Campanile (`after.rs`). Both run here, side by side, and are told
//! the same; only one of them still knows it when a reader comes back.
//!
//! ```console
//! $ cargo example migrate
//! $ curl -N http://127.0.0.1:3000/before -H 'X-Forwarded-User: alice'
//! $ curl -N http://127.0.0.1:3000/after/stream -H 'X-Forwarded-User: alice'
//! $ curl -d user=alice -d order=42 http://127.0.0.1:3000/ship
//! ```

mod after;
mod before;

use axum::http::{HeaderMap, StatusCode};
use axum::{Form, Router, extract::State, routing::post};
use campanile::Publisher;
use std::{env, error::Error};

#[derive(serde::Deserialize)]
struct Ship {
    user: String,
    order: u32,
}

#[derive(Clone, serde::Serialize)]
struct Shipped {
    order: u32,
}

async fn ship(State((news, publisher)): State<(before::News, Publisher)>, Form(ship): Form<Ship>) -> StatusCode {
    let shipped = Shipped { order: ship.order };
    before::tell(&news, &ship.user, shipped.clone());
    let told = publisher.publish(&shipped).to_user(ship.user).await;
    told.map_or(StatusCode::UNPROCESSABLE_ENTITY, |_| StatusCode::NO_CONTENT)
}

/// A proxy in front signs people in and says who they are.
fn forwarded_user(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-forwarded-user")?.to_str().ok()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let news = before::News::new(16);
    let campanile = after::campanile().await?;
    let app = Router::new()
        .route("/ship", post(ship))
        .with_state((news.clone(), campanile.publisher()))
        .merge(before::router(news))
        .nest("/after", campanile.router());
    let listener = tokio::net::TcpListener::bind(env::var("LISTEN").unwrap_or("127.0.0.1:3000".into())).await?;
    println!("http://{}/", listener.local_addr()?);
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    Ok(campanile.serve(listener, app).with_graceful_shutdown(ctrl_c).await?)
}
