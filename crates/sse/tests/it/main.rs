//! The codec from outside: golden fixtures, and properties over arbitrary input.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as the tests themselves do"
)]

mod allocations;
mod arbitrary;
#[cfg(feature = "client")]
mod client;
mod fixtures;
mod names;
mod reader;
#[cfg(all(feature = "axum", feature = "client"))]
mod response;
mod robustness;
mod roundtrip;
#[cfg(feature = "stream")]
mod stream;
