//! What Campanile's tests share. Black box throughout: a node is the real binary as a process of its own, a client is a socket.
//!
//! - [`TestNode`] starts, kills and restarts a node, mints tokens for it, and fails the test if the node panicked or kept a stream.
//! - [`Request`] and [`Answer`] are HTTP/1.1 as bytes: what is malformed goes out as it is written.
//! - [`StreamRequest`] and [`SseReader`] open an event stream and keep every byte of it.
//! - [`TcpProxy`] stands between the two and hangs, cuts or slows the connection.
//! - [`Spec`] judges answers and events by the OpenAPI document.
//! - [`Oracle`] judges, from wire bytes alone, whether anything was lost, repeated or reordered.
//!
//! Helpers of tests fail as tests do, by panicking, with what was received so far in the message.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as the tests themselves do"
)]

mod answer;
mod node;
mod oracle;
mod proxy;
mod reader;
mod request;
mod spec;
mod stream;
pub mod token;
mod way;
mod wire;

pub use answer::Answer;
pub use node::{NodeBuilder, Sockets, TestNode};
pub use oracle::{Asked, Client, Connection, Mark, Oracle, PageQuery, State, Told, Verdict, Violation, ViolationKind};
pub use proxy::{Cut, TcpProxy};
pub use reader::{End, Event, Next, Ready, SseReader};
pub use request::Request;
pub use spec::{Operation, Seen, Spec};
pub use stream::StreamRequest;
pub use way::Way;
pub use wire::{Head, Socket};

use std::time::Duration;

/// How long anything that must happen may take. Generous: it is only ever waited out by a test that fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen.
///
/// # Panics
///
/// If it does not within [`PATIENCE`].
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain: {what}"),
    }
}
