//! Before: everybody's news on one channel, from which each stream picks its user's. Whoever is away, or too slow, has missed it.

use crate::{Shipped, forwarded_user};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::{Router, extract::State, routing::get};
use futures_util::{Stream, stream};
use tokio::sync::broadcast::{Receiver, Sender, error::RecvError};

pub type News = Sender<(String, Shipped)>;

pub fn router(news: News) -> Router {
    Router::new().route("/before", get(follow)).with_state(news)
}

pub fn tell(news: &News, user: &str, shipped: Shipped) {
    let _ = news.send((user.to_owned(), shipped)); // nobody listens: it is gone
}

async fn follow(
    State(news): State<News>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>, StatusCode> {
    let user = forwarded_user(&headers).ok_or(StatusCode::UNAUTHORIZED)?.to_owned();
    Ok(Sse::new(of_user(user, news.subscribe())).keep_alive(KeepAlive::default()))
}

fn of_user(user: String, news: Receiver<(String, Shipped)>) -> impl Stream<Item = Result<Event, axum::Error>> {
    stream::unfold((user, news), async |(user, mut news)| {
        loop {
            match news.recv().await {
                Ok((to, shipped)) if to == user => {
                    return Some((Event::default().event("shipped").json_data(shipped), (user, news)));
                }
                Ok(_) => {}                     // somebody else's
                Err(RecvError::Lagged(_)) => {} // lost, and nobody to ask
                Err(RecvError::Closed) => return None,
            }
        }
    })
}
