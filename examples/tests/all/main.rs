//! Each example as its own process, over real sockets: what its page or its callers do.

mod custom_channel;
mod dashboard;
mod migrate;
mod minimal;
mod process;
mod typed_stream;
