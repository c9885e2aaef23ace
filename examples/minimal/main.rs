//! A bell in an application that has users and sessions of its own.

use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use axum::response::{Html, IntoResponse, Redirect};
use axum::{Form, Router, extract::State, routing::get, routing::post};
use campanile::{AudienceDraft, AuthError, Campanile, Draft, Identity, Publisher, Sqlite, UserId};
use std::{collections::HashMap, env, error::Error, sync::Arc, sync::Mutex};

type Sessions = Arc<Mutex<HashMap<uuid::Uuid, String>>>;
type App = State<(Sessions, Publisher)>;

#[derive(serde::Deserialize)]
struct Person {
    name: String,
}

/// Who is signed in: the application's own cookie names a session, the session its user.
fn user(sessions: &Sessions, headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))?.parse().ok()?;
    sessions.lock().ok()?.get(&session).cloned()
}

async fn sign_in(State((sessions, _)): App, Form(Person { name }): Form<Person>) -> impl IntoResponse {
    let session = uuid::Uuid::new_v4();
    sessions.lock().unwrap().insert(session, name);
    ([(header::SET_COOKIE, format!("session={session}; HttpOnly; SameSite=Strict; Path=/"))], Redirect::to("/"))
}

async fn greet(State((sessions, publisher)): App, headers: HeaderMap, Form(to): Form<Person>) -> StatusCode {
    let Some(name) = user(&sessions, &headers) else { return StatusCode::UNAUTHORIZED };
    let title = Some(format!("{name} says hello"));
    let draft = Draft { title, ..Draft::new("greetings.received", AudienceDraft::users([to.name])) };
    publisher.publish(&draft).await.map_or(StatusCode::UNPROCESSABLE_ENTITY, |_| StatusCode::NO_CONTENT)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = Sessions::default();
    let known = sessions.clone();
    let campanile = Campanile::builder()
        .store(Sqlite::open("bell.db")?)
        .authenticate(move |parts: &Parts| {
            let user = user(&known, &parts.headers).ok_or(AuthError::Missing);
            async move { Ok(Identity::of(UserId::new(&user?)?)) }
        })
        .build()
        .await?;
    let app = Router::new()
        .route("/", get(async || Html(include_str!("bell.html"))))
        .route("/sign-in", post(sign_in))
        .route("/greet", post(greet))
        .nest("/notifications", campanile.router())
        .with_state((sessions, campanile.publisher()));
    let listener = tokio::net::TcpListener::bind(env::var("LISTEN").unwrap_or("127.0.0.1:3000".into())).await?;
    println!("http://{}/", listener.local_addr()?);
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    Ok(campanile.serve(listener, app).with_graceful_shutdown(ctrl_c).await?)
}
