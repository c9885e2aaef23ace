//! The contenders.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{MethodRouter, get};
use axum::{Router, serve as run};
use campanile_sse::{Heartbeat, ServerSentEvents};
use futures_util::{Stream, StreamExt, stream};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

pub(crate) const CONTENDERS: [&str; 2] = ["campanile-sse `ServerSentEvents`", "axum 0.8 `Sse`"];
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(serde::Serialize)]
struct Tick {
    n: usize,
    name: &'static str,
    title: String,
    tags: [&'static str; 3],
}

type Ticks = broadcast::Sender<Arc<Tick>>;

pub(crate) async fn serve(contender: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let route = if contender == CONTENDERS[0] { get(ours) } else { get(axums) };
    run(listener, router(route)).await.unwrap();
}

fn router(route: MethodRouter<Ticks>) -> Router {
    let ticks = broadcast::channel(1024).0;
    Router::new().route("/", route).route("/publish", get(publish)).with_state(ticks)
}

/// What every stream yields, in both: the same values from the same source.
fn values(ticks: &Ticks) -> impl Stream<Item = Arc<Tick>> + Send + use<> {
    stream::unfold(ticks.subscribe(), |mut ticks| async { Some((ticks.recv().await.unwrap(), ticks)) })
}

async fn ours(State(ticks): State<Ticks>) -> ServerSentEvents<Arc<Tick>> {
    ServerSentEvents::new(values(&ticks)).heartbeat(Heartbeat::comment(HEARTBEAT))
}

async fn axums(State(ticks): State<Ticks>) -> impl IntoResponse {
    let events = values(&ticks).map(|tick| Ok::<_, Infallible>(Event::default().json_data(tick).unwrap()));
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

#[derive(serde::Deserialize)]
struct Wanted {
    times: usize,
    burst: usize,
    every: u64,
}

async fn publish(State(ticks): State<Ticks>, Query(Wanted { times, burst, every }): Query<Wanted>) {
    let mut clock = tokio::time::interval(Duration::from_millis(every));
    for n in 0..times {
        clock.tick().await;
        for _ in 0..burst {
            let title = format!("Invoice {n} of somebody was approved by somebody else");
            let tick = Tick { n, name: "invoices.approved", title, tags: ["a", "b", "c"] };
            assert!(ticks.send(Arc::new(tick)).is_ok());
        }
    }
}
