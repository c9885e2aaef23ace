//! The contract from outside: the real binary, real sockets, one test per row of `spec/protocol.md`. Nothing here knows a type of the
//! server.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as the tests themselves do"
)]

mod admin_keys;
mod answers;
mod audience;
mod batch;
mod borders;
mod browser;
mod bulk;
mod changes;
mod channels;
mod codes;
mod configuration;
mod connections;
mod counts;
mod cross_origin;
mod deadlines;
mod drain;
mod ending;
mod epochs;
mod erasure;
mod events;
mod every_answer;
mod half_open;
mod head;
mod heartbeat;
mod hostile_bodies;
mod http2;
mod http2_frames;
mod http2_hostile;
mod idempotency;
mod identity;
mod inbox;
mod injection;
mod keys;
mod later;
mod limits;
mod long_poll;
mod marks;
mod memory_budget;
mod methods;
mod openapi;
mod operations;
mod outcomes;
mod over_http2;
mod overflow;
mod paging;
mod peers;
mod position;
mod problems;
mod publish;
mod rates;
mod restart;
mod revocation;
mod scopes;
mod signals;
mod slow_readers;
mod store_away;
mod support;
mod tickets;
mod tokens;
mod topics;
mod transport;
mod watching;
mod who;
mod withdrawal;
mod write_paths;
