//! A listening socket as this server wants it.

use socket2::{Domain, Socket, Type};
use std::{io, net::SocketAddr};
use tokio::net::TcpListener;

/// How many connections may wait to be accepted; the system may allow fewer. A restart brings all clients back at once.
pub(crate) const BACKLOG: i32 = 4096;

/// Binds a listening socket: `SO_REUSEADDR`, so that a restart need not wait for old connections, and a backlog of 4096.
///
/// # Errors
///
/// The system's: the address is in use, is not this machine's, or needs a privilege.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
