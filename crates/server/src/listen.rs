//! The two listening sockets. They are bound before anything else is begun, so that clients queue instead of being refused.

use crate::{
    config::{Config, Key, keys},
    failure::Failure,
};
use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};
use tokio::net::TcpListener;

/// A listening socket and where it listens: the port that was picked, if 0 was asked for.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listener {
    fn bind(key: &Key, wanted: SocketAddr, change: &str) -> Result<Self, Failure> {
        let bound = || {
            let socket = campanile_live::bind(wanted)?;
            Ok(Self { address: socket.local_addr()?, socket })
        };
        bound().map_err(|error: io::Error| Failure::Runtime(sentence(key, wanted, change, &error)))
    }

    /// The address as a URL, without a `/` at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Both sockets.
pub(crate) struct Listeners {
    pub(crate) public: Listener,
    pub(crate) admin: Listener,
}

impl Listeners {
    /// Binds both. `change_public` tells how the command's user chooses another public address.
    ///
    /// # Errors
    ///
    /// One of the addresses cannot be had; the message says which and what to do.
    pub(crate) fn bind(config: &Config, change_public: &str) -> Result<Self, Failure> {
        let public = Listener::bind(keys::LISTEN, config.listen, change_public)?;
        let change_admin = format!("{}=127.0.0.1:0", keys::ADMIN_LISTEN.variable());
        let admin = Listener::bind(keys::ADMIN_LISTEN, config.admin_listen, &change_admin)?;
        Ok(Self { public, admin })
    }
}

fn sentence(key: &Key, wanted: SocketAddr, change: &str, error: &io::Error) -> String {
    let what_to_do = match error.kind() {
        ErrorKind::AddrInUse => {
            format!(
                "another program listens there, perhaps another Campanile; stop it, or pick a free port with {change}"
            )
        }
        ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address; correct {} or use {change}", key.name)
        }
        ErrorKind::PermissionDenied => format!("ports below 1024 need a privilege; choose another one with {change}"),
        _ => format!("{error}; choose another address with {change}"),
    };
    format!("cannot listen on {wanted} ({}): {what_to_do}", key.name)
}
