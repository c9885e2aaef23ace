//! The channel: posts the notification to the recipient's room, and says honestly what became of it.

use axum::http::{StatusCode, header};
use campanile::{BoxFuture, Channel, DeliveryBatch, Outcome, Recipient};
use futures_util::future::join_all;
use std::{collections::HashMap, time::Duration};

pub const NAME: &str = "chat";
/// How long a room may take, and how long we wait before we ask one again that could not.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

pub struct Chat {
    http: reqwest::Client,
    rooms: HashMap<String, String>,
}

impl Chat {
    /// `rooms` are users with their rooms at `server`.
    pub fn new<const N: usize>(server: &str, rooms: [(&str, &str); N]) -> reqwest::Result<Self> {
        // reqwest is built without a choice of cryptography here; it is the application's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let rooms = rooms.map(|(user, room)| (user.into(), format!("{server}/chat/{room}")));
        Ok(Self { http: reqwest::Client::builder().timeout(PATIENCE).build()?, rooms: rooms.into() })
    }

    async fn tell(&self, recipient: &Recipient, text: &str) -> Outcome {
        let Some(room) = self.rooms.get(recipient.user.as_str()) else {
            return Outcome::Skipped("has no room".into());
        };
        let post = self.http.post(room).header(header::CONTENT_TYPE, "application/json").body(text.to_owned());
        match post.send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Outcome::Delivered { reached: 1 },
            Ok(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) | Err(_) => {
                Outcome::Transient { retry_after: PAUSE }
            }
            Ok(status) => Outcome::Permanent(format!("the room says {status}")),
        }
    }
}

impl Channel for Chat {
    fn name(&self) -> &str {
        NAME
    }

    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        let tell = |recipient| self.tell(recipient, &batch.notification.body);
        Box::pin(join_all(batch.recipients.iter().map(tell)))
    }
}
