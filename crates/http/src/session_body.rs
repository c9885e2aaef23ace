//! A session as a response body: polled for bytes, dropped with the connection, nothing buffered between.

use bytes::Bytes;
use campanile_core::{EndReason, Resume, Session, Transport};
use http_body::{Body, Frame};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

/// The bytes of one stream. Writes the log line of its end.
pub(crate) struct SessionBody {
    session: Session,
}

impl SessionBody {
    /// Takes a session that was just opened, and writes the log line of that.
    pub(crate) fn new(session: Session, transport: Transport) -> Self {
        let (who, (resume, reset_reason)) = (session.recipient(), words(session.resume()));
        tracing::info!(
            connection = %session.id(),
            user = %who.user.as_str().escape_debug(),
            tenant = %who.tenant.as_str().escape_debug(),
            transport = transport.as_str(),
            resume,
            reset_reason,
            "stream opened"
        );
        Self { session }
    }
}

/// How it continues, and why not exactly.
pub(crate) fn words(resume: Resume) -> (&'static str, Option<&'static str>) {
    match resume {
        Resume::Fresh => ("fresh", None),
        Resume::Exact => ("exact", None),
        Resume::Reset(reason) => ("reset", Some(reason.as_str())),
    }
}

impl Body for SessionBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.session.poll_next(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl Drop for SessionBody {
    fn drop(&mut self) {
        let (stats, who) = (self.session.stats(), self.session.recipient());
        tracing::info!(
            connection = %self.session.id(),
            user = %who.user.as_str().escape_debug(),
            tenant = %who.tenant.as_str().escape_debug(),
            reason = stats.end.map_or("client", EndReason::as_str),
            events = stats.events,
            bytes = stats.bytes,
            seconds = stats.open_for.as_secs_f64(),
            "stream closed"
        );
    }
}
