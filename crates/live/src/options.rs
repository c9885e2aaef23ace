//! The limits of a server.

use std::time::Duration;

/// The limits of a [`Server`](crate::Server). Every one stops a peer, hostile or unlucky, from holding what others need.
///
/// Time is tokio's: `tokio::time::pause` holds it in tests.
///
/// ```
/// use campanile_live::LiveOptions;
/// use std::time::Duration;
///
/// let options = LiveOptions { idle_timeout: Duration::from_secs(15), ..LiveOptions::default() };
/// ```
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// How long a new connection may be silent, and how long a request's head (or the HTTP/2 preface) may take from its first byte. 10 s.
    /// Stops slowloris: sockets held by one byte a second.
    pub head_timeout: Duration,
    /// How long a request's body may take, from the end of its head. 30 s. The handler then sees an error with [`BodyTimeout`](crate::BodyTimeout)
    /// among its sources, and the connection ends with the answer.
    pub body_timeout: Duration,
    /// How long a connection may have no request after its first one. 75 s, a little longer than what browsers and proxies keep. On HTTP/2 from
    /// the beginning.
    pub idle_timeout: Duration,
    /// How long a peer may accept no byte while there are some for it. 60 s. The connection is then reset; on HTTP/2 a stream that its peer
    /// gives no window is, by itself. Also what a half-open peer is found by.
    pub write_timeout: Duration,
    /// After how long without a byte from it a peer is asked whether it is still there, and how long it has to answer: TCP keep-alive and the
    /// HTTP/2 `PING`. 20 s.
    pub keep_alive: Duration,
    /// How long what a peer still sends is read and thrown away after the last byte to it: closing a socket with unread input resets the
    /// connection, and that destroys what was written last. 2 s.
    pub linger: Duration,
    /// How long, once the server stops, a connection that has no request under way may still make one; its answer is its last. 1 s. A client
    /// that asks just then is answered instead of finding its connection closed; who asks more often than this never does.
    pub last_call: Duration,
    /// Whether somebody else has the listening sockets too: a service manager, a successor. On stopping, whoever waits to be accepted is
    /// then left to them, and otherwise accepted first, because the last one to close a listening socket resets those. False.
    pub shared_sockets: bool,
    /// The largest request head in bytes, with its request line; more is 431. 64 KiB. On HTTP/2 the largest header list. At least 8 KiB count.
    pub max_head: usize,
    /// The longest path and query in bytes; more is 414. 8 KiB.
    pub max_uri: usize,
    /// How many streams an HTTP/2 connection may have open; more are refused with `REFUSED_STREAM`, which is safe to retry. 200.
    pub max_streams: u32,
    /// How many connections there may be in all; more get 503 and are closed. No limit.
    pub max_connections: Option<usize>,
    /// How many connections one address (one /64 of IPv6) may have; more get 503 and are closed. No limit, because behind a proxy all
    /// have one address.
    pub max_connections_per_address: Option<usize>,
    /// Whether sockets of event streams over HTTP/1.1 are taken back from HTTP's machinery, and written directly. Yes. Without, everything works
    /// the same and costs more.
    pub direct: bool,
}

impl LiveOptions {
    /// The default, but for heads as event streams may have them: a `Last-Event-ID` of whatever length a browser remembers (some remember
    /// 300,000 bytes) is an unknown position and no error, and 8 KiB of it, percent-encoded, go into a query beside a token.
    #[must_use]
    pub fn for_streams() -> Self {
        Self { max_uri: 32 * 1024, max_head: 320 * 1024, ..Self::default() }
    }
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(20),
            linger: Duration::from_secs(2),
            last_call: Duration::from_secs(1),
            shared_sockets: false,
            max_head: 64 * 1024,
            max_uri: 8 * 1024,
            max_streams: 200,
            max_connections: None,
            max_connections_per_address: None,
            direct: true,
        }
    }
}
