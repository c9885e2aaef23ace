//! The routes from outside: by `oneshot` where a socket adds nothing, over a real one for what goes on the wire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod api_auth;
mod audiences;
mod batch;
mod bulk;
mod changes;
mod connections;
mod contract;
mod cookies;
mod cors;
mod health;
mod held;
mod idempotency;
mod inbox;
mod limits;
mod logs;
mod marks;
mod openapi;
mod publish;
mod published;
mod rates;
mod signals;
mod stream_auth;
mod stream_wire;
mod support;
mod tickets;
mod topics;
mod users;
