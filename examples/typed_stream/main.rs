//! A log that everybody can follow: a stream of values as a response, with ids, a position to go on from, heartbeats, and an end.
//! There is no engine here, only `campanile-sse`.
//!
//! ```console
//! $ cargo example typed_stream
//! $ curl -d 'hello' http://127.0.0.1:3000/lines
//! $ curl -N http://127.0.0.1:3000/lines -H 'Last-Event-ID: 1'
//! ```

use axum::{Router, extract::State, http::StatusCode, routing::get};
use campanile_sse::{EventId, EventIdError, EventName, Heartbeat, LastEventId, ServerSentEvents, SseItem};
use futures_util::{Stream, stream};
use std::{env, error::Error, time::Duration};
use tokio::{net::TcpListener, signal, sync::watch};

const LINE: EventName = EventName::from_static("line");
const HEARTBEAT: Duration = Duration::from_secs(1);

#[derive(Clone, serde::Serialize)]
struct Line {
    text: String,
}

/// All lines, whoever waits for the next one, and whether this is the end.
#[derive(Clone)]
struct App {
    lines: watch::Sender<Vec<Line>>,
    stopping: watch::Receiver<bool>,
}

async fn append(State(app): State<App>, text: String) -> StatusCode {
    app.lines.send_modify(|lines| lines.push(Line { text }));
    StatusCode::NO_CONTENT
}

async fn follow(State(mut app): State<App>, last: LastEventId) -> ServerSentEvents<Line> {
    let lines = app.lines.subscribe();
    let sent = lines.borrow().len();
    // An id that we have never sent is no error: whoever brings it begins at the beginning. (After a restart of this process that is every
    // id that is larger than ours. A smaller one is taken for ours: an id of another life is only recognised if it says which, as Campanile's do.)
    let seen = last.id().and_then(|id| id.as_str().parse().ok()).filter(|seen| *seen <= sent).unwrap_or(0);
    ServerSentEvents::new(after(seen, lines)).heartbeat(Heartbeat::event(HEARTBEAT)).shutdown(async move {
        let _ = app.stopping.wait_for(|stopping| *stopping).await;
    })
}

/// The lines behind the first `seen`, and every one that comes.
fn after(seen: usize, lines: watch::Receiver<Vec<Line>>) -> impl Stream<Item = Result<SseItem<Line>, EventIdError>> {
    stream::unfold((seen, lines), async |(seen, mut lines)| {
        let line = lines.wait_for(|lines| lines.len() > seen).await.ok()?[seen].clone();
        Some((numbered(seen + 1, line), (seen + 1, lines)))
    })
}

fn numbered(n: usize, line: Line) -> Result<SseItem<Line>, EventIdError> {
    Ok(SseItem { id: Some(EventId::parse(&n.to_string())?), name: Some(LINE), ..SseItem::from(line) })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (stop, stopping) = watch::channel(false);
    let app = App { lines: watch::Sender::default(), stopping };
    let routes = Router::new().route("/lines", get(follow).post(append)).with_state(app);

    let listener = TcpListener::bind(env::var("LISTEN").unwrap_or("127.0.0.1:3000".into())).await?;
    println!("http://{}/lines", listener.local_addr()?);
    let leaving = async move {
        let _ = signal::ctrl_c().await;
        let _ = stop.send(true); // or the server would wait for its streams for ever
    };
    axum::serve(listener, routes).with_graceful_shutdown(leaving).await?;
    Ok(())
}
