//! Options of accepted sockets, and the way out that the kernel remembers nothing of.

use crate::LiveOptions;
use socket2::{SockRef, TcpKeepalive};
use std::{io, os::fd::AsFd, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// How much the kernel may hold that it has not yet sent: a stalled reader is to cost kilobytes, not the megabytes of a grown send buffer.
const NOT_SENT: u32 = 32 * 1024;

/// How often a peer that does not answer is asked, within the time it has to.
const PROBES: u32 = 4;

const SECOND: Duration = Duration::from_secs(1);

/// What carries a connection's bytes.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes closing a reset, and forget what was not sent yet: nobody reads it, or it must not look whole.
    fn forget_unsent(&self);

    /// Whether its bytes are the socket's bytes, so that the socket can be written directly.
    const DIRECT: bool;

    /// The socket itself, if that is so.
    fn into_socket(self) -> Option<TcpStream>;
}

impl Transport for TcpStream {
    fn forget_unsent(&self) {
        forget_unsent(self);
    }

    const DIRECT: bool = true;

    fn into_socket(self) -> Option<TcpStream> {
        Some(self)
    }
}

/// [`Transport::forget_unsent`] for a socket that somebody else than tokio has.
pub(crate) fn forget_unsent(socket: &impl AsFd) {
    // A socket that refuses is closed all the same, a little later.
    _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}

/// Prepares an accepted socket.
///
/// # Errors
///
/// The peer is already gone.
pub(crate) fn prepare(stream: &TcpStream, options: &LiveOptions) -> io::Result<()> {
    // An event is small and must not wait for the acknowledgement of the one before.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    // The kernel counts in whole seconds.
    let (time, interval) = (options.keep_alive.max(SECOND), (options.keep_alive / PROBES).max(SECOND));
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(time).with_interval(interval).with_retries(PROBES))?;
    only_on_linux(&socket, options)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn only_on_linux(socket: &SockRef<'_>, options: &LiveOptions) -> io::Result<()> {
    socket.set_tcp_notsent_lowat(NOT_SENT)?;
    socket.set_tcp_user_timeout(Some(options.write_timeout))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn only_on_linux(_: &SockRef<'_>, _: &LiveOptions) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_accepted_socket_has_its_options() {
        let listener = crate::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (peer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, options) = (accepted.expect("a connection").0, LiveOptions::default());
        prepare(&stream, &options).expect("a live socket");
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().expect("an option") && socket.keepalive().expect("an option"));
        assert_eq!(socket.tcp_notsent_lowat().expect("an option"), NOT_SENT);
        assert_eq!(socket.tcp_user_timeout().expect("an option"), Some(options.write_timeout));
        assert_eq!(socket.tcp_keepalive_time().expect("an option"), options.keep_alive);
        drop(peer);
    }
}
