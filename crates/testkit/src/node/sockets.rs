//! Listening sockets that outlive the nodes behind them.

use rustix::net::listen;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::fd::{AsFd, OwnedFd},
    process::{Command, Stdio},
    sync::Arc,
};

/// How many connections may wait while no node accepts them. More would be held up, and a test is not about that.
const BACKLOG: i32 = 4096;

/// Moves what a process has as its input and output to the descriptors 3 and 4, tells it so under its own process id, and becomes it.
const INHERIT: &str = "exec 3<&0 4<&1 0</dev/null 1>/dev/null; export LISTEN_PID=$$ LISTEN_FDS=2; exec \"$@\"";

/// The sockets of a node's two listeners, held by the test as a service manager holds them: while no node is there, connections queue.
#[derive(Clone, Debug)]
pub struct Sockets(Arc<[TcpListener; 2]>);

impl Sockets {
    /// Two sockets on free ports of this machine.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    pub fn bind() -> Self {
        Self(Arc::new([(); 2].map(|()| {
            let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            listen(&socket, BACKLOG).expect("a longer queue");
            socket
        })))
    }

    /// Where users and applications connect.
    ///
    /// # Panics
    ///
    /// Never: a bound socket has an address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0[0].local_addr().expect("an address")
    }

    /// The command, with these sockets handed over by systemd's protocol.
    pub(super) fn hand_to(&self, command: &Command) -> Command {
        let [public, admin] = &*self.0;
        let copy = |socket: &TcpListener| -> OwnedFd { socket.as_fd().try_clone_to_owned().expect("a descriptor") };
        let mut shell = Command::new("sh");
        shell.args(["-c", INHERIT, "sh"]).arg(command.get_program()).args(command.get_args());
        shell.env("LISTEN_FDNAMES", "public:admin").stdin(Stdio::from(copy(public))).stdout(Stdio::from(copy(admin)));
        shell
    }
}
