//! The client: everything that measures a server from outside, whichever it is.

pub(crate) mod connection;
pub(crate) mod crowd;
pub(crate) mod histogram;
pub(crate) mod http;
pub(crate) mod judge;
pub(crate) mod publishers;
mod reader;
pub(crate) mod stamp;
mod stream;
pub(crate) mod target;
pub(crate) mod template;
