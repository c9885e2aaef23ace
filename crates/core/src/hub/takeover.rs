//! A session between the route that opened it and whoever writes it.

use super::Session;
use bytes::Bytes;
use parking_lot::Mutex;
use std::{
    sync::{Arc, Weak},
    task::{Context, Poll},
};

/// A session that is a response's body, unless it is taken over. Dropping it gives the session's place back, if nobody has.
///
/// The session lies in a box of its own, so that a body that outlives it holds no room for it.
#[derive(Debug)]
pub struct Offered(Arc<Mutex<Option<Box<Session>>>>);

impl Offered {
    /// Offers a session.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(session)))))
    }

    /// What belongs into the extensions of the response.
    #[must_use]
    pub fn takeover(&self) -> Takeover {
        Takeover(Arc::downgrade(&self.0))
    }

    /// [`Session::poll_next`]. Of a session that was taken over there is nothing.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.lock().as_mut().map_or(Poll::Ready(None), |session| session.poll_next(cx))
    }
}

/// The right to take the session out of a response's body, for whoever owns the socket that it would be written to. The body is kept until the
/// stream ends: what layers have hung on it lives as long.
///
/// Whoever rebuilds a response may leave it out, and then the body is written as any other.
#[derive(Clone, Debug)]
pub struct Takeover(Weak<Mutex<Option<Box<Session>>>>);

impl Takeover {
    /// Takes the session. `None` if somebody has, or the body is gone.
    #[must_use]
    pub fn claim(&self) -> Option<Box<Session>> {
        self.0.upgrade()?.lock().take()
    }
}
