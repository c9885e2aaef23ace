//! Who is at the other end.

use std::net::SocketAddr;

/// The address of the connection's other end, an IPv4 one as such even if it came through an IPv6 socket. In the extensions of every request.
///
/// Behind a proxy it is the proxy's.
///
/// ```
/// use axum::Extension;
/// use campanile_live::PeerAddr;
///
/// async fn whoami(Extension(PeerAddr(address)): Extension<PeerAddr>) -> String {
///     address.ip().to_string()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

impl PeerAddr {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self(SocketAddr::new(address.ip().to_canonical(), address.port()))
    }
}
