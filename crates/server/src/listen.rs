//! The listening sockets: bound here before anything else is begun, so that clients queue instead of being refused, or inherited from whoever
//! started this process (`LISTEN_FDS`), so that they queue while one process follows another.

use crate::{
    config::{Config, Key, keys},
    failure::Failure,
    handover::Patience,
};
use campanile_live::listeners_from_env;
use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};
use tokio::net::TcpListener;

/// The names that inherited sockets may have, in the order in which those without such a name are given out.
const NAMES: [&str; 2] = ["public", "admin"];

/// The sockets of one listener and where it listens: the port that was picked, if 0 was asked for.
pub(crate) struct Listener {
    pub(crate) sockets: Vec<TcpListener>,
    pub(crate) address: SocketAddr,
    /// Whether somebody else has the sockets too.
    pub(crate) inherited: bool,
}

impl Listener {
    fn bind(key: &Key, wanted: SocketAddr, change: &str) -> Result<Self, Failure> {
        let bound = || {
            let socket = campanile_live::bind(wanted)?;
            Ok(Self { address: socket.local_addr()?, sockets: vec![socket], inherited: false })
        };
        bound().map_err(|error: io::Error| {
            let sentence = sentence(key, wanted, change, &error);
            if error.kind() == ErrorKind::AddrInUse { Failure::Taken(sentence) } else { Failure::Runtime(sentence) }
        })
    }

    /// Inherited sockets, if there are any.
    fn inherited(sockets: Vec<TcpListener>) -> Result<Option<Self>, Failure> {
        let Some(first) = sockets.first() else { return Ok(None) };
        let address = first.local_addr().map_err(|error| no_socket(&error))?;
        Ok(Some(Self { sockets, address, inherited: true }))
    }

    /// The address as a URL, without a `/` at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Both listeners.
pub(crate) struct Listeners {
    pub(crate) public: Listener,
    pub(crate) admin: Listener,
    /// What to expect of a predecessor: there may be one if the public sockets are inherited.
    pub(crate) predecessor: Patience,
}

impl Listeners {
    /// Takes over what was inherited and binds the rest. `change_public` tells how the command's user chooses another public address.
    ///
    /// # Errors
    ///
    /// One of the addresses cannot be had, or is no place for metrics; the message says which and what to do.
    pub(crate) async fn open(config: &Config, change_public: &str) -> Result<Self, Failure> {
        let inherited = listeners_from_env().map_err(|error| no_socket(&error))?;
        let [public, admin] = assign(inherited).map_err(Failure::Runtime)?;
        let (public, predecessor) = match Listener::inherited(public)? {
            Some(public) => (public, Patience::with_predecessor(config.drain)),
            None => (Listener::bind(keys::LISTEN, config.listen, change_public)?, Patience::NONE),
        };
        let admin = match Listener::inherited(admin)? {
            Some(admin) => private(admin, config)?,
            None => predecessor.wait_for(|| bind_admin(config)).await?,
        };
        Ok(Self { public, admin, predecessor })
    }
}

fn bind_admin(config: &Config) -> Result<Listener, Failure> {
    let change = format!("{}=127.0.0.1:0", keys::ADMIN_LISTEN.variable());
    Listener::bind(keys::ADMIN_LISTEN, config.admin_listen, &change)
}

/// The rule of `admin_listen`, for a socket whose address the configuration does not know.
fn private(admin: Listener, config: &Config) -> Result<Listener, Failure> {
    let open = |socket: &TcpListener| socket.local_addr().map_or(true, |address| !address.ip().is_loopback());
    if config.admin_keys.is_empty() && admin.sockets.iter().any(open) {
        return Err(Failure::Runtime(format!(
            "the inherited admin socket ({}) is not on loopback and there are no admin.keys: everybody could read the metrics",
            admin.address
        )));
    }
    Ok(admin)
}

/// Gives inherited sockets to the listeners of their names; those without one go to the listeners that have none, the public one first.
fn assign<T>(inherited: Vec<(Option<String>, T)>) -> Result<[Vec<T>; 2], String> {
    let mut given = [Vec::new(), Vec::new()];
    let mut unnamed = Vec::new();
    for (name, socket) in inherited {
        match NAMES.iter().position(|known| name.as_deref() == Some(known)) {
            Some(at) => given[at].push(socket),
            None => unnamed.push(socket),
        }
    }
    for socket in unnamed {
        let free = given.iter_mut().find(|sockets| sockets.is_empty());
        free.ok_or("more sockets are inherited (LISTEN_FDS) than there are listeners; name them public or admin (LISTEN_FDNAMES)")?
            .push(socket);
    }
    Ok(given)
}

fn no_socket(error: &io::Error) -> Failure {
    Failure::Runtime(format!(
        "cannot take over the inherited sockets (LISTEN_FDS): {error}; each must be a listening TCP socket, from descriptor 3 on"
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(names: &[&str]) -> Result<[Vec<usize>; 2], String> {
        let sockets = names.iter().enumerate();
        assign(sockets.map(|(at, name)| (Some((*name).to_owned()).filter(|name| !name.is_empty()), at)).collect())
    }

    #[test]
    fn inherited_sockets_are_told_apart_by_name_and_else_by_order() {
        let nothing: [Vec<usize>; 2] = [vec![], vec![]];
        assert_eq!(assigned(&[]), Ok(nothing));
        for (names, public, admin) in [
            (&[""][..], &[0][..], &[][..]),
            (&["", ""], &[0], &[1]),
            (&["campanile.socket", "campanile.socket"], &[0], &[1]),
            (&["admin", "public"], &[1], &[0]),
            (&["admin", ""], &[1], &[0]),
            (&["", "public"], &[1], &[0]),
            (&["admin"], &[], &[0]),
            (&["public", "public", "admin"], &[0, 1], &[2]),
            (&["public", "public", ""], &[0, 1], &[2]),
        ] {
            assert_eq!(assigned(names), Ok([public.to_vec(), admin.to_vec()]), "{names:?}");
        }
        assert!(assigned(&["", "", ""]).unwrap_err().contains("LISTEN_FDNAMES"));
    }
}
