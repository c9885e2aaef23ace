//! Channels of one's own: a chat that is told by a webhook, and a pager whose other end never answers and so delays nobody but itself.
//!
//! ```console
//! $ cargo example custom_channel
//! $ curl -d 'what=disk is full' http://127.0.0.1:3000/alerts
//! $ curl http://127.0.0.1:3000/chat/ops http://127.0.0.1:3000/metrics
//! ```

mod chat;
mod rooms;

use axum::http::{StatusCode, request::Parts};
use axum::{Form, Router, extract::State, routing::post};
use campanile::{
    AuthError, BoxFuture, Campanile, Channel, ChannelOptions, DeliveryBatch, IN_APP, Identity, MemoryStore,
    NotificationType, Outcome, Publisher, Severity, UserId,
};
use std::{env, error::Error, future::pending, time::Duration};

#[derive(serde::Serialize, serde::Deserialize)]
struct Alert {
    what: String,
}

impl NotificationType for Alert {
    type Data = Self;
    const NAME: &'static str = "ops.alert";
    const SEVERITY: Severity = Severity::Error;
    const CHANNELS: &'static [&'static str] = &[IN_APP, chat::NAME, "pager"];

    fn data(&self) -> &Self {
        self
    }

    fn title(&self) -> Option<String> {
        Some(format!("Alert: {}", self.what))
    }
}

/// Takes everything, and is never done with it. In the end it is given up.
struct Pager;

impl Channel for Pager {
    fn name(&self) -> &str {
        "pager"
    }

    fn deliver<'a>(&'a self, _: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(pending())
    }
}

async fn alert(State(publisher): State<Publisher>, Form(alert): Form<Alert>) -> StatusCode {
    let published = publisher.publish(&alert).to_users(["alice", "bob", "carol"]).await;
    published.map_or(StatusCode::UNPROCESSABLE_ENTITY, |_| StatusCode::NO_CONTENT)
}

/// A proxy in front signs people in and says who they are.
async fn forwarded(parts: &Parts) -> Result<Identity, AuthError> {
    let user = parts.headers.get("x-forwarded-user").ok_or(AuthError::Missing)?;
    Ok(Identity::of(UserId::new(user.to_str().map_err(|_| AuthError::Invalid)?)?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind(env::var("LISTEN").unwrap_or("127.0.0.1:3000".into())).await?;
    let here = format!("http://{}", listener.local_addr()?);
    let patience = ChannelOptions { timeout: Duration::from_millis(500), attempts: 2, ..ChannelOptions::default() };
    let campanile = Campanile::builder()
        .store(MemoryStore::default())
        .authenticate(forwarded)
        .channel(chat::Chat::new(&here, [("alice", "ops"), ("bob", "closed")])?) // carol has no room
        .channel_with(Pager, patience)
        .build()
        .await?;
    let app = Router::new()
        .route("/alerts", post(alert))
        .with_state(campanile.publisher())
        .nest("/notifications", campanile.router())
        .nest("/chat", rooms::router())
        .merge(campanile.metrics_router()); // here everybody may read them: in earnest a listener of its own, or HttpOptions::admin_keys
    println!("{here}/");
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    Ok(campanile.serve(listener, app).with_graceful_shutdown(ctrl_c).await?)
}
