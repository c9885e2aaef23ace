//! Listening sockets that somebody else has opened: a service manager, or a predecessor.

use listenfd::ListenFd;
use socket2::SockRef;
use std::{env, io};
use tokio::net::TcpListener;

/// The listening sockets that this process was started with, each with its name if it has one: systemd's protocol, `LISTEN_FDS` (how many, from
/// descriptor 3 on), `LISTEN_PID` (for which process; absent is for this one) and `LISTEN_FDNAMES` (their names, separated by colons). None if
/// there are no such variables, or they are for another process.
///
/// Because the sockets outlive each process, connections queue during a restart and nobody is refused.
///
/// The first two variables are removed, so this gives the sockets once. Call it early: before other threads, and never from two at
/// the same time (the environment is not safe to change while others read it).
///
/// # Errors
///
/// One of the descriptors is not open, or is no listening TCP socket.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn listeners_from_env() -> io::Result<Vec<(Option<String>, TcpListener)>> {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut inherited = ListenFd::from_env();
    (0..inherited.len())
        .map(|index| {
            let socket = inherited.take_tcp_listener(index)?.ok_or(io::ErrorKind::NotFound)?;
            Ok((name(&names, index), adopt(socket)?))
        })
        .collect()
}

/// The name of one of them. systemd calls one without a name `unknown`.
fn name(names: &str, index: usize) -> Option<String> {
    names.split(':').nth(index).filter(|name| !name.is_empty() && *name != "unknown").map(str::to_owned)
}

fn adopt(socket: std::net::TcpListener) -> io::Result<TcpListener> {
    if !SockRef::from(&socket).is_listener()? {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an inherited socket does not listen"));
    }
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_belong_to_sockets_by_their_order() {
        assert_eq!(name("public:admin", 1).as_deref(), Some("admin"));
        assert_eq!(name("public::unknown", 1), None);
        assert_eq!(name("public::unknown", 2), None);
        assert_eq!(name("", 0), None);
        assert_eq!(name("public", 7), None);
    }
}
