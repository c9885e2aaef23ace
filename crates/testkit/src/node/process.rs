//! The process of a node.

use super::{NodeBuilder, logs::Logs};
use crate::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// Where a node listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub(super) main: SocketAddr,
    pub(super) admin: SocketAddr,
}

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    status: Option<ExitStatus>,
    pub(super) logs: Logs,
    pub(super) addresses: Addresses,
}

impl Process {
    /// The process's id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Starts `serve` and waits until it says where it listens.
    pub(super) async fn start(builder: &NodeBuilder, folder: &Path) -> Self {
        // Owned before anything can fail, so that the child does not outlive a test that does.
        let mut process = Self::spawn(builder, folder);
        process.listens().await;
        process
    }

    /// Waits until it says where it listens.
    pub(super) async fn listens(&mut self) {
        let line = self.logs.wait_for("the addresses", |line| addresses_in(line).is_some()).await;
        self.addresses = addresses_in(&line).expect("found a moment ago");
    }

    /// Starts `serve`, whatever becomes of it.
    pub(super) fn spawn(builder: &NodeBuilder, folder: &Path) -> Self {
        let mut command = Command::new(&builder.binary);
        command.arg("serve");
        if builder.config.is_some() {
            command.args(["--config", "campanile.toml"]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if let Some(sockets) = &builder.sockets {
            command = sockets.hand_to(&command);
        }
        command.current_dir(folder).stderr(Stdio::piped());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CAMPANILE_")) {
            command.env_remove(name);
        }
        if let Some(config) = &builder.config {
            std::fs::write(folder.join("campanile.toml"), config).expect("a file that can be written");
        }
        let spawned = command.envs(&builder.variables).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{}: {error}", builder.binary.display()));
        let logs = Logs::of(child.stderr.take().expect("a pipe"));
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        Self { child, status: None, logs, addresses: Addresses { main: nowhere, admin: nowhere } }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("a process that can be signalled");
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.status = self.status.or_else(|| self.child.try_wait().ok().flatten());
        self.status.is_none()
    }

    pub(super) async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        while self.is_running() {
            assert!(Instant::now() < deadline, "the node does not end:\n{}", self.logs.lines().join("\n"));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.logs.close();
        self.status.expect("it is not running")
    }

    pub(super) fn kill(&mut self) {
        if self.is_running() {
            let _ = self.child.kill(); // It may have ended this moment.
            self.status = self.child.wait().ok();
        }
        self.logs.close();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The addresses, if this is the line of the log that tells them: JSON, with the message "listening".
fn addresses_in(line: &str) -> Option<Addresses> {
    let json: Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| json["fields"].get(name).or_else(|| json.get(name));
    let text = |name: &str| field(name).and_then(Value::as_str);
    if text("message") != Some("listening") {
        return None;
    }
    let address = |name: &str| text(name).and_then(|text| text.trim_start_matches("http://").parse().ok());
    Some(Addresses { main: address("public")?, admin: address("admin")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_are_found_in_the_log() {
        let line = r#"{"level":"INFO","fields":{"message":"listening","public":"http://127.0.0.1:1","admin":"http://127.0.0.1:2"}}"#;
        let found = addresses_in(line).unwrap();
        assert_eq!((found.main.port(), found.admin.port()), (1, 2));
        assert!(addresses_in(r#"{"fields":{"message":"bye"}}"#).is_none());
        assert!(addresses_in("listening").is_none());
    }
}
