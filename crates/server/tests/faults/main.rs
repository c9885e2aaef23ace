//! Publishers, people who use their inboxes, and streaming clients over real sockets, while a server and its network fail. At the end of it
//! everybody has caught up, and the oracle judges: the raw bytes that came over the streams, what was acknowledged, and every count
//! and page that was told, which has to be what the log folds to at its version.
//!
//! Streams come over HTTP/1.1 and HTTP/2, and the server writes those of HTTP/1.1 directly in one of its lives and ordinarily in the next.
//!
//! - `kill.rs`: the server is killed (SIGKILL) at random moments and restarted on the same file and address.
//! - `soak.rs`: readers stall, connections hang, crawl and are cut, bursts overflow rings, and the server is now killed and now drained. `squeeze.rs` sees to it
//!   that memory runs short in every run.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as the tests themselves do"
)]

mod clients;
mod inboxes;
mod kill;
mod life;
mod old;
mod planted;
mod publishers;
mod questions;
mod record;
mod scene;
mod schedule;
mod soak;
mod squeeze;
mod weather;

use campanile_testkit::{Answer, Request};
use std::{io, net::SocketAddr, time::Duration};

/// Sends a request to a server that may die meanwhile. `Ok(None)`: no answer came. An error: it was not even sent.
async fn send(to: SocketAddr, request: Request) -> io::Result<Option<Answer>> {
    match tokio::time::timeout(Duration::from_secs(10), request.try_send(to)).await {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(error),
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}
