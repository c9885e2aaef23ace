//! A stream over HTTP/1.1 ends with its connection: no `Transfer-Encoding`, no chunks between its events.
//!
//! hyper leaves a body without a length undivided only in an HTTP/1.0 response, so the stream's response says 1.0. That is valid under any
//! server, but the honest version is ours: whoever owns the connection wraps it in [`CloseDelimited`], which writes `HTTP/1.1` into that one
//! status line, and puts the wrapper's [`DelimitTag`] into the extensions of the connection's requests.

use http::{HeaderValue, Version, header::CONNECTION, request::Parts};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const FROM: &[u8] = b"HTTP/1.0 200 OK\r\n";
const TO: &[u8] = b"HTTP/1.1 200 OK\r\n";

/// Tells a connection that its next response is a stream. Goes into the extensions of the connection's requests.
#[derive(Clone, Debug, Default)]
pub struct DelimitTag(Arc<AtomicBool>);

/// Lets a stream's response end with its connection, as far as the transport needs that.
pub(crate) fn by_close<B>(parts: &Parts, response: &mut http::Response<B>) {
    if parts.version > Version::HTTP_11 {
        return;
    }
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    *response.version_mut() = Version::HTTP_10;
    if let Some(tag) = parts.extensions.get::<DelimitTag>().filter(|_| parts.version == Version::HTTP_11) {
        tag.0.store(true, Ordering::Release);
    }
}

/// A connection whose streams say `HTTP/1.1` in their status line. Everything else passes through.
#[derive(Debug)]
pub struct CloseDelimited<T> {
    io: T,
    tag: DelimitTag,
    /// How much of the status line is written.
    written: usize,
}

impl<T> CloseDelimited<T> {
    /// Wraps a connection.
    pub fn new(io: T) -> Self {
        Self { io, tag: DelimitTag::default(), written: 0 }
    }

    /// What belongs into the extensions of each of its requests.
    #[must_use]
    pub fn tag(&self) -> DelimitTag {
        self.tag.clone()
    }

    /// The connection itself.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// The connection itself.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    /// The rest of the status line to be written in place of what `next` begins with.
    fn replacement(&self, next: &[u8]) -> Option<&'static [u8]> {
        if !self.tag.0.load(Ordering::Acquire) {
            return None;
        }
        next.starts_with(FROM.get(self.written..)?).then(|| TO.get(self.written..))?
    }

    fn advance(&mut self, by: usize) {
        self.written += by;
        if self.written >= TO.len() {
            self.written = 0;
            self.tag.0.store(false, Ordering::Release);
        }
    }
}

impl<T: AsyncWrite + Unpin> CloseDelimited<T> {
    fn poll_status_line(
        &mut self,
        cx: &mut Context<'_>,
        line: &'static [u8],
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut all = Vec::with_capacity(bufs.len() + 1);
        all.push(IoSlice::new(line));
        all.extend(bufs.first().and_then(|first| first.get(line.len()..)).map(IoSlice::new));
        all.extend(bufs.iter().skip(1).map(|buf| IoSlice::new(buf)));
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, &all))?;
        self.advance(written);
        Poll::Ready(Ok(written))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for CloseDelimited<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.replacement(buf) {
            Some(line) => self.poll_status_line(cx, line, &[IoSlice::new(buf)]),
            None => Pin::new(&mut self.io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs.first().and_then(|first| self.replacement(first)) {
            Some(line) => self.poll_status_line(cx, line, bufs),
            None => Pin::new(&mut self.io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for CloseDelimited<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    /// Takes at most `step` bytes at a time.
    struct Narrow {
        step: usize,
        written: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            let taken = buf.len().min(self.step);
            self.written.extend_from_slice(&buf[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let all: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
            let taken = all.len().min(self.step);
            self.written.extend_from_slice(&all[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    const RESPONSE: &[u8] = b"HTTP/1.0 200 OK\r\nconnection: close\r\n\r\nHTTP/1.0 200 OK\r\n";

    async fn written(step: usize, armed: bool, vectored: bool) -> Vec<u8> {
        let mut io = CloseDelimited::new(Narrow { step, written: Vec::new() });
        io.tag().0.store(armed, Ordering::Release);
        let mut rest = RESPONSE;
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(20));
            let taken = match vectored {
                true => io.write_vectored(&[IoSlice::new(head), IoSlice::new(tail)]).await.unwrap(),
                false => io.write(rest).await.unwrap(),
            };
            rest = &rest[taken..];
        }
        io.io.written
    }

    #[tokio::test]
    async fn one_status_line_changes_however_the_bytes_are_taken() {
        let expected = [TO, &RESPONSE[TO.len()..]].concat();
        for step in [1, 7, 8, 16, 17, 18, 1000] {
            for vectored in [false, true] {
                assert_eq!(written(step, true, vectored).await, expected, "{step} {vectored}");
                assert_eq!(written(step, false, vectored).await, RESPONSE, "{step} {vectored}");
            }
        }
    }
}
