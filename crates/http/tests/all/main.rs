//! The routes from outside: by `oneshot` where a socket adds nothing, over a real one for what goes on the wire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod api_auth;
mod contract;
mod cookies;
mod cors;
mod health;
mod inbox;
mod limits;
mod logs;
mod marks;
mod publish;
mod signals;
mod stream_auth;
mod stream_wire;
mod support;
mod tickets;
