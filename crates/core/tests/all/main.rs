//! The engine over its ports: what a stream sees, whatever happens.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod bus;
mod channel_contract;
mod channels;
mod ends;
mod limits;
mod one_rule;
mod operate;
mod races;
mod retention;
mod slow;
mod store_contract;
mod storm;
mod stream;
mod support;
