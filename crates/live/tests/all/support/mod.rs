//! What the tests share: a server with a few routes, a raw client for each protocol.

mod app;
pub(crate) mod frames;
mod server;
mod streams;
mod wire;

pub(crate) use app::App;
pub(crate) use frames::{Frame, H2, flags, kind};
pub(crate) use server::{Live, brief};
pub(crate) use streams::{Streams, request};
pub(crate) use wire::{Wire, soon};
