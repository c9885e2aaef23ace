//! The program as its users meet it: the real binary, real sockets, real signals.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail their test")]

mod backup;
mod completions;
mod config;
mod configuration;
mod dev;
mod drain;
mod help;
mod http;
mod https;
mod inherited;
mod keys;
mod openapi;
mod publish;
mod rig;
mod start;
mod store;
mod tail;
mod token;
