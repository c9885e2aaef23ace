//! A stream as one writes it with axum: a broadcast channel per user, an `Sse` response over it. `GET /sub/USER` streams, `POST /pub/USER` publishes.
//!
//! Run as `axum-sse ADDRESS ROOM`; a reader that is more than ROOM messages behind loses some.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
    routing::{get, post},
    serve::ListenerExt,
};
use futures_util::stream::{self, Stream};
use std::{
    collections::HashMap,
    convert::Infallible,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::broadcast::{self, Sender, error::RecvError},
};

#[derive(Clone)]
struct Channels {
    by_user: Arc<Mutex<HashMap<String, Sender<Arc<str>>>>>,
    room: usize,
}

impl Channels {
    fn of(&self, user: String) -> Sender<Arc<str>> {
        let mut users = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        users.entry(user).or_insert_with(|| broadcast::channel(self.room).0).clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().ok_or("which address?")?;
    let room = args.next().ok_or("how much room?")?.parse()?;
    let channels = Channels { by_user: Arc::default(), room };
    let routes = Router::new().route("/sub/{user}", get(subscribe)).route("/pub/{user}", post(publish));
    let listener = TcpListener::bind(address).await?.tap_io(|socket| {
        let _ = socket.set_nodelay(true); // Only slower without.
    });
    Ok(axum::serve(listener, routes.with_state(channels)).await?)
}

async fn subscribe(
    State(channels): State<Channels>,
    Path(user): Path<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receiver = channels.of(user).subscribe();
    let events = stream::unfold(receiver, async |mut receiver| {
        loop {
            match receiver.recv().await {
                Ok(message) => return Some((Ok(Event::default().data(message)), receiver)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn publish(State(channels): State<Channels>, Path(user): Path<String>, body: String) -> StatusCode {
    // Without a reader there is nobody to tell.
    let _ = channels.of(user).send(body.into());
    StatusCode::ACCEPTED
}
