//! What a node is started with.

use super::{Sockets, TestNode, process::Process};
use crate::{Way, token};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

/// The configuration of a node that is about to start. What is not set is the contract's default, but for addresses (free ports of
/// this machine) and credentials (drawn at random).
#[derive(Clone, Debug)]
#[must_use]
pub struct NodeBuilder {
    pub(super) binary: PathBuf,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) secret: String,
    pub(super) api_key: String,
    pub(super) config: Option<String>,
    pub(super) sockets: Option<Sockets>,
}

impl NodeBuilder {
    pub(super) fn new(binary: &Path) -> Self {
        let (secret, api_key) = (token::random_hex(32), token::random_hex(24));
        let builder =
            Self { binary: binary.into(), variables: BTreeMap::new(), secret, api_key, config: None, sockets: None };
        let (secret, key) = (builder.secret.clone(), token::sha256_hex(builder.api_key.as_bytes()));
        let builder = builder
            .env("CAMPANILE_LISTEN", "127.0.0.1:0")
            .env("CAMPANILE_ADMIN_LISTEN", "127.0.0.1:0")
            .env("CAMPANILE_AUTH__JWT_SECRET", secret)
            .env("CAMPANILE_API__KEYS", format!("test:{key}"));
        match Way::of_this_run() {
            Way::Ordinary => builder.env("CAMPANILE_SSE__WRITE_PATH", "ordinary"),
            Way::Direct | Way::Http2 => builder,
        }
    }

    /// Sets a variable, such as `CAMPANILE_SSE__HEARTBEAT_SECONDS`.
    #[expect(clippy::needless_pass_by_value, reason = "reads as `.env(\"…\", 1)`")]
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.insert(name.into(), value.to_string());
        self
    }

    /// Unsets a variable that is set by default.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Gives it a configuration file with this text, beside the variables.
    pub fn config(mut self, toml: &str) -> Self {
        self.config = Some(toml.into());
        self
    }

    /// Keeps its notifications in memory.
    pub fn in_memory(self) -> Self {
        self.env("CAMPANILE_STORE__URL", "memory:")
    }

    /// Listens on an address that a restart will have again. The port is below the range that outgoing connections draw theirs from:
    /// a client that tries to connect while the node is away could be given the very port, and reach itself.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub fn fixed_address(self) -> Self {
        let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let mut ports = std::iter::repeat_with(|| fastrand::u16(12_000..32_000)).take(1000);
        let port = ports.find(free).expect("a free port");
        self.env("CAMPANILE_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// Hands it these listening sockets, and every process that follows it.
    pub fn sockets(mut self, sockets: &Sockets) -> Self {
        self.sockets = Some(sockets.clone());
        self
    }

    /// Starts a node that must refuse to run, and answers its exit code and what it says.
    ///
    /// # Panics
    ///
    /// If it runs, or is killed by a signal.
    pub async fn refused(self) -> (i32, String) {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let mut process = Process::spawn(&self, folder.path());
        let status = process.ended().await;
        (status.code().expect("an exit code"), process.logs.lines().join("\n"))
    }

    /// Starts the node and waits until it listens.
    ///
    /// # Panics
    ///
    /// If it does not start; its log is in the message.
    pub async fn start(self) -> TestNode {
        TestNode::start(self).await
    }
}
