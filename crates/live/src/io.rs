//! A connection's bytes, as hyper reads and writes them: what was read to tell the protocols apart comes first, a peer that accepts nothing is
//! given up, and the end is orderly.

use crate::{
    LiveOptions, LiveStats,
    activity::{Activity, Outgoing},
    socket::Transport,
    stats::Count,
    timer::Alarm,
};
use bytes::{Buf, Bytes};
use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::Instant,
};

/// Where the `0` is in `HTTP/1.0`.
const MINOR_VERSION: usize = 7;

/// A connection.
#[derive(Debug)]
pub(crate) struct Io<T> {
    transport: T,
    /// What was read before.
    ahead: Bytes,
    /// What the connection is doing, if it speaks HTTP/1.1.
    activity: Option<Arc<Activity>>,
    options: Arc<LiveOptions>,
    stats: Arc<LiveStats>,
    /// Since when the peer has accepted nothing, and the alarm that is set only then.
    stuck_since: Option<Instant>,
    stuck: Alarm,
    /// Where the minor version is in what is written next, while it is to be raised.
    minor_version: Option<usize>,
    /// The last byte is written, the rest of the input is thrown away until then.
    discard_until: Option<Instant>,
    discard: Alarm,
}

impl<T: Transport> Io<T> {
    pub(crate) fn new(
        transport: T,
        ahead: Bytes,
        activity: Option<Arc<Activity>>,
        options: Arc<LiveOptions>,
        stats: Arc<LiveStats>,
    ) -> Self {
        Self {
            transport,
            ahead,
            activity,
            options,
            stats,
            stuck_since: None,
            stuck: Alarm::default(),
            minor_version: None,
            discard_until: None,
            discard: Alarm::default(),
        }
    }

    /// Writes what the application has no part in, when hyper is done with the connection.
    ///
    /// # Errors
    ///
    /// The peer is gone, or accepts nothing.
    pub(crate) async fn write_last(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.activity = None;
        self.write_all(bytes).await
    }

    /// Sends FIN after the last byte.
    ///
    /// # Errors
    ///
    /// The peer is gone.
    pub(crate) async fn fin(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_fin(cx)).await
    }

    /// After FIN: throws away what the peer still sends, for a while or until it has closed too.
    pub(crate) async fn linger(&mut self) {
        poll_fn(|cx| self.poll_linger(cx)).await;
    }

    fn poll_fin(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.discard_until.is_none() {
            ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
            self.discard_until = Some(Instant::now() + self.options.linger);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_discard(cx).is_ready() {
            return Poll::Ready(());
        }
        let until = self.discard_until;
        self.discard.poll_if(cx, until)
    }

    /// The socket, when hyper is done with the connection and has written everything. What the peer sent ahead is thrown away.
    pub(crate) fn into_socket(self) -> Option<TcpStream> {
        self.transport.into_socket()
    }

    /// Closes in the middle: the peer sees a reset.
    pub(crate) fn tear(&self) {
        self.transport.forget_unsent();
    }

    /// Reads into `buf`, what was read before first. Says how much.
    fn poll_input(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let before = buf.filled().len();
        if self.ahead.has_remaining() {
            let taken = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(taken));
        } else {
            ready!(Pin::new(&mut self.transport).poll_read(cx, buf))?;
        }
        Poll::Ready(Ok(buf.filled().len() - before))
    }

    /// Throws away whatever comes. Ready at its end.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ahead.clear();
        let mut scratch = [0; 1024];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            if ready!(self.poll_input(cx, &mut buf))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// While an answer is under way that is the connection's last: throws away what comes, and notices that the peer is gone. hyper
    /// stops reading as soon as it has something that it cannot use, and would not notice.
    fn watch(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(activity) = self.activity.clone().filter(|activity| activity.discards()) else { return Ok(()) };
        match self.poll_discard(cx)? {
            Poll::Ready(()) if !activity.end_of_input() => Err(ErrorKind::ConnectionAborted.into()),
            _ => Ok(()),
        }
    }

    /// Watches the clock of a peer that accepts nothing.
    fn accepted(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            if self.stuck_since.take().is_some() {
                self.stuck.clear();
            }
            return written;
        }
        let since = *self.stuck_since.get_or_insert_with(Instant::now);
        if !self.stuck.poll(cx, since + self.options.write_timeout) {
            return Poll::Pending;
        }
        self.stats.count(Count::write_timeouts);
        self.transport.forget_unsent();
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    /// What is written instead of `bufs`, or that nothing is.
    fn outgoing(&mut self, bufs: &[IoSlice<'_>]) -> Outgoing {
        let first = bufs.first().map_or(&[][..], |buf| buf);
        if self.minor_version.is_some() {
            return Outgoing::RaiseVersion;
        }
        let outgoing = self.activity.as_ref().map_or(Outgoing::Pass, |activity| activity.sending(first));
        if outgoing == Outgoing::RaiseVersion {
            self.minor_version = first.starts_with(b"HTTP/1.0 ").then_some(MINOR_VERSION);
        }
        outgoing
    }

    /// Writes `bufs` with another minor version.
    fn poll_raised(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let first = bufs.first().map_or(&[][..], |buf| buf);
        let Some((at, rest)) = self.minor_version.and_then(|at| Some((at, first.get(at + 1..)?))) else {
            self.minor_version = None;
            return Pin::new(&mut self.transport).poll_write_vectored(cx, bufs);
        };
        let mut slices = vec![IoSlice::new(&first[..at]), IoSlice::new(b"1"), IoSlice::new(rest)];
        slices.extend(bufs.iter().skip(1).map(|buf| IoSlice::new(buf)));
        let written = ready!(Pin::new(&mut self.transport).poll_write_vectored(cx, &slices))?;
        self.minor_version = at.checked_sub(written);
        Poll::Ready(Ok(written))
    }
}

impl<T: Transport> AsyncRead for Io<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(activity) = self.activity.clone() else { return self.poll_input(cx, buf).map_ok(|_| ()) };
        if activity.discards() {
            self.watch(cx)?;
            return Poll::Pending;
        }
        let read = ready!(self.poll_input(cx, buf))?;
        if read == 0 && activity.end_of_input() {
            return Poll::Pending;
        }
        let new = &buf.filled()[buf.filled().len() - read..];
        activity.received(new, &self.options).map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
        Poll::Ready(Ok(()))
    }
}

impl<T: Transport> AsyncWrite for Io<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match self.outgoing(bufs) {
            Outgoing::Pass => Pin::new(&mut self.transport).poll_write_vectored(cx, bufs),
            Outgoing::RaiseVersion => self.poll_raised(cx, bufs),
            Outgoing::Swallow => Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum())),
        };
        self.accepted(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.transport).poll_flush(cx))?;
        if let Some(activity) = &self.activity {
            activity.flushed();
        }
        self.watch(cx)?;
        Poll::Ready(Ok(()))
    }

    /// HTTP/1.1 has more to do with the socket, and lingers by itself; on HTTP/2 this is the end.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.activity {
            Some(activity) if activity.refusal().is_some() => Poll::Ready(Ok(())),
            Some(_) => self.poll_fin(cx),
            None => {
                ready!(self.poll_fin(cx))?;
                self.poll_linger(cx).map(Ok)
            }
        }
    }
}
