//! The accept loop of Campanile: HTTP/1.1 and HTTP/2 over TCP, for routes that hold streams open.
//!
//! `axum::serve` waits without limit: for half a request head, for a body, for a reader that has stopped reading. [`Server`] drives hyper's
//! connections itself and puts a limit on everything that a peer may delay ([`LiveOptions`] says which and why), ends connections so that the
//! last byte arrives, survives running out of file descriptors, and takes listening sockets over from a predecessor
//! ([`listeners_from_env`]). There are no routes here and no TLS.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use campanile_live::{LiveOptions, Server, bind};
//!
//! # async fn example() -> std::io::Result<()> {
//! let app = Router::new().route("/", get(|| async { "hello" }));
//! let listener = bind("127.0.0.1:8080".parse().unwrap())?;
//! let stop = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
//! Server::new(LiveOptions::default()).serve([listener], app, stop).await
//! # }
//! ```
//!
//! # What a peer can do, and how long
//!
//! | a peer that | is gone after |
//! | --- | --- |
//! | connects and says nothing | [`head_timeout`](LiveOptions::head_timeout) |
//! | sends a request head, or the HTTP/2 preface, slowly | the same, from its first byte; 408 |
//! | sends a body slowly | [`body_timeout`](LiveOptions::body_timeout); the handler sees [`BodyTimeout`] |
//! | keeps a connection without a request | [`idle_timeout`](LiveOptions::idle_timeout) |
//! | stops reading while something is to be written | [`write_timeout`](LiveOptions::write_timeout) |
//! | stops reading one stream of an HTTP/2 connection | the same; that stream is reset, the others go on |
//! | goes away without a word (half-open), with a stream | the next heartbeat, plus [`write_timeout`](LiveOptions::write_timeout) |
//! | the same, with nothing on its way to it | [`keep_alive`](LiveOptions::keep_alive) plus [`write_timeout`](LiveOptions::write_timeout) |
//! | the same, over HTTP/2 | twice [`keep_alive`](LiveOptions::keep_alive) |
//!
//! The first row of those that go away without a word is the kernel's `TCP_USER_TIMEOUT`, set to the write time-out: it begins when something
//! sent is not acknowledged, or when the peer's window is closed, and so ends exactly those connections that accept no byte for that long. (Set
//! lower, it would cut readers that only pause; unset, a half-open peer is found after a quarter of an hour.) It exists on Linux and Android;
//! elsewhere such a peer is found by its system's own retransmission limit. TCP keep-alive finds those to which nothing is being sent.

mod accept;
mod activity;
mod answer;
mod bind;
mod body;
mod checks;
mod direct;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http1;
mod http2;
mod inherit;
mod io;
mod metrics;
mod options;
mod peer;
mod places;
mod refusal;
mod server;
mod sniff;
mod socket;
mod stall;
mod stats;
mod sync;
mod timer;

pub use bind::bind;
pub use body::BodyTimeout;
pub use inherit::listeners_from_env;
pub use metrics::register;
pub use options::LiveOptions;
pub use peer::PeerAddr;
pub use refusal::Refusal;
pub use server::Server;
pub use stats::LiveStats;
