//! The accept loop from outside, over real sockets. Time is real, so the limits are short; what must happen is waited for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod accepting;
mod bodies;
mod direct;
mod ends;
mod framing;
mod half_open;
mod heads;
mod http2;
mod http2_hostile;
mod inherited;
mod places;
mod slow_readers;
mod stalled;
mod stopping;
mod support;
