//! How streams come to their readers.

/// A way of a stream's bytes from the hub to the reader. All of them carry the same bytes, so a test that does not ask for one must hold on all:
/// `CAMPANILE_TEST_STREAMS` chooses it for a whole run of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Over HTTP/1.1, written directly to the socket: the server's default.
    #[default]
    Direct,
    /// Over HTTP/1.1, as an ordinary body.
    Ordinary,
    /// Over HTTP/2.
    Http2,
}

impl Way {
    /// The one that the environment asks for: `direct`, `ordinary` or `http2`.
    ///
    /// # Panics
    ///
    /// If it asks for another one.
    #[must_use]
    pub fn of_this_run() -> Self {
        match std::env::var("CAMPANILE_TEST_STREAMS").as_deref() {
            Err(_) | Ok("" | "direct") => Self::Direct,
            Ok("ordinary") => Self::Ordinary,
            Ok("http2") => Self::Http2,
            Ok(other) => panic!("CAMPANILE_TEST_STREAMS={other} is neither direct, ordinary nor http2"),
        }
    }
}
