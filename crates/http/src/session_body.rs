//! A session as a response body: polled for bytes, dropped with the connection, nothing buffered between.

use bytes::Bytes;
use campanile_core::Offered;
use http_body::{Body, Frame};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

/// The bytes of one stream, unless whoever owns the socket takes the session over.
pub(crate) struct SessionBody(pub(crate) Offered);

impl Body for SessionBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_next(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
