//! Bytes on a connection of our own accept loop. What they mean does not depend on how they are cut, and every answer is one.

use crate::chunks;
use axum::{body::Body, extract::Request, response::Response};
use campanile_live::{LiveOptions, fuzzing};
use http_body_util::BodyExt;
use std::{convert::Infallible, sync::Arc, sync::Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    runtime::Builder,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// Requests as the application saw them: method, target, body (`None`: it did not come whole).
type Seen = Vec<(String, String, Option<Vec<u8>>)>;

/// Any bytes are what a peer may send.
pub(crate) fn run(data: &[u8]) {
    let whole = serve(&[data]);
    statuses(&whole.1);
    // HTTP/2 may answer in another order when its frames come one by one, and hyper says nothing more to an HTTP/1.1 peer that means it.
    if !data.windows(PREFACE.len()).any(|bytes| bytes == PREFACE) {
        let cut = serve(&chunks::drawn(data));
        assert_eq!(whole.0, cut.0, "what was asked");
        assert_eq!(statuses(&whole.1), statuses(&cut.1), "what was answered");
    }
}

/// Sends pieces and reads all that comes back.
fn serve(pieces: &[&[u8]]) -> (Seen, Vec<u8>) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let seen = Arc::new(Mutex::new(Seen::new()));
    let noted = seen.clone();
    let app = tower::service_fn(move |request| answer(request, noted.clone()));
    let (peer, here) = tokio::io::duplex(1 << 20);
    let answered = runtime.block_on(async {
        let served = fuzzing::connection(LiveOptions::default(), app, here);
        tokio::join!(served, talk(peer, pieces)).1
    });
    drop(runtime);
    let seen = std::mem::take(&mut *seen.lock().expect("no panic"));
    (seen, answered)
}

async fn talk(mut peer: DuplexStream, pieces: &[&[u8]]) -> Vec<u8> {
    for piece in pieces {
        // The server may have had enough.
        if peer.write_all(piece).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    // Whoever closes loses what is not answered yet. So the peer stays, and the server ends it when its time is over.
    let mut answered = Vec::new();
    _ = peer.read_to_end(&mut answered).await;
    answered
}

async fn answer(request: Request, seen: Arc<Mutex<Seen>>) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.ok().map(|body| body.to_bytes().to_vec());
    let status = if body.is_some() { 200 } else { 400 };
    seen.lock().expect("no panic").push((parts.method.to_string(), parts.uri.to_string(), body));
    let mut response = Response::new(Body::from("ok"));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    Ok(response)
}

/// The statuses of HTTP/1.1 answers, each with a head that is one. A head that is refused is refused: hyper looks at one that comes in
/// pieces only when its blank line is there, and so the time may be over first.
fn statuses(answered: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answered);
    let lines = text.lines().filter(|line| line.starts_with("HTTP/1."));
    let status = |line: &str| line.get(9..12).and_then(|code| code.parse::<u16>().ok()).expect("a status line");
    lines.map(status).map(|status| if matches!(status, 400 | 408 | 414 | 431) { 400 } else { status }).collect()
}
