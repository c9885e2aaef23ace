//! `serve`, over real sockets: how it serves, and how it ends.

use super::SECRET;
use axum::{
    Router,
    extract::ConnectInfo,
    routing::{get, post},
};
use campanile::{AudienceDraft, Campanile, Draft, LiveOptions, MemoryStore, ShutdownOptions, serve};
use campanile_testkit::{Request, SseReader, StreamRequest, soon, token};
use serde_json::json;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

fn quick() -> ShutdownOptions {
    ShutdownOptions { window: Duration::from_millis(300), ..ShutdownOptions::default() }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn bearer() -> String {
    token::sign(SECRET.as_bytes(), &json!({"sub": "u1", "exp": token::now() + 600}))
}

fn app(campanile: &Campanile) -> Router {
    let publisher = campanile.publisher();
    let publish = async move || {
        let draft = Draft { title: Some("last".into()), ..Draft::new("t", AudienceDraft::users(["u1"])) };
        publisher.publish(&draft).await.unwrap().recipients.to_string()
    };
    let address = async |ConnectInfo(address): ConnectInfo<SocketAddr>| address.to_string();
    Router::new()
        .nest("/notifications", campanile.router())
        .merge(campanile.ops_router())
        .merge(campanile.metrics_router())
        .route("/publish", post(publish))
        .route("/address", get(address))
}

async fn stream(to: SocketAddr) -> SseReader {
    let mut stream = StreamRequest::new(to).bearer(&bearer()).open().await;
    stream.ready().await;
    stream
}

async fn ended(serving: JoinHandle<io::Result<()>>) {
    soon("the end of the server", serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_signal_ends_streams_with_a_word_then_the_server_then_the_store() {
    let building = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).shutdown_options(quick());
    let campanile = building.build().await.unwrap();
    let ((listener, to), (signal, signalled)) = (listener().await, oneshot::channel::<()>());
    let stop = async { signalled.await.unwrap_or(()) };
    let serve = campanile.serve(listener, app(&campanile)).with_graceful_shutdown(stop);
    let serving = tokio::spawn(serve.into_future());
    let mut open = stream(to).await;
    signal.send(()).unwrap();
    // Still served while streams end: what is published now arrives on them, or is in the log for whoever comes back.
    soon("leaving begins", async {
        while !campanile.engine().is_leaving() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    _ = Request::post("/publish").send(to).await.expect(200);
    assert_eq!(open.until("reconnect").await.json()["reason"], "draining");
    ended(serving).await;
    let after = Draft::new("t", AudienceDraft::users(["u1"]));
    assert!(campanile.publisher().publish(&after).await.is_err(), "the store is closed");
    assert!(TcpListener::bind(to).await.is_ok(), "the listener is closed");
}

#[tokio::test]
async fn the_token_given_to_the_builder_ends_everything_as_well() {
    let (token, cancelled) = oneshot::channel::<()>();
    let building = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).shutdown_options(quick());
    let campanile = building.shutdown(async { cancelled.await.unwrap_or(()) }).build().await.unwrap();
    let (listener, to) = listener().await;
    let serving = tokio::spawn(campanile.serve(listener, app(&campanile)).into_future());
    let mut open = stream(to).await;
    drop(campanile); // The engine, and so the token, live as long as the routes.
    token.send(()).unwrap();
    assert_eq!(open.farewell().await["reason"], "draining");
    ended(serving).await;
}

#[tokio::test]
async fn under_axum_itself_two_lines_do_the_same() {
    let (token, cancelled) = oneshot::channel::<()>();
    let building = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).shutdown_options(quick());
    let campanile = building.shutdown(async { cancelled.await.unwrap_or(()) }).build().await.unwrap();
    let (listener, to) = listener().await;
    let serving = tokio::spawn({
        let (app, campanile) = (Router::new().nest("/notifications", campanile.router()), campanile.clone());
        async move {
            let ended = axum::serve(listener, app).with_graceful_shutdown(campanile.drained()).await;
            campanile.shutdown().await;
            ended
        }
    });
    let mut open = stream(to).await;
    token.send(()).unwrap();
    assert_eq!(open.farewell().await["reason"], "draining");
    ended(serving).await;
}

#[tokio::test]
async fn an_answer_that_takes_for_ever_does_not_hold_the_end_up() {
    let options = ShutdownOptions { grace: Duration::from_millis(50), ..quick() };
    let building = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).shutdown_options(options);
    let campanile = building.build().await.unwrap();
    let app = app(&campanile).route("/never", get(async || std::future::pending::<()>().await));
    let (listener, to) = listener().await;
    let serving = tokio::spawn(campanile.serve(listener, app).into_future());
    let never = tokio::spawn(async move { Request::get("/never").try_send(to).await });
    _ = Request::get("/health/ready").send(to).await.expect(200);
    campanile.drain();
    ended(serving).await;
    assert!(never.await.unwrap().is_err(), "it was cut");
}

#[tokio::test]
async fn the_free_function_serves_several_listeners_with_options_and_leaves_the_engine_alone() {
    let campanile = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).build().await.unwrap();
    let ((first, to), (second, also)) = (listener().await, listener().await);
    let (signal, signalled) = oneshot::channel::<()>();
    let options = LiveOptions { max_uri: 64, ..LiveOptions::for_streams() };
    let serving = serve(first, app(&campanile)).listener(second).options(options);
    let stop = async { signalled.await.unwrap_or(()) };
    let serving = tokio::spawn(serving.with_graceful_shutdown(stop).into_future());
    for to in [to, also] {
        _ = Request::get(format!("/{}", "x".repeat(80))).send(to).await.expect(414);
        let address: SocketAddr = Request::get("/address").send(to).await.expect(200).text().parse().unwrap();
        assert_eq!(address.ip(), to.ip());
    }
    signal.send(()).unwrap();
    ended(serving).await;
    assert!(!campanile.engine().is_leaving());
    campanile.publisher().publish(&Draft::new("t", AudienceDraft::users(["u1"]))).await.unwrap();
}

