//! How a stream ends, from either side.

use std::future::IntoFuture;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use campanile_sse::{Heartbeat, ServerSentEvents};
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::frames;
use super::rig::{clients, serve};

const SOON: Duration = Duration::from_secs(5);

/// A route whose endless stream sends on the channel when it is dropped.
fn told_when_dropped() -> (Router, mpsc::Receiver<()>) {
    struct Guard(mpsc::Sender<()>);

    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.try_send(());
        }
    }

    let (sender, dropped) = mpsc::channel(1);
    let handler = move || {
        let guard = Guard(sender.clone());
        let values = stream::iter([1]).chain(stream::pending()).map(move |n| {
            let _lives_as_long = &guard;
            n
        });
        std::future::ready(ServerSentEvents::new(values))
    };
    (Router::new().route("/", get(handler)), dropped)
}

#[tokio::test]
async fn the_stream_is_dropped_at_once_when_the_client_goes() {
    for client in clients() {
        let (app, mut dropped) = told_when_dropped();
        let address = serve(app).await;
        let mut answer = client.get(format!("http://{address}/")).send().await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 1\n\n");
        assert!(dropped.try_recv().is_err(), "not before");
        drop(answer);
        timeout(SOON, dropped.recv()).await.expect("no event has to be written to find out");
    }
}

#[tokio::test]
async fn the_end_of_the_stream_is_the_end_of_the_response_and_of_all_it_holds() {
    let (sender, mut dropped) = mpsc::channel::<()>(1);
    let values = stream::iter([1]).map(move |n| {
        let _held = &sender;
        n
    });
    let response = ServerSentEvents::new(values).heartbeat(Heartbeat::event(SOON));
    assert_eq!(frames(response).await, ["data: 1\n\n"]);
    assert!(dropped.recv().await.is_none());
}

/// Everything the router streams ends when the watched value is true.
fn endless_until(stopping: watch::Receiver<bool>) -> Router {
    let handler = move || {
        let mut stopping = stopping.clone();
        let signal = async move { drop(stopping.wait_for(|stopping| *stopping).await) };
        let values = stream::iter([1]).chain(stream::pending());
        std::future::ready(ServerSentEvents::new(values).shutdown(signal))
    };
    Router::new().route("/", get(handler))
}

#[tokio::test]
async fn a_signal_ends_the_response_cleanly_and_lets_the_server_go() {
    for client in clients() {
        let (stop, stopping) = watch::channel(false);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut stopped = stopping.clone();
        let serving = axum::serve(listener, endless_until(stopping))
            .with_graceful_shutdown(async move { drop(stopped.wait_for(|stopping| *stopping).await) });
        let serving = tokio::spawn(serving.into_future());
        let mut answer = client.get(format!("http://{address}/")).send().await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 1\n\n");
        stop.send_replace(true);
        let rest = timeout(SOON, answer.text()).await.expect("it ends");
        assert_eq!(rest.expect("without an error"), "");
        drop(client);
        timeout(SOON, serving).await.expect("nothing is left to wait for").unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_signal_ends_a_stream_that_is_always_ready_too() {
    let (stop, mut stopping) = watch::channel(false);
    let mut sent = 0;
    let values = stream::repeat_with(move || {
        sent += 1;
        if sent == 100_000 {
            stop.send_replace(true);
        }
        sent
    });
    let signal = async move { drop(stopping.wait_for(|stopping| *stopping).await) };
    let frames = frames(ServerSentEvents::new(values).shutdown(signal)).await;
    assert!(frames.concat().ends_with("\n\n"), "between two events");
}