#[tokio::test]
async fn what_a_handler_publishes_arrives_on_an_open_stream() {
    let campanile = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).build().await.unwrap();
    let (listener, to) = listener().await;
    let serving = tokio::spawn(campanile.serve(listener, app(&campanile)).into_future());
    let mut open = stream(to).await;
    _ = Request::post("/publish").send(to).await.expect(200);
    assert_eq!(open.expect("notification").await.json()["title"], "last");
    let metrics = Request::get("/metrics").send(to).await.expect(200);
    let direct = "campanile_direct_streams_total{listener=\"application\"} 1\n";
    assert!(metrics.text().contains(direct), "the stream is written past the HTTP library: {}", metrics.text());
    serving.abort();
}

#[tokio::test]
async fn a_server_that_is_dropped_keeps_nothing_and_the_engine_goes_on() {
    let campanile = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).build().await.unwrap();
    let ((listener, to), (mut signal, signalled)) = (listener().await, oneshot::channel::<()>());
    let stop = async { signalled.await.unwrap_or(()) };
    let serve = campanile.serve(listener, app(&campanile)).with_graceful_shutdown(stop);
    let serving = tokio::spawn(serve.into_future());
    let mut open = stream(to).await;
    serving.abort();
    soon("the signal is not waited for any more", signal.closed()).await;
    _ = open.to_end().await;
    assert!(!campanile.engine().is_leaving());
    campanile.publisher().publish(&Draft::new("t", AudienceDraft::users(["u1"]))).await.unwrap();
}

/// A process that has this socket, and says its name.
async fn process(name: &'static str, socket: &std::net::TcpListener) -> (Campanile, JoinHandle<io::Result<()>>) {
    let options = ShutdownOptions { hand_over: true, ..quick() };
    let building = Campanile::builder().store(MemoryStore::default()).jwt_secret(SECRET).shutdown_options(options);
    let campanile = building.build().await.unwrap();
    let app = app(&campanile).route("/name", get(async move || name));
    let listener = TcpListener::from_std(socket.try_clone().unwrap()).unwrap();
    let serving = tokio::spawn(campanile.serve(listener, app).into_future());
    (campanile, serving)
}

#[tokio::test]
async fn a_successor_with_the_same_socket_gets_everybody_who_comes_during_the_drain() {
    let socket = listener().await.0.into_std().unwrap();
    let to = socket.local_addr().unwrap();
    let (first, serving) = process("first", &socket).await;
    let mut open = stream(to).await;
    first.drain();
    soon("the drain begins", first.engine().draining()).await;
    // Nobody accepts now: who comes waits for the successor.
    let came = tokio::spawn(async move { Request::get("/name").send(to).await.expect(200).text().to_owned() });
    let (second, successor) = process("second", &socket).await;
    assert_eq!(soon("an answer", came).await.unwrap(), "second");
    assert_eq!(open.until("reconnect").await.json()["reason"], "draining");
    ended(serving).await;
    _ = stream(to).await;
    second.drain();
    ended(successor).await;
}
